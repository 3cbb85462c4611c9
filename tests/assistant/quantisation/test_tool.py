"""The whole tool on a small model: what it takes, what it refuses, what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from assistant.quantisation import report
from assistant.quantisation.model_file import read_model
from assistant.quantisation.precisions import chosen
from assistant.quantisation.tasks import TopOne
from assistant.quantisation.tool import Request, Result, quantise, write_result
from assistant.quantisation.work_folder import work_folder
from assistant.quantisation.workshop import open_model, run_model
from common.errors import NotFound
from tests.assistant.quantisation.small_models import classifier, feeds, saved


def _run(tmp_path: Path, budget: float, **more: object) -> Result:
    request = Request(budget, feeds(), rounds=2, **more)  # type: ignore[arg-type]
    return quantise(read_model(saved(classifier(), tmp_path)), request, tmp_path / "out")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return _run(tmp_path_factory.mktemp("tool"), 1.2, goal="size")


def test_a_variant_within_the_budget_is_smaller_and_agrees(result: Result, tmp_path: Path) -> None:
    wanted = result.wanted
    assert (wanted.name, wanted.within) == ("mixed", True)
    assert set(wanted.plan) == {"look-up", "first", "second"}
    assert wanted.loss.points <= 1.2
    assert wanted.bytes < result.variants[0].bytes / 2
    write_result(result, tmp_path / "small.onnx")
    session, given = open_model(tmp_path / "small.onnx"), open_model(saved(classifier(), tmp_path))
    feed = feeds(1, seed=9)[0]
    found, expected = run_model(session, feed)[0], run_model(given, feed)[0]
    assert np.sum((found - expected) ** 2) < 0.03 * np.sum(expected**2)


def test_every_precision_is_judged_beside_the_given_model(result: Result) -> None:
    names = [each.name for each in result.variants]
    assert names == ["given", "f16", "int8", "int8-static", "block8", "block4", "mixed"]
    losses = {each.name: each.loss.points for each in result.variants}
    assert losses["given"] == 0.0
    assert losses["f16"] < losses["int8"] < losses["block4"]
    assert all(each.speed.p50_ms > 0 and each.speed.count for each in result.variants)


def test_the_result_is_judged_by_examples_that_the_search_has_not_seen(result: Result) -> None:
    assert result.wanted.loss.count == len(feeds()) // 4


def test_a_budget_of_nothing_changes_nothing_that_loses(tmp_path: Path) -> None:
    result = _run(tmp_path, 0.0, precisions=chosen("int8,block4"))
    assert not result.wanted.plan
    assert report.verdict(result).startswith("Nothing is taken")


def test_a_precision_that_was_asked_for_is_refused_outside_the_budget(tmp_path: Path) -> None:
    result = _run(tmp_path, 0.001, precisions=chosen("block4"), only="block4")
    assert not result.wanted.within
    assert report.verdict(result).startswith("Refused: block4 loses")


def test_labels_decide_if_there_are_some(tmp_path: Path) -> None:
    examples = feeds()
    labels = ["0"] * len(examples)
    result = _run(
        tmp_path, 1.2, task=lambda _given: TopOne(examples, labels, "small"), precisions=chosen("int8")
    )
    assert result.task == "top-1 accuracy, small"
    assert result.wanted.loss.count == len(examples)


def test_the_report_says_what_was_measured(result: Result, tmp_path: Path) -> None:
    files = report.write_report(result, "small", "a machine", tmp_path)
    assert [each.name for each in files] == ["report.json", "report.md", "report.png"]
    told = json.loads(files[0].read_text())
    assert told["accepted"] is True
    assert [each["name"] for each in told["variants"]][-1] == told["wanted"] == "mixed"
    assert {each["takes"] for each in told["layers"]} == set(result.wanted.plan.values())
    page = files[1].read_text()
    assert "Accepted: mixed loses" in page
    assert "| look-up (table) | 50 x 64 |" in page
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_nothing_is_left_behind_but_the_folder(result: Result, tmp_path: Path) -> None:
    _run(tmp_path, 1.2, precisions=chosen("f16"))
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_run_has_left_is_removed_and_what_another_uses_is_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / ".work-killed").mkdir(parents=True)
    (out / ".work-killed" / "given.bin").write_bytes(b"weights")
    with work_folder(out) as first, work_folder(out) as second:
        assert first.is_dir()
        assert sorted(out.iterdir()) == sorted([first, second])
    assert list(out.iterdir()) == []


def test_without_an_example_nothing_is_done(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        quantise(classifier(), Request(1.0, ()), tmp_path)


def test_a_model_that_names_nothing_is_quantised_too(tmp_path: Path) -> None:
    model = classifier()
    for node in model.graph.node:
        node.name = ""
    constant = onnx.helper.make_node("Constant", [], ["offset"], value=model.graph.initializer.pop())
    model.graph.node.insert(0, constant)
    request = Request(1.2, feeds(), precisions=chosen("int8"), rounds=1)
    result = quantise(read_model(saved(model, tmp_path)), request, tmp_path / "out")
    assert len(result.layers) == 3

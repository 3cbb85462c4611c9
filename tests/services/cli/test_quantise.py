"""`sotto quantise`: what it writes, what it refuses, and with which exit status."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from common.errors import InvalidInput
from services.cli import quantise as command
from services.cli.main import main
from tests.assistant.quantisation.small_models import classifier, feeds, saved


@pytest.fixture
def call(tmp_path: Path) -> list[str]:
    """The arguments for a small model with data."""
    model = saved(classifier(), tmp_path)
    np.savez(tmp_path / "data.npz", tokens=np.array([feed["tokens"] for feed in feeds()]))
    data, out = str(tmp_path / "data.npz"), str(tmp_path / "out")
    return ["quantise", str(model), "--data", data, "--out", out, "--rounds", "2"]


def test_a_variant_within_the_budget_is_written_with_its_report(
    call: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*call, "--budget", "1.2%", "--goal", "size", "--precisions", "f16,int8"]) == 0
    said = capsys.readouterr().out
    assert "Accepted: mixed loses" in said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"report.json", "report.md", "report.png", "small-quantised.onnx"}
    onnx.checker.check_model(tmp_path / "out" / "small-quantised.onnx")


def test_a_variant_outside_the_budget_is_refused_and_only_reported(
    call: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*call, "--budget", "0.0001%", "--only", "block4", "--precisions", "int8"]) == 7
    said = capsys.readouterr()
    assert "Refused: block4 loses" in said.err
    assert "[quantise.outside-budget]" in said.err
    assert not list((tmp_path / "out").glob("*.onnx"))
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (told["accepted"], told["wanted"]) == (False, "block4")


def test_without_anything_within_the_budget_there_is_no_result(
    call: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*call, "--budget", "0", "--precisions", "block4"]) == 7
    assert "no layer can be changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        (["--budget", "much"], 2, "quantise.budget"),
        (["--budget", "101%"], 2, "quantise.budget"),
        (["--budget", "-1%"], 2, "quantise.budget"),
        (["--budget", "1%", "--precisions", "int3"], 2, "quantise.precision"),
        (["--budget", "1%", "--data", "/none"], 3, "quantise.no-data"),
        (["--budget", "1%", "--labels", "/none"], 3, "quantise.no-data"),
        (["--budget", "1%", "--vocabulary", "/none"], 2, "quantise.vocabulary"),
        (["--budget", "1%", "--out", "/proc/none"], 8, "quantise.write"),
        (["--budget", "1%", "--limit", "0"], 2, "quantise.limit"),
    ],
)
def test_what_cannot_be_done_says_why(
    more: list[str], status: int, code: str, call: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    option = [f"{more[0]}={more[1]}", *more[2:]]
    assert main([*call, *option]) == status
    assert f"[{code}]" in capsys.readouterr().err


def test_without_data_nothing_can_be_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantise", str(saved(classifier(), tmp_path)), "--budget", "1%"]) == 2
    assert "[quantise.no-data]" in capsys.readouterr().err


def test_an_installation_without_the_tool_says_so(
    call: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_is_missing", lambda name: name == "assistant.quantisation")
    assert main([*call, "--budget", "1%"]) == 5
    assert "[quantise.incomplete]" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "points"), [("1.2%", 1.2), ("0", 0.0), (" 100 % ", 100.0), ("0.5", 0.5)])
def test_budgets(text: str, points: float) -> None:
    assert command.parsed_budget(text) == points


@pytest.mark.parametrize("text", ["", "%", "1,2%", "nan", "1e1", "1.2%%", "100.1"])
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(InvalidInput):
        command.parsed_budget(text)

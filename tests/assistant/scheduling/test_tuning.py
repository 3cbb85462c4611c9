from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.scheduling.devices import Placement
from assistant.scheduling.energy import EnergyMeter
from assistant.scheduling.figure_file import FigureFile, Origin
from assistant.scheduling.figures import Figures
from assistant.scheduling.measure import Candidate, Measurer
from assistant.scheduling.tuning import FAILED_AGAIN_S, Tuning
from common.errors import ModelError


def _candidate(
    model: str, engine: str = "onnxruntime", run: Callable[[], object] = lambda: None, runtime: str = "1"
) -> Candidate:
    return Candidate(model, f"hash of {model}", Placement("cpu", engine), runtime, False, lambda: run)


def _wrong() -> object:
    raise ModelError("wrong")


def _measurer() -> Measurer:
    return Measurer(EnergyMeter(Path("/nowhere")))


def test_what_is_measured_is_kept_and_handed_on(tmp_path: Path) -> None:
    handed: list[Figures] = []
    steps: list[tuple[str, int, int]] = []
    tuning = Tuning(FigureFile(tmp_path, "here"), handed.append)
    models = tuning.due([_candidate("a"), _candidate("a", "openvino"), _candidate("b")], 0.0)
    assert [len(model) for model in models] == [2, 1]
    assert tuning.run(models, _measurer(), lambda *step: steps.append(step)) is None
    assert len(handed[-1]) == 3
    assert len(FigureFile(tmp_path, "here").load()[0]) == 3
    assert steps[-1] == ("figures measured", 12, 12)
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert not tuning.due([_candidate("a"), _candidate("b")], 0.0)


def test_a_new_version_a_new_file_and_a_wish_are_measured_again(tmp_path: Path) -> None:
    tuning = Tuning(FigureFile(tmp_path, "here"))
    tuning.run(tuning.due([_candidate("a")], 0.0), _measurer())
    assert tuning.due([_candidate("a", runtime="2")], 0.0)
    assert tuning.due([_candidate("other")], 0.0)
    assert tuning.due([_candidate("a")], 0.0, force=True)


def test_what_failed_is_tried_again_after_a_week(tmp_path: Path) -> None:
    tuning = Tuning(FigureFile(tmp_path, "here"))
    failing = [_candidate("a", "openvino", _wrong)]
    tuning.run(tuning.due(failing, 0.0), _measurer())
    now = time.time()
    assert not tuning.due(failing, now)
    assert tuning.due(failing, now + FAILED_AGAIN_S)


def test_what_was_measured_before_an_interruption_is_kept(tmp_path: Path) -> None:
    def interrupted() -> object:
        raise KeyboardInterrupt

    tuning = Tuning(FigureFile(tmp_path, "here"))
    models = tuning.due([_candidate("a"), _candidate("b", run=interrupted), _candidate("c")], 0.0)
    with pytest.raises(KeyboardInterrupt):
        tuning.run(models, _measurer())
    assert [figure.model for figure in FigureFile(tmp_path, "here").load()[0]] == ["a"]
    assert len(tuning.due([_candidate("a"), _candidate("b"), _candidate("c")], 0.0)) == 2


def test_figures_of_a_copied_disk_are_measured_again(tmp_path: Path) -> None:
    there = Tuning(FigureFile(tmp_path, "there"))
    there.run(there.due([_candidate("a")], 0.0), _measurer())
    here = Tuning(FigureFile(tmp_path, "here"))
    assert here.origin is Origin.OTHER_MACHINE
    assert len(here.figures) == 0
    here.run(here.due([_candidate("a")], 0.0), _measurer())
    assert FigureFile(tmp_path, "here").load()[1] is Origin.THIS_MACHINE


def test_a_disk_that_is_full_costs_no_figure(tmp_path: Path) -> None:
    file = FigureFile(tmp_path, "here")
    tuning = Tuning(file)
    (tmp_path / "figures.json").mkdir()  # nothing can be put in its place
    refused = tuning.run(tuning.due([_candidate("a")], 0.0), _measurer())
    assert refused is not None
    assert refused.code == "storage.state"
    assert len(tuning.figures) == 1


def test_figures_of_another_process_are_taken_over(tmp_path: Path) -> None:
    handed: list[Figures] = []
    ours = Tuning(FigureFile(tmp_path, "here"), handed.append)
    theirs = Tuning(FigureFile(tmp_path, "here"))
    theirs.run(theirs.due([_candidate("a")], 0.0), _measurer())
    ours.poll()
    assert len(ours.figures) == len(handed[-1]) == 1
    count = len(handed)
    ours.poll()
    assert len(handed) == count

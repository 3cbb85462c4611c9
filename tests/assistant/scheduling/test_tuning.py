from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import Event, EventKind
from assistant.scheduling.devices import Placement
from assistant.scheduling.energy import EnergyMeter
from assistant.scheduling.figure_file import FigureFile, Origin
from assistant.scheduling.figures import Figures
from assistant.scheduling.measure import Candidate, Measurer, NotWanted
from assistant.scheduling.quiet import LOOK_S, QUIET_S, RETRY_S, Standing, Supply, when_to_tune
from assistant.scheduling.quiet_tuner import QuietTuner
from assistant.scheduling.tuning import FAILED_AGAIN_S, Tuning
from common.errors import ModelError


def _candidate(
    model: str, engine: str = "onnxruntime", run: Callable[[], object] = lambda: None, runtime: str = "1"
) -> Candidate:
    return Candidate(model, f"hash of {model}", Placement("cpu", engine), runtime, False, lambda: run)


def _wrong() -> object:
    raise ModelError("wrong")


def _measurer(wanted: Callable[[], bool] = lambda: True) -> Measurer:
    return Measurer(EnergyMeter(Path("/nowhere")), wanted)


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


def test_what_is_given_up_keeps_what_was_measured_before(tmp_path: Path) -> None:
    speaks = threading.Event()
    tuning = Tuning(FigureFile(tmp_path, "here"))
    models = tuning.due([_candidate("a"), _candidate("b", run=speaks.set)], 0.0)
    with pytest.raises(NotWanted):
        tuning.run(models, _measurer(lambda: not speaks.is_set()))
    assert [figure.model for figure in FigureFile(tmp_path, "here").load()[0]] == ["a"]


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


@given(
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.sampled_from(Standing),
    st.floats(0, 1e6),
    st.booleans(),
    st.booleans(),
)
def test_the_box_measures_only_in_the_quiet_on_mains_and_cool(
    now: float, heard_at: float, standing: Standing, looked_at: float, on_battery: bool, is_hot: bool
) -> None:
    if when_to_tune(now, heard_at, standing, looked_at, Supply(on_battery, is_hot)):
        assert now - heard_at >= QUIET_S
        assert not on_battery
        assert not is_hot
        waits = {Standing.COMPLETE: LOOK_S, Standing.FAILED: RETRY_S}
        assert now - looked_at >= waits.get(standing, -1e9)


@pytest.mark.parametrize(
    ("standing", "since_s", "expected"),
    [
        (Standing.UNKNOWN, 0, True),
        (Standing.INTERRUPTED, 0, True),
        (Standing.FAILED, RETRY_S - 1, False),
        (Standing.FAILED, RETRY_S, True),
        (Standing.COMPLETE, LOOK_S - 1, False),
        (Standing.COMPLETE, LOOK_S, True),
    ],
)
def test_when_the_box_looks_again(standing: Standing, since_s: float, expected: bool) -> None:
    now = 1e6
    assert when_to_tune(now, now - QUIET_S, standing, now - since_s, Supply()) is expected


class _Quiet:
    """A tuner with a clock that the test moves."""

    def __init__(self, folder: Path, candidates: list[Candidate]) -> None:
        self.now = 0.0
        self.supply = Supply()
        self.tuning = Tuning(FigureFile(folder, "here"))
        self.tuner = QuietTuner(self.tuning, lambda: candidates, lambda: self.supply, clock=lambda: self.now)

    def hear(self) -> None:
        self.tuner.follow(Event(EventKind.ONSET, self.now))

    def poll_until(self, standing: Standing) -> None:
        end = time.monotonic() + 60
        while self.tuner.standing is not standing:
            self.tuner.poll()
            assert time.monotonic() < end
            time.sleep(0.005)


def test_the_box_measures_by_itself_in_the_first_quiet(tmp_path: Path) -> None:
    quiet = _Quiet(tmp_path, [_candidate("a")])
    quiet.now = QUIET_S - 1
    quiet.tuner.poll()
    assert quiet.tuner.standing is Standing.UNKNOWN
    quiet.now = QUIET_S
    quiet.poll_until(Standing.COMPLETE)
    assert len(quiet.tuning.figures) == 1
    quiet.tuner.close()


def test_the_box_stops_measuring_as_soon_as_somebody_speaks(tmp_path: Path) -> None:
    runs = threading.Semaphore(0)
    may_run = threading.Semaphore(0)

    def run() -> None:
        runs.release()
        assert may_run.acquire(timeout=60)

    quiet = _Quiet(tmp_path, [_candidate("a", run=run)])
    quiet.now = QUIET_S
    quiet.tuner.poll()
    assert runs.acquire(timeout=60)
    quiet.hear()
    may_run.release()
    quiet.poll_until(Standing.INTERRUPTED)
    assert not runs.acquire(blocking=False), "another inference was begun"
    quiet.tuner.poll()
    assert not runs.acquire(timeout=0.05), "it is not quiet yet"
    quiet.now = 2 * QUIET_S
    may_run.release(1000)
    quiet.poll_until(Standing.COMPLETE)
    assert len(quiet.tuning.figures) == 1
    quiet.tuner.close()


def test_the_box_does_not_measure_on_battery(tmp_path: Path) -> None:
    quiet = _Quiet(tmp_path, [_candidate("a")])
    quiet.supply = Supply(on_battery=True)
    quiet.now = QUIET_S
    quiet.tuner.poll()
    assert quiet.tuner.standing is Standing.UNKNOWN
    assert quiet.tuner._thread is None


def test_another_process_that_measures_is_left_alone(tmp_path: Path) -> None:
    quiet = _Quiet(tmp_path, [_candidate("a")])
    quiet.now = QUIET_S
    with FigureFile(tmp_path, "here").tuning():
        quiet.poll_until(Standing.FAILED)
    assert len(quiet.tuning.figures) == 0
    quiet.now += RETRY_S
    quiet.tuner.poll()
    quiet.poll_until(Standing.COMPLETE)
    quiet.tuner.close()


def test_a_box_that_may_not_measure_takes_the_figures_of_others(tmp_path: Path) -> None:
    tuning = Tuning(FigureFile(tmp_path, "here"))
    tuner = QuietTuner(tuning, list, enabled=False, clock=lambda: 1e6)
    theirs = Tuning(FigureFile(tmp_path, "here"))
    theirs.run(theirs.due([_candidate("a")], 0.0), _measurer())
    tuner.poll()
    assert len(tuning.figures) == 1
    assert tuner.standing is Standing.UNKNOWN

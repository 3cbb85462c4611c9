from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import Event, EventKind
from assistant.scheduling.figure_file import FigureFile
from assistant.scheduling.figures import Figures
from assistant.scheduling.quiet import LOOK_S, QUIET_S, RETRY_S, Standing, Supply, when_to_tune
from assistant.scheduling.quiet_tuner import QuietTuner
from assistant.scheduling.tuning import Tuning
from tests.assistant.scheduling.machines import CPU, figure

_FIGURES = Figures([figure("ears", CPU, "onnxruntime", 10)])


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
    """A tuner whose clock, supply and measurements the test decides."""

    def __init__(self, folder: Path, measure: Callable[[threading.Event], Standing] | None = None) -> None:
        self.now = 0.0
        self.supply = Supply()
        self.measured = 0
        self.tuning = Tuning(FigureFile(folder, "here"))
        self.tuner = QuietTuner(
            self.tuning, measure or self._measure, lambda: self.supply, clock=lambda: self.now
        )

    def _measure(self, _given_up: threading.Event) -> Standing:
        self.measured += 1
        return Standing.COMPLETE

    def hear(self) -> None:
        self.tuner.follow(Event(EventKind.ONSET, self.now))

    def poll_until(self, standing: Standing) -> None:
        end = time.monotonic() + 60
        while self.tuner.standing is not standing:
            self.tuner.poll()
            assert time.monotonic() < end
            time.sleep(0.002)


def test_the_box_measures_by_itself_in_the_first_quiet(tmp_path: Path) -> None:
    quiet = _Quiet(tmp_path)
    quiet.now = QUIET_S - 1
    quiet.tuner.poll()
    assert quiet.measured == 0
    quiet.now = QUIET_S
    quiet.poll_until(Standing.COMPLETE)
    quiet.tuner.poll()
    assert quiet.measured == 1


def test_a_measurement_is_given_up_when_somebody_speaks_and_goes_on_in_the_next_quiet(
    tmp_path: Path,
) -> None:
    begun = threading.Semaphore(0)

    def measure(given_up: threading.Event) -> Standing:
        begun.release()
        return Standing.INTERRUPTED if given_up.wait(60) else Standing.FAILED

    quiet = _Quiet(tmp_path, measure)
    quiet.now = QUIET_S
    quiet.tuner.poll()
    assert begun.acquire(timeout=60)
    quiet.hear()
    quiet.poll_until(Standing.INTERRUPTED)
    quiet.tuner.poll()
    assert not begun.acquire(blocking=False), "it is not quiet yet"
    quiet.now = 2 * QUIET_S
    quiet.tuner.poll()
    assert begun.acquire(timeout=60)
    quiet.tuner.close()
    assert quiet.tuner.standing is Standing.INTERRUPTED


@pytest.mark.parametrize("supply", [Supply(on_battery=True), Supply(is_hot=True)])
def test_the_box_does_not_measure_on_battery_or_hot(tmp_path: Path, supply: Supply) -> None:
    quiet = _Quiet(tmp_path)
    quiet.supply = supply
    quiet.now = QUIET_S
    quiet.tuner.poll()
    assert quiet.tuner._thread is None
    quiet.supply = Supply()
    quiet.poll_until(Standing.COMPLETE)
    assert quiet.measured == 1


def test_the_figures_of_another_process_are_taken_over_by_a_box_that_may_not_measure(tmp_path: Path) -> None:
    tuning = Tuning(FigureFile(tmp_path, "here"))
    tuner = QuietTuner(tuning, lambda _given_up: Standing.FAILED, enabled=False, clock=lambda: 1e6)
    FigureFile(tmp_path, "here").save(_FIGURES)
    tuner.poll()
    assert len(tuning.figures) == 1
    assert tuner.standing is Standing.UNKNOWN

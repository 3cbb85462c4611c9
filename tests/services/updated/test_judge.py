"""The verdict on a boot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.updated.household import Household
from services.updated.judge import HeardSentence, Observations, as_good_boot, judge
from services.updated.state import GoodBoot

HOME = Household("b", 1000.0, {"timers/1": 2000.0, "alarms/4": None}, ("hub.json",))
TIME = HeardSentence("What time is it?", "Time", "what time is it", "Time", right=True)
SEEN = Observations("2", "CPU", HOME, heard=(TIME,), compute_ms=110.0, cards=("Loopback (x)",))
GOOD = GoodBoot("1", {"CPU": 100.0}, ("Loopback (x)",), {TIME.sentence: "Time"}, 0.0)


def test_a_boot_like_the_last_good_one_passes() -> None:
    assert judge(SEEN, GOOD, HOME).passed


def test_the_first_boot_of_a_box_has_nothing_to_be_held_against() -> None:
    assert judge(replace(SEEN, compute_ms=1e9, cards=()), None, None).passed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rolled_back": True}, "rolled back"),
        ({"failed_units": ("x.service",)}, "x.service failed"),
        ({"idle_units": ("y.service",)}, "y.service does not run"),
        ({"machine_error": "no bus"}, "no bus"),
        ({"api_error": "nobody there"}, "nobody there"),
        ({"heard": ()}, "nothing was said"),
        ({"heard": (replace(TIME, right=False, transcript="what lime"),)}, "what lime"),
        ({"heard": (replace(TIME, intent="Lights"),)}, "Lights"),
        ({"heard": (replace(TIME, intent=""),)}, "nothing"),
        ({"heard": (replace(TIME, error="model damaged"),)}, "model damaged"),
        ({"compute_ms": 120.1}, "120 ms"),
        ({"compute_ms": None}, "no answer was timed"),
        ({"cards": ()}, "Loopback"),
        ({"household": replace(HOME, entries={"alarms/4": None})}, "1 of the timers"),
        ({"household": replace(HOME, entries={"timers/1": 2000.0})}, "1 of the alarms"),
        ({"household": replace(HOME, damaged=("timers",))}, "timers cannot be read"),
        ({"household": replace(HOME, files=())}, "hub.json"),
    ],
)
def test_each_flaw_fails_the_boot_and_is_the_only_reason(change: dict[str, Any], words: str) -> None:
    verdict = judge(replace(SEEN, **change), GOOD, HOME)
    assert len(verdict.reasons) == 1 and words in verdict.reasons[0]


def test_a_figure_of_another_processor_does_not_count() -> None:
    assert judge(replace(SEEN, cpu="Other", compute_ms=9e9), GOOD, HOME).passed


def test_what_the_owners_sentences_always_meant_is_right() -> None:
    own = replace(SEEN, heard=(replace(TIME, intent="MyClock"),))
    accustomed = replace(GOOD, intents={TIME.sentence: "MyClock"})
    assert judge(own, accustomed, HOME).passed


def test_a_timer_that_became_due_may_be_gone() -> None:
    later = replace(HOME, at=2001.0, entries={"alarms/4": None})
    assert judge(replace(SEEN, household=later), GOOD, HOME).passed


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(1, 3))
def test_the_limit_is_the_factor(before: float, now: float, factor: float) -> None:
    verdict = judge(replace(SEEN, compute_ms=now), replace(GOOD, compute_ms={"CPU": before}), None, factor)
    assert verdict.passed == (now <= factor * before)


def test_within_a_version_the_best_figure_stays() -> None:
    slower = as_good_boot(replace(SEEN, version="1", compute_ms=115.0), GOOD, 5.0)
    assert slower.compute_ms == {"CPU": 100.0}
    newer = as_good_boot(SEEN, GOOD, 5.0)
    assert newer.compute_ms == {"CPU": 110.0} and newer.version == "2"


def test_figures_of_other_processors_are_kept() -> None:
    assert as_good_boot(replace(SEEN, cpu="Other"), GOOD, 5.0).compute_ms == {"CPU": 100.0, "Other": 110.0}

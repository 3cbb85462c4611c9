from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.turn.partial_pace import PartialPace
from assistant.turn.pauses import USUAL_MS, Pauses


def _speaker(pauses: list[int]) -> Pauses:
    speaker = Pauses()
    for pause in pauses:
        speaker.add(pause)
    return speaker


@given(st.lists(st.integers(0, 5_000), max_size=100))
def test_the_stretch_stays_within_its_bounds(pauses: list[int]) -> None:
    assert 1.0 <= _speaker(pauses).stretch <= 2.0


@given(st.lists(st.integers(0, 1_000), min_size=8, max_size=32), st.integers(0, 500))
def test_who_pauses_longer_is_waited_for_longer(pauses: list[int], more: int) -> None:
    assert _speaker([pause + more for pause in pauses]).stretch >= _speaker(pauses).stretch


def test_a_few_pauses_say_nothing() -> None:
    assert _speaker([2_000] * 7).stretch == 1.0
    assert _speaker([2_000] * 8).stretch == 2.0


def test_usual_pauses_change_nothing() -> None:
    assert _speaker([USUAL_MS] * 32).stretch == 1.0


def test_old_pauses_are_forgotten() -> None:
    assert _speaker([2_000] * 32 + [100] * 32).stretch == 1.0


@given(st.integers(1, 1_000), st.floats(0.1, 5_000), st.integers(0, 60_000))
def test_partial_recognition_takes_a_quarter_of_a_core_at_most(every: int, cost: float, since: int) -> None:
    pace = PartialPace(every)
    pace.took(cost)
    if pace.is_due(since):
        assert since >= every
        assert cost <= 0.25 * since


def test_no_partial_recognition_before_its_cost_is_known() -> None:
    pace = PartialPace(100)
    assert not pace.is_due(10_000)
    pace.took(5.0)
    assert pace.is_due(100)


def test_a_silence_within_a_word_is_worth_a_recognition_when_it_can_be_afforded() -> None:
    pace = PartialPace(300)
    assert pace.affords(0)
    pace.took(100.0)
    assert not pace.affords(199)
    assert pace.affords(200)


def test_partial_recognition_can_be_switched_off() -> None:
    pace = PartialPace(0)
    pace.took(5.0)
    assert not pace.is_due(10_000)

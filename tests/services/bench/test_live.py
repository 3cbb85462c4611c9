"""How turns of recorded speech are judged, and what their time is said to go to."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.turn.store import Turn
from services.bench.growth import growth
from services.bench.live import STAGES, ClipResult, bottleneck, is_cut_off
from services.bench.recordings import Clip

WANTED = {"size": "small"}


def turn(accepted: bool = True, **slots: str) -> Turn:
    return Turn("1", 0.0, "words", accepted, "order", slots)


def clip(slots: dict[str, str] | None = WANTED) -> Clip:
    return Clip("a.wav", np.zeros(160, np.int16), slots)


@pytest.mark.parametrize(
    ("turns", "whole", "cut"),
    [
        ([turn(size="small")], WANTED, False),
        ([turn(size="small"), turn(accepted=False)], WANTED, True),
        ([turn(size="large")], WANTED, True),
        ([turn(accepted=False)], WANTED, True),
        ([], WANTED, True),
        # Where the whole recording is not understood either, the turn's end is not to blame.
        ([turn(size="large")], {"size": "large"}, False),
        ([turn(accepted=False)], None, False),
    ],
)
def test_a_turn_is_cut_off_if_its_end_cost_something(
    turns: list[Turn], whole: dict[str, str] | None, cut: bool
) -> None:
    assert is_cut_off(clip(), turns, whole) is cut


def test_without_a_label_the_whole_recording_is_what_was_said() -> None:
    assert is_cut_off(clip(None), [turn(size="large")], WANTED)
    assert not is_cut_off(clip(None), [turn(size="small")], WANTED)


@pytest.mark.parametrize(
    ("stages", "words"),
    [((160, 10, 2, 40), "waiting for silence"), ((100, 300, 2, 40), "recognition"), ((0, 0, 0, 40), "voice")],
)
def test_the_bottleneck_is_the_longest_stage(stages: tuple[int, ...], words: str) -> None:
    times = dict(zip(STAGES, map(float, stages), strict=True))
    heard = [ClipResult(clip(), (turn(),), "complete", stages_ms=times)]
    assert words in bottleneck(heard)


def test_nothing_answered_has_no_bottleneck() -> None:
    assert bottleneck([ClipResult(clip(), (), "unknown")]) == "nothing was answered"


def test_growth_is_that_of_the_warm_turns() -> None:
    filling = [(turns, min(300.0, 200 + turns / 4)) for turns in range(50, 2001, 50)]
    leaking = [(turns, 200 + turns / 100) for turns in range(50, 2001, 50)]
    assert growth(filling) == 0
    assert growth(leaking) == pytest.approx(11.5, abs=1)
    assert growth(leaking[:10]) is None

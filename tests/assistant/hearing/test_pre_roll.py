from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.format import FRAME_SAMPLES
from assistant.hearing.pre_roll import PreRoll


@given(capacity=st.integers(1, 5), steps=st.lists(st.one_of(st.none(), st.integers(-9, 9)), max_size=30))
def test_it_keeps_the_newest_frames_in_order(capacity: int, steps: list[int | None]) -> None:
    """None clears it; a number is the content of the next frame."""
    pre_roll, model = PreRoll(capacity), list[int]()
    for step in steps:
        if step is None:
            pre_roll.clear()
            model = []
        else:
            pre_roll.keep(np.full(FRAME_SAMPLES, step, np.int16))
            model = [*model, step][-capacity:]
        assert [int(frame[0]) for frame in pre_roll.frames()] == model
        assert len(pre_roll) == len(model)


def test_a_frame_that_changes_later_is_kept_as_it_was() -> None:
    pre_roll, frame = PreRoll(2), np.ones(FRAME_SAMPLES, np.int16)
    pre_roll.keep(frame)
    frame[:] = 5
    assert pre_roll.frames()[0].tolist() == [1] * FRAME_SAMPLES

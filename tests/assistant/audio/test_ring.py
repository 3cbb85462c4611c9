from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.format import Samples
from assistant.audio.ring import RingBuffer
from common.errors import InvalidInput

blocks = st.lists(st.lists(st.integers(-32_768, 32_767), max_size=40), max_size=12)


def array(values: list[int]) -> Samples:
    return np.array(values, np.int16)


@given(capacity=st.integers(1, 50), parts=blocks, position=st.integers(-5, 500))
def test_it_keeps_the_end_of_everything_appended(
    capacity: int, parts: list[list[int]], position: int
) -> None:
    ring = RingBuffer(capacity)
    model: list[int] = []
    for part in parts:
        ring.append(array(part))
        model += part
    kept = model[-capacity:]
    oldest = len(model) - len(kept)
    assert ring.total == len(model)
    assert ring.oldest == oldest
    assert ring.last(capacity + 5).tolist() == kept
    assert ring.since(position).tolist() == model[max(position, oldest) :]


@given(capacity=st.integers(1, 50), parts=blocks, count=st.integers(-3, 60))
def test_last_gives_the_newest(capacity: int, parts: list[list[int]], count: int) -> None:
    ring = RingBuffer(capacity)
    for part in parts:
        ring.append(array(part))
    model = [value for part in parts for value in part][-capacity:]
    assert ring.last(count).tolist() == (model[-count:] if count > 0 else [])


@given(start=st.integers(-10, 120), end=st.integers(-10, 120))
def test_between_gives_what_is_kept_of_a_stretch(start: int, end: int) -> None:
    ring = RingBuffer(60)
    ring.append(np.arange(100, dtype=np.int16))
    wanted = [value for value in range(40, 100) if start <= value < end]
    assert ring.between(start, end).tolist() == wanted


def test_clear_forgets_samples_but_not_positions() -> None:
    ring = RingBuffer(10)
    ring.append(array([1, 2, 3]))
    ring.clear()
    ring.append(array([4]))
    assert ring.total == 4
    assert ring.since(0).tolist() == [4]


def test_what_is_given_is_a_copy() -> None:
    ring = RingBuffer(4)
    ring.append(array([1, 2, 3]))
    ring.last(3)[:] = 0
    assert ring.last(3).tolist() == [1, 2, 3]


def test_an_empty_ring_cannot_be_made() -> None:
    with pytest.raises(InvalidInput):
        RingBuffer(0)


@given(parts=blocks, later=blocks)
def test_what_is_released_goes_and_positions_go_on(parts: list[list[int]], later: list[list[int]]) -> None:
    ring = RingBuffer(1000)
    for part in parts:
        ring.append(array(part))
    before = ring.total
    ring.release()
    assert ring.capacity == 1
    assert ring.since(0).tolist() == []
    for part in later:
        ring.append(array(part))
    assert ring.total == before + sum(map(len, later))
    assert len(ring.since(0)) <= 1

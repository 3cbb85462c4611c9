from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.serving.blocks import EXHAUSTED, HIGH_WATER, MEMORY, Block, BlockPool
from common.metrics import Counter, Gauge


def value(metric: Counter | Gauge) -> float:
    family = metric.family()
    assert family is not None
    return next((each.value for each in family.samples if each.labels == (("pool", "test"),)), 0.0)


def pool(blocks: int, samples: int = 8) -> BlockPool:
    return BlockPool("test", blocks, samples)


@given(blocks=st.integers(1, 6), steps=st.lists(st.one_of(st.none(), st.integers(0, 20)), max_size=60))
def test_no_block_has_two_owners_and_the_high_water_mark_is_right(
    blocks: int, steps: list[int | None]
) -> None:
    """None takes a block; a number gives one of those that are taken back."""
    of, taken, most, refused = pool(blocks), list[Block](), 0, 0
    before = value(EXHAUSTED)
    for step in steps:
        if step is None:
            block = of.take()
            assert (block is None) == (len(taken) == blocks)
            if block is None:
                refused += 1
                continue
            assert all(block is not other for other in taken)
            assert not any(np.shares_memory(block.samples, other.samples) for other in taken)
            taken.append(block)
        elif taken:
            taken.pop(step % len(taken)).give_back()
        most = max(most, len(taken))
        assert of.in_use == len(taken) <= of.capacity == blocks
        assert of.high_water == most == value(HIGH_WATER)
    assert value(EXHAUSTED) - before == refused


def test_a_block_that_is_given_back_twice_is_refused() -> None:
    of = pool(2)
    first, second = of.take(), of.take()
    assert first is not None and second is not None
    first.give_back()
    with pytest.raises(ValueError):
        first.give_back()
    assert of.in_use == 1
    assert of.take() is first
    assert of.take() is None


def test_what_was_given_back_last_is_handed_out_first() -> None:
    of = pool(100)
    for _ in range(50):
        block = of.take()
        assert block is not None
        block.samples[:] = 1
        block.give_back()
    touched = [other for other in iter(of.take, None) if other.samples.any()]
    assert len(touched) == 1


def test_samples_and_bytes_are_the_same_memory() -> None:
    of = pool(1, 4)
    block = of.take()
    assert block is not None
    block.data[:] = np.array([1, -2, 3, -4], "<i2").tobytes()
    assert block.samples.tolist() == [1, -2, 3, -4]
    assert value(MEMORY) == 8


def test_threads_never_share_a_block() -> None:
    of, clashes = pool(3, 1), []

    def use(number: int) -> None:
        for _ in range(2000):
            block = of.take()
            if block is None:
                continue
            block.samples[0] = number
            if block.samples[0] != number or not block.is_taken:
                clashes.append(number)
            block.give_back()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not clashes and of.in_use == 0 and 1 <= of.high_water <= 3

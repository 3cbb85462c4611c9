from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.block_queue import BlockQueue


def data(first: int, samples: int) -> memoryview:
    return np.arange(first, first + samples, dtype=np.int16).data.cast("B")


@given(
    capacity=st.integers(1, 5),
    steps=st.lists(st.one_of(st.none(), st.integers(1, 9)), max_size=30),
)
def test_what_is_put_is_read_in_order_and_the_oldest_is_dropped(
    capacity: int, steps: list[int | None]
) -> None:
    """None reads; a number puts so many samples, in blocks of at most four."""
    queue = BlockQueue(capacity, 4)
    waiting: list[list[int]] = []
    first = dropped = 0
    for step in steps:
        if step is None:
            assert queue.read(0).tolist() == [value for block in waiting for value in block]
            waiting = []
            continue
        queue.put(data(first, step))
        values = list(range(first, first + step))
        waiting += [values[at : at + 4] for at in range(0, step, 4)]
        first += step
        dropped += max(0, len(waiting) - capacity)
        waiting = waiting[-capacity:]
        assert queue.dropped == dropped


def test_a_reader_waits_for_as_many_blocks_as_it_wants() -> None:
    queue = BlockQueue(10, 4)
    read: list[int] = []
    reader = threading.Thread(target=lambda: read.extend(queue.read(30, 3).tolist()))
    reader.start()
    for first in (0, 4, 8):
        queue.put(data(first, 4))
    reader.join(30)
    assert read == list(range(12))


def test_a_reader_does_not_wait_for_a_device_that_has_ended() -> None:
    queue = BlockQueue(10, 4)
    queue.put(data(0, 4))
    queue.end()
    assert queue.ended
    assert queue.read(30, 3).tolist() == [0, 1, 2, 3]


def test_a_reader_can_be_woken() -> None:
    queue = BlockQueue(10, 4)
    reader = threading.Thread(target=lambda: queue.read(30, 3))
    reader.start()
    while reader.is_alive():
        queue.wake()
        reader.join(0.01)


def test_it_is_quiet_since_the_last_block() -> None:
    queue = BlockQueue(2, 4)
    while queue.quiet_s() == 0:
        pass
    before = queue.quiet_s()
    queue.on_block(data(0, 4), 4, None, None)
    assert queue.quiet_s() < before or queue.quiet_s() < 0.01

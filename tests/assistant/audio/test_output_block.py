from __future__ import annotations

import numpy as np
import pytest

from assistant.audio.feed import Feed
from assistant.audio.output_block import OutputBlock
from assistant.audio.playback import PlaybackReference
from services.bench.array_memory import counted_arrays


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_each_channel_of_the_device_gets_the_same(channels: int) -> None:
    block = OutputBlock(5, channels)
    for first in (0, 100):
        block.mono[:] = np.arange(first, first + 5)
        sent = np.frombuffer(block.bytes(), np.int16).reshape(-1, channels)
        assert sent.tolist() == [[first + at] * channels for at in range(5)]


@pytest.mark.parametrize("gain", [1.0, 0.4])
def test_a_block_on_its_way_to_the_device_allocates_no_array(gain: float) -> None:
    feed, block, reference = Feed(10_000), OutputBlock(220, 2), PlaybackReference()
    feed.push(np.full(10_000, 1000, np.int16), 0)
    feed.set_gain(gain)

    def play() -> None:
        feed.pull(block.mono)
        reference.played(block.mono, 22_050, 1.0)
        block.bytes()

    play()
    with counted_arrays() as counted:
        for _ in range(20):
            play()
    assert counted == {}
    assert block.mono.tolist() == [round(1000 * gain)] * 220

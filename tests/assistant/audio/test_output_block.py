from __future__ import annotations

import numpy as np
import pytest

from assistant.audio.output_block import OutputBlock


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_each_channel_of_the_device_gets_the_same(channels: int) -> None:
    block = OutputBlock(5, channels)
    for first in (0, 100):
        block.mono[:] = np.arange(first, first + 5)
        sent = np.frombuffer(block.bytes(), np.int16).reshape(-1, channels)
        assert sent.tolist() == [[first + at] * channels for at in range(5)]

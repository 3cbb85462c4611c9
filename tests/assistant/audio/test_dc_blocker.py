from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.chimes import tone
from assistant.audio.convert import Resampler
from assistant.audio.dc_blocker import DcBlocker
from assistant.audio.format import Samples


def blocked(blocker: DcBlocker, samples: Samples) -> Samples:
    out = np.zeros_like(samples)
    blocker.process(samples, out)
    return out


def shifted(rate: int, seconds: float) -> Samples:
    return (tone(rate, 440, seconds).astype(np.int32) + 4000).astype(np.int16)


def test_it_settles_on_a_stream() -> None:
    wave, blocker = shifted(16_000, 2.0), DcBlocker()
    blocks = [blocked(blocker, wave[at : at + 160]) for at in range(0, len(wave), 160)]
    assert abs(float(np.concatenate(blocks[10:]).mean())) < 20


def test_it_takes_what_a_resampler_gives() -> None:
    wave, resampler, blocker = shifted(48_000, 1.0), Resampler(48_000, 16_000), DcBlocker()
    blocks = [resampler.process(wave[at : at + 960]) for at in range(0, len(wave), 960)]
    assert not all(len(block) for block in blocks), "nothing is tested without an empty block"
    settled = np.concatenate([blocked(blocker, block) for block in blocks])
    assert abs(float(settled[4000:].mean())) < 20


@given(st.lists(st.lists(st.integers(-32_768, 32_767), max_size=30), max_size=8))
def test_a_block_may_be_its_own_result(blocks: list[list[int]]) -> None:
    apart, in_place = DcBlocker(), DcBlocker()
    for values in blocks:
        block = np.array(values, np.int16)
        wanted = blocked(apart, block)
        in_place.process(block, block)
        assert block.tolist() == wanted.tolist()


def test_what_leaves_the_range_is_clipped() -> None:
    blocker = DcBlocker()
    for _ in range(100):
        blocked(blocker, np.full(10, 20_000, np.int16))
    assert blocked(blocker, np.full(10, -32_768, np.int16)).tolist() == [-32_768] * 10

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.chimes import tone
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.playback import PlaybackReference

FRAME_S = FRAME_SAMPLES / SAMPLE_RATE


def read(reference: PlaybackReference, start: float, frames: int) -> list[Samples | None]:
    return [reference.frame(start + number * FRAME_S) for number in range(frames)]


def joined(frames: list[Samples | None]) -> Samples:
    return np.concatenate([np.zeros(FRAME_SAMPLES, np.int16) if frame is None else frame for frame in frames])


@settings(deadline=None)
@given(
    blocks=st.lists(st.integers(1, 500), min_size=1, max_size=30),
    jitter=st.lists(st.floats(0, 0.02), min_size=30, max_size=30),
)
def test_what_is_played_is_read_in_order_and_whole_however_it_is_handed_over(
    blocks: list[int], jitter: list[float]
) -> None:
    reference = PlaybackReference()
    whole = np.arange(1, sum(blocks) + 1, dtype=np.int16)
    at = 0
    reference.begin()
    for size, late in zip(blocks, jitter, strict=False):
        late = late if at else 0.0
        reference.played(whole[at : at + size], SAMPLE_RATE, 100 + at / SAMPLE_RATE + late)
        at += size
    read_back = joined(read(reference, 100, len(whole) // FRAME_SAMPLES + 6))
    assert np.array_equal(read_back[np.flatnonzero(read_back)], whole)


def test_a_reply_lies_at_its_time_within_a_frame() -> None:
    reference = PlaybackReference()
    reference.begin()
    reference.played(tone(SAMPLE_RATE, 440, 0.5), SAMPLE_RATE, 7.0)
    heard = joined(read(reference, 6.5, 200))
    first = np.flatnonzero(heard)[0] / SAMPLE_RATE + 6.5 - FRAME_S
    assert 7.0 <= first <= 7.02


def test_another_rate_comes_as_ours() -> None:
    reference = PlaybackReference()
    reference.begin()
    clip = tone(22_050, 440, 1.0)
    for at in range(0, len(clip), 220):
        reference.played(clip[at : at + 220], 22_050, 5 + at / 22_050)
    heard = joined(read(reference, 5, 105)).astype(float)
    assert abs(np.argmax(np.abs(np.fft.rfft(heard))) * SAMPLE_RATE / len(heard) - 440) < 2


def test_a_device_that_ran_dry_does_not_shift_what_comes_after() -> None:
    reference = PlaybackReference()
    reference.begin()
    reference.played(np.full(1600, 5, np.int16), SAMPLE_RATE, 3.0)
    reference.played(np.full(1600, 9, np.int16), SAMPLE_RATE, 3.5)
    heard = joined(read(reference, 3.0, 65))
    times = np.flatnonzero(heard == 9) / SAMPLE_RATE + 3.0 - FRAME_S
    assert 3.5 <= times[0] <= 3.52
    assert not heard[np.flatnonzero(heard == 5)[-1] + 1 : np.flatnonzero(heard == 9)[0]].any()


def test_what_was_cut_off_is_void_when_the_next_reply_begins() -> None:
    reference = PlaybackReference()
    reference.begin()
    reference.played(np.full(SAMPLE_RATE, 5, np.int16), SAMPLE_RATE, 3.0)
    reference.begin()
    reference.played(np.full(1600, 9, np.int16), SAMPLE_RATE, 3.2)
    heard = joined(read(reference, 3.0, 60))
    assert np.count_nonzero(heard == 5) == 3200
    assert np.count_nonzero(heard == 9) == 1600


def test_a_second_after_the_end_nothing_is_playing() -> None:
    reference = PlaybackReference()
    assert reference.frame(1.0) is None
    reference.begin()
    reference.played(np.ones(1600, np.int16), SAMPLE_RATE, 3.0)
    assert reference.frame(4.0) is not None
    assert reference.frame(4.2) is None


def test_a_little_jitter_of_the_clock_moves_no_sample() -> None:
    reference = PlaybackReference()
    reference.begin()
    whole = np.arange(1, 16_001, dtype=np.int16)
    reference.played(whole, SAMPLE_RATE, 3.0)
    late = np.random.default_rng(1).uniform(-0.004, 0.004, 90)
    frames = [reference.frame(3.1 + number * FRAME_S + jitter) for number, jitter in enumerate(late)]
    assert np.all(np.diff(joined(frames).astype(int)) == 1)


def test_it_forgets_what_nobody_reads() -> None:
    reference = PlaybackReference()
    reference.begin()
    for number in range(5000):
        reference.played(np.ones(160, np.int16), SAMPLE_RATE, number * FRAME_S)
    assert reference.frame(1.0) is not None and not np.any(reference.frame(1.0))
    assert np.all(joined(read(reference, 49.0, 10)))


def test_what_was_handed_over_may_change_afterwards() -> None:
    reference = PlaybackReference()
    reference.begin()
    block = np.ones(160, np.int16)
    for number in range(20):
        block[:] = number + 1
        reference.played(block, SAMPLE_RATE, 3.0 + number * FRAME_S)
    block[:] = -1
    heard = joined(read(reference, 3.0, 30))
    assert heard[np.flatnonzero(heard)].reshape(-1, 160)[:, 0].tolist() == list(range(1, 21))


def test_a_device_of_another_rate_goes_on_where_the_last_one_ended() -> None:
    reference = PlaybackReference()
    reference.begin()
    reference.played(np.full(1600, 5, np.int16), SAMPLE_RATE, 3.0)
    reference.begin()
    reference.played(np.full(2 * SAMPLE_RATE, 900, np.int16), 2 * SAMPLE_RATE, 3.1)
    heard = joined(read(reference, 3.0, 60))
    assert np.count_nonzero(heard == 5) == 1600
    assert np.all(np.abs(heard[4000:] - 900) <= 2)

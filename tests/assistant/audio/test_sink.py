from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from assistant.audio.chimes import tone
from assistant.audio.format import Samples
from assistant.audio.sink import AudioSink, NullSpeaker
from assistant.audio.speaker import Speaker, gain_of


def test_all_sinks_keep_one_protocol() -> None:
    every: list[AudioSink] = [NullSpeaker(), Speaker()]
    assert len(every) == 2


def test_a_reply_is_taken_to_its_end() -> None:
    blocks = iter([tone(22_050), tone(22_050)])
    assert NullSpeaker().play(blocks, 22_050)
    assert next(blocks, None) is None


def test_the_first_sample_is_told_once_and_not_for_empty_blocks() -> None:
    told: list[bool] = []
    NullSpeaker().play([np.zeros(0, np.int16)], 16_000, lambda: told.append(True))
    assert told == []
    NullSpeaker().play([np.zeros(0, np.int16), tone(16_000), tone(16_000)], 16_000, lambda: told.append(True))
    assert told == [True]


def test_a_reply_is_interrupted_and_its_generator_closed() -> None:
    speaker = NullSpeaker(realtime=True)
    closed: list[bool] = []

    def endless() -> Iterator[Samples]:
        try:
            while True:
                yield tone(16_000, seconds=0.05)
        finally:
            closed.append(True)

    finished = speaker.play(endless(), 16_000, lambda: threading.Timer(0.05, speaker.stop).start())
    assert not finished
    assert closed == [True]


def test_volume_goes_from_silence_to_full_and_never_beyond() -> None:
    assert [gain_of(volume) for volume in (-1, 0, 1, 7)] == [0, 0, 1, 1]
    assert gain_of(0.3) < gain_of(0.6)

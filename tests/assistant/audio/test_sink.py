from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.audio.chimes import tone
from assistant.audio.format import Samples
from assistant.audio.sink import AudioSink, NullSpeaker, WavSpeaker
from assistant.audio.speaker import Speaker, gain_of


def sinks(folder: Path) -> list[NullSpeaker]:
    return [NullSpeaker(realtime=True), WavSpeaker(folder, realtime=True)]


def test_all_sinks_keep_one_protocol(tmp_path: Path) -> None:
    every: list[AudioSink] = [NullSpeaker(), WavSpeaker(tmp_path), Speaker()]
    assert len(every) == 3


def test_a_reply_is_counted() -> None:
    speaker = NullSpeaker()
    assert speaker.play([tone(22_050), tone(22_050)], 22_050)
    assert speaker.samples_played == 44_100


def test_the_first_sample_is_told_once_and_not_for_empty_blocks() -> None:
    told: list[bool] = []
    NullSpeaker().play([np.zeros(0, np.int16)], 16_000, lambda: told.append(True))
    assert told == []
    NullSpeaker().play([np.zeros(0, np.int16), tone(16_000), tone(16_000)], 16_000, lambda: told.append(True))
    assert told == [True]


@pytest.mark.parametrize("number", [0, 1])
def test_a_reply_is_interrupted_and_its_generator_closed(number: int, tmp_path: Path) -> None:
    speaker = sinks(tmp_path)[number]
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


def test_a_reply_is_written_as_it_is(tmp_path: Path) -> None:
    speaker = WavSpeaker(tmp_path / "replies")
    speaker.play([tone(22_050), tone(22_050, 880)], 22_050)
    assert speaker.last == tmp_path / "replies" / "reply-0001.wav"
    samples, rate = soundfile.read(speaker.last, dtype="int16")
    assert rate == 22_050
    assert np.array_equal(samples, np.concatenate([tone(22_050), tone(22_050, 880)]))


def test_replies_of_a_former_run_are_not_overwritten(tmp_path: Path) -> None:
    for _ in range(2):
        WavSpeaker(tmp_path).play([tone(16_000)], 16_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reply-0001.wav", "reply-0002.wav"]


def test_a_reply_without_sound_writes_nothing(tmp_path: Path) -> None:
    speaker = WavSpeaker(tmp_path)
    assert speaker.play([], 16_000)
    assert speaker.last is None


def test_volume_goes_from_silence_to_full_and_never_beyond() -> None:
    assert [gain_of(volume) for volume in (-1, 0, 1, 7)] == [0, 0, 1, 1]
    assert gain_of(0.3) < gain_of(0.6)

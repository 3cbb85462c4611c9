"""Whole recordings: words where somebody speaks, and none in other sound."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.assistant import Assistant
from assistant.audio.convert import to_int16
from assistant.audio.files import read_audio
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.understanding.normalise import normalise
from common.errors import TooLarge
from tests.assistant.conftest import silence
from tests.hearsay import plain

#: Samples (n,) with 1.0 as full scale.
Sound = NDArray[Any]
SECONDS = 5.0
COUNT = int(SECONDS * SAMPLE_RATE)
TIME = np.arange(COUNT) / SAMPLE_RATE


def white(seed: int = 1, count: int = COUNT) -> Sound:
    return np.random.default_rng(seed).standard_normal(count) / 4


def coloured(power: float) -> Sound:
    """Noise whose power falls with the frequency to that power: 1 is pink, 2 is brown."""
    spectrum = np.fft.rfft(white())
    spectrum /= np.maximum(np.arange(len(spectrum)), 20) ** (power / 2)
    noise = np.fft.irfft(spectrum, COUNT)
    return np.asarray(noise / np.abs(noise).max())


def tones(*frequencies: float, seconds: float = SECONDS) -> Sound:
    at = TIME[: int(seconds * SAMPLE_RATE)]
    return np.asarray(np.mean([np.sin(2 * np.pi * each * at) for each in frequencies], axis=0))


def dialled() -> Sound:
    keys = [(697, 1209), (770, 1336), (852, 1477), (941, 1336), (697, 1477)] * 3
    gap = np.zeros(SAMPLE_RATE // 10)
    return np.concatenate([part for low, high in keys for part in (tones(low, high, seconds=0.2), gap)])


def chords() -> Sound:
    """Plucked chords with overtones, one after another."""
    parts = []
    for root in (262, 220, 175, 196) * 2:
        notes = [root * ratio * overtone for ratio in (1, 1.26, 1.5) for overtone in (1, 2, 3)]
        parts.append(tones(*notes, seconds=0.6) * np.exp(-4 * TIME[: int(0.6 * SAMPLE_RATE)]))
    return np.concatenate(parts)


def clicks() -> Sound:
    beat = np.zeros(COUNT)
    beat[:: SAMPLE_RATE // 3] = 1
    return beat


SOUNDS: dict[str, Callable[[], Sound]] = {
    "white": white,
    "loud white": lambda: white() * 8,
    "pink": lambda: coloured(1),
    "brown": lambda: coloured(2),
    "gusts": lambda: white() * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * TIME)),
    "hum": lambda: tones(50, 100, 150),
    "chord": lambda: tones(262, 330, 392),
    "chords": chords,
    "dial tones": dialled,
    "ringing": lambda: tones(440, 480) * (TIME % 3 < 1),
    "sweep": lambda: np.sin(2 * np.pi * (100 + 390 * TIME) * TIME),
    "siren": lambda: np.sin(2 * np.pi * (700 * TIME - 68 * np.cos(4.4 * TIME))),
    "clicks": clicks,
    "clipping square wave": lambda: np.sign(tones(150)) * 4,
    "nothing": lambda: np.zeros(COUNT),
    "an offset": lambda: np.full(COUNT, 0.25),
    "the last bit": lambda: np.round(white() * 2) / 32_768,
    "a tenth of a second": lambda: white(count=1700),
    "one sample": lambda: np.ones(1),
    "half a minute": lambda: white(count=30 * SAMPLE_RATE),
}


def samples(values: Sound, level: float = 0.3) -> Samples:
    return to_int16(values * level)


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_without_speech_has_no_words(name: str, assistant: Assistant) -> None:
    sound = samples(SOUNDS[name]())
    for free in (False, True):
        transcript = assistant.transcribe(sound, free=free)
        assert (transcript.text, transcript.method, transcript.segments) == ("", "none", ())


def test_kitchen_noise_has_no_words(assistant: Assistant, speech_dir: Path) -> None:
    noise = read_audio(speech_dir / "noise" / "kitchen.wav", max_seconds=200)
    for at in range(0, 120, 8):
        piece = noise[at * SAMPLE_RATE : (at + 8) * SAMPLE_RATE]
        assert assistant.transcribe(piece, free=True).text == ""


@pytest.mark.parametrize("word", ["yes", "no", "stop", "two", "okay"])
def test_a_short_word_alone_is_heard(word: str, assistant: Assistant, say: Callable[..., Samples]) -> None:
    assert assistant.transcribe(say(word, lead=0.0, tail=0.0), free=True).text


def test_noise_around_a_sentence_adds_no_words(assistant: Assistant, say: Callable[..., Samples]) -> None:
    spoken = say("the cat sat on the mat", lead=0.0, tail=0.0)
    noise = samples(white(), 0.1)
    heard = assistant.transcribe(np.concatenate([noise, spoken, noise]), free=True)
    assert plain(heard.text) == "the cat sat on the mat"
    assert len(heard.segments) == 1
    assert abs(heard.segments[0].start_s - SECONDS) < 0.5
    assert abs(heard.segments[0].end_s - SECONDS - len(spoken) / SAMPLE_RATE) < 0.5
    assert heard.audio_s == pytest.approx(2 * SECONDS + len(spoken) / SAMPLE_RATE, abs=0.01)


def test_sentences_with_noise_between_them_have_segments_of_their_own(
    assistant: Assistant, say: Callable[..., Samples]
) -> None:
    one, two = say("turn on the kitchen light"), say("what time is it")
    heard = assistant.transcribe(np.concatenate([one, samples(white(), 0.1), two]))
    assert [normalise(segment.text) for segment in heard.segments] == [
        "turn on the kitchen light",
        "what time is it",
    ]
    assert heard.text == " ".join(segment.text for segment in heard.segments)
    assert all(first.end_s < second.start_s for first, second in pairwise(heard.segments))


def test_a_clear_recording_is_recognised_whole(assistant: Assistant, speech_dir: Path) -> None:
    """As without the search for speech: the same text."""
    for path in sorted((speech_dir / "commands").glob("*.wav"))[::15]:
        audio = read_audio(path)
        assert assistant.transcribe(audio, free=True).text == assistant.recogniser.begin(audio).deep().text


def test_a_long_quiet_around_a_word_does_not_hide_it(
    assistant: Assistant, say: Callable[..., Samples]
) -> None:
    quiet = np.random.default_rng(3).integers(-30, 31, int(5.5 * SAMPLE_RATE)).astype(np.int16)
    spoken = say("turn on the kitchen light", lead=0.0, tail=0.0)
    heard = assistant.transcribe(np.concatenate([quiet, spoken, quiet]), free=True)
    assert "kitchen light" in heard.text.lower()


def test_a_recording_that_is_too_long_is_refused_though_nobody_speaks_in_it(assistant: Assistant) -> None:
    with pytest.raises(TooLarge) as caught:
        assistant.transcribe(silence(31.0))
    assert caught.value.code == "speech.too-long"

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from assistant.audio.convert import level_dbfs
from assistant.audio.echo import AudioSettings, EchoCanceller
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.playback import PlaybackReference
from common.errors import InvalidInput

Say = Callable[..., Samples]
FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
#: An echo of 50 ms, half as loud as what is played.
DELAY = SAMPLE_RATE // 20


def hear(
    canceller: EchoCanceller,
    reference: PlaybackReference,
    played: Samples,
    person: Samples,
    start: float = 0.0,
) -> Samples:
    """The canceller's output while `played` plays and `person` speaks; both have the same length."""
    echo = np.concatenate([np.zeros(DELAY, np.int16), played[:-DELAY] // 2])
    reference.begin()
    heard = []
    for at in range(0, len(played) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        now = start + at / SAMPLE_RATE
        reference.played(played[at : at + FRAME_SAMPLES], SAMPLE_RATE, now)
        microphone = (echo + person)[at : at + FRAME_SAMPLES]
        heard.append(canceller.process(microphone, now + FRAME_S))
    return np.concatenate(heard)


def noise(seconds: float, level: float = 300.0) -> Samples:
    return np.random.default_rng(1).normal(0, level, int(seconds * SAMPLE_RATE)).astype(np.int16)


@pytest.fixture
def pair() -> Iterator[tuple[EchoCanceller, PlaybackReference]]:
    reference = PlaybackReference()
    yield EchoCanceller(reference), reference


def test_an_echo_is_taken_away(pair: tuple[EchoCanceller, PlaybackReference], say: Say) -> None:
    played = np.tile(say("the kitchen light is on and the front door is locked", lead=0, tail=0), 3)
    heard = hear(*pair, played, np.zeros_like(played))
    last = slice(len(played) // 3 * 2, len(heard))
    assert level_dbfs(played[last] // 2) - level_dbfs(heard[last]) > 25


def test_a_person_is_let_through(pair: tuple[EchoCanceller, PlaybackReference], say: Say) -> None:
    played = np.tile(say("the kitchen light is on and the front door is locked", lead=0, tail=0), 3)
    person = np.zeros_like(played)
    words = say("what time is it", voice="en-gb", lead=0, tail=0)[: len(played) // 3]
    start = len(played) // 3 * 2
    person[start : start + len(words)] = words
    heard = hear(*pair, played, person)[start : start + len(words)]
    assert abs(level_dbfs(heard) - level_dbfs(words)) < 6


def test_with_nothing_played_every_sample_passes_as_it_is(
    pair: tuple[EchoCanceller, PlaybackReference],
) -> None:
    canceller, _reference = pair
    sound = noise(2, 5000)
    frames = sound.reshape(-1, FRAME_SAMPLES)
    out = [canceller.process(frame, (number + 1) * FRAME_S) for number, frame in enumerate(frames)]
    assert np.array_equal(np.concatenate(out), sound)
    assert not canceller.working


def test_it_rests_again_after_the_reply_and_joins_on_without_a_click(
    pair: tuple[EchoCanceller, PlaybackReference],
) -> None:
    canceller, reference = pair
    hum = (3000 * np.sin(2 * np.pi * 200 * np.arange(SAMPLE_RATE * 4) / SAMPLE_RATE)).astype(np.int16)
    out, worked = [], []
    for number, frame in enumerate(hum.reshape(-1, FRAME_SAMPLES)):
        if number == 100:
            reference.begin()
            reference.played(noise(0.5), SAMPLE_RATE, 1.0)
        out.append(canceller.process(frame, (number + 1) * FRAME_S))
        worked.append(canceller.working)
    assert worked[150] and not worked[90] and not worked[-1]
    # A sine of 200 Hz moves by 8 % of its amplitude a sample; a click would be many times that.
    steps = np.abs(np.diff(np.concatenate(out).astype(int)))
    assert steps.max() < 2 * np.abs(np.diff(hum.astype(int))).max()


def test_whether_the_echo_is_cancelled_is_asked_at_each_reply() -> None:
    wishes = [False, True]
    reference = PlaybackReference()
    canceller = EchoCanceller(reference, lambda: wishes.pop(0))
    played, silent = noise(0.5), np.zeros(SAMPLE_RATE * 2, np.int16)
    for start in (0.0, 5.0):
        hear(canceller, reference, played, np.zeros_like(played), start)
        assert canceller.working is (start > 0)
        for number, frame in enumerate(silent.reshape(-1, FRAME_SAMPLES)):
            canceller.process(frame, start + 0.5 + (number + 1) * FRAME_S)
    assert wishes == []


def test_frames_that_waited_in_a_queue_find_their_place(say: Say) -> None:
    reference = PlaybackReference()
    canceller = EchoCanceller(reference)
    played = np.tile(say("the kitchen light is on and the front door is locked", lead=0, tail=0), 4)
    echo = np.concatenate([np.zeros(DELAY, np.int16), played[:-DELAY] // 2])
    reference.begin()
    heard, waiting = [], []
    for at in range(0, len(played) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        now = at / SAMPLE_RATE
        reference.played(played[at : at + FRAME_SAMPLES], SAMPLE_RATE, now)
        waiting.append(echo[at : at + FRAME_SAMPLES])
        # Each second the reader is busy for 0.4 s, as while it recognises.
        if now % 1.0 < 0.6:
            heard += [canceller.process(frame, now + FRAME_S) for frame in waiting]
            waiting = []
    out = np.concatenate(heard)
    last = slice(len(out) // 4 * 3, len(out))
    assert level_dbfs(echo[last]) - level_dbfs(out[last]) > 25


def test_after_the_microphone_was_away_the_echo_is_found_again(say: Say) -> None:
    reference = PlaybackReference()
    canceller = EchoCanceller(reference)
    played = np.tile(say("the kitchen light is on and the front door is locked", lead=0, tail=0), 3)
    hear(canceller, reference, played, np.zeros_like(played))
    later = len(played) / SAMPLE_RATE + 30
    quiet = np.zeros(FRAME_SAMPLES, np.int16)
    for number in range(300):
        canceller.process(quiet, later + (number + 1) * FRAME_S)
    heard = hear(canceller, reference, played, np.zeros_like(played), later + 3)
    last = slice(len(played) // 3 * 2, len(heard))
    assert level_dbfs(played[last] // 2) - level_dbfs(heard[last]) > 25


def test_an_unknown_mode_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="maybe") as caught:
        AudioSettings("maybe")  # type: ignore[arg-type]
    assert "auto, on, off" in (caught.value.hint or "")

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assistant.audio import speex
from assistant.audio.cancel import Canceller, cross_fade
from assistant.audio.convert import level_dbfs
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from common.errors import Unavailable

Say = Callable[..., Samples]
#: An echo of 200 ms, half as loud as what is played: the buffers of slow devices.
DELAY = SAMPLE_RATE // 5


@pytest.fixture(scope="module")
def voice(say: Say) -> Samples:
    """12 s of speech without long pauses."""
    words = say("the kitchen light is on and the front door is locked since this morning", lead=0, tail=0)
    return np.resize(words, 12 * SAMPLE_RATE).astype(np.int16)


def echo_of(played: Samples, delay: int = DELAY) -> Samples:
    return np.concatenate([np.zeros(delay, np.int16), played[:-delay] // 2])


def run(canceller: Canceller, microphone: Samples, played: Samples) -> Samples:
    frames = zip(microphone.reshape(-1, FRAME_SAMPLES), played.reshape(-1, FRAME_SAMPLES), strict=True)
    return np.concatenate([canceller.process(heard, given) for heard, given in frames])


def test_the_echo_is_lower_before_the_filter_has_converged_and_after(voice: Samples) -> None:
    canceller = Canceller()
    echo = echo_of(voice)
    second = slice(SAMPLE_RATE, 2 * SAMPLE_RATE)
    early = run(canceller, echo[: 2 * SAMPLE_RATE], voice[: 2 * SAMPLE_RATE])
    converged_early = canceller.converged
    assert level_dbfs(echo[second]) - level_dbfs(early[second]) > 20
    late = run(canceller, echo[2 * SAMPLE_RATE :], voice[2 * SAMPLE_RATE :])
    assert (converged_early, canceller.converged) == (False, True)
    last = slice(-2 * SAMPLE_RATE, None)
    assert level_dbfs(echo[last]) - level_dbfs(late[last]) > 20


def test_a_person_stays_intact_once_the_filter_has_converged(voice: Samples, say: Say) -> None:
    canceller = Canceller()
    run(canceller, echo_of(voice), voice)
    person = np.zeros_like(voice)
    words = say("what time is it", voice="en-gb", lead=0, tail=0)
    person[SAMPLE_RATE : SAMPLE_RATE + len(words)] = words
    heard = run(canceller, echo_of(voice) + person, voice)
    spoken = slice(SAMPLE_RATE, SAMPLE_RATE + len(words))
    error = heard[spoken].astype(float) - words
    assert np.mean(words.astype(float) ** 2) > 10 * np.mean(error**2)


def test_a_room_that_changed_is_learnt_anew(voice: Samples) -> None:
    canceller = Canceller()
    run(canceller, echo_of(voice), voice)
    for _ in range(4):
        moved = run(canceller, echo_of(voice, DELAY // 4), voice)
    assert canceller.converged
    assert level_dbfs(voice // 2) - level_dbfs(moved) > 15


def test_convergence_is_measured_anew_in_each_reply(voice: Samples) -> None:
    canceller = Canceller()
    run(canceller, echo_of(voice), voice)
    assert canceller.converged
    canceller.begin()
    assert not canceller.converged


def test_the_echo_of_a_reply_with_another_delay_is_cancelled_as_well(voice: Samples) -> None:
    canceller = Canceller()
    run(canceller, echo_of(voice), voice)
    canceller.begin()
    reply = voice[: 2 * SAMPLE_RATE]
    heard = run(canceller, echo_of(reply, DELAY + 123), reply)
    assert canceller.converged
    last = slice(SAMPLE_RATE, None)
    assert level_dbfs(reply[last] // 2) - level_dbfs(heard[last]) > 20


def test_the_filter_does_not_converge_on_silence(voice: Samples) -> None:
    canceller = Canceller()
    run(canceller, np.zeros_like(voice), voice)
    assert not canceller.converged


def test_a_cross_fade_begins_as_the_one_and_ends_as_the_other() -> None:
    one, other = np.full(FRAME_SAMPLES, 1000, np.int16), np.full(FRAME_SAMPLES, -1000, np.int16)
    faded = cross_fade(one, other)
    assert (faded[0], faded[-1]) == (1000, -1000)
    assert np.abs(np.diff(faded.astype(int))).max() < 20


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speex, "_LIBRARY", "libspeexdsp-that-is-not-there.so.1")
    speex._library.cache_clear()
    try:
        with pytest.raises(Unavailable) as caught:
            Canceller()
    finally:
        speex._library.cache_clear()
    assert caught.value.code == "audio.no-speexdsp"
    assert "libspeexdsp1" in (caught.value.hint or "")

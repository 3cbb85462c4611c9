from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.format import FRAME_SAMPLES, Samples
from assistant.hearing.activity import Activity, VoiceActivity
from assistant.hearing.silero import WINDOW_SAMPLES, Silero
from assistant.hearing.vad_gate import VadGate
from tests.assistant.hearing.sounds import frames, hiss, in_room

LEAD_S = 1.0


def followed(activity: VoiceActivity, samples: Samples) -> list[Activity]:
    return [activity.process(frame) for frame in frames(samples)]


@pytest.fixture
def activity(silero: Silero) -> VoiceActivity:
    return VoiceActivity(VadGate(), silero)


def voiced(samples: Samples) -> tuple[int, int]:
    """First and last sample of a synthetic clip that are not silence."""
    places = np.flatnonzero(np.abs(samples.astype(int)) > 200)
    return int(places[0]), int(places[-1])


def test_the_network_does_not_run_in_a_silent_room(
    activity: VoiceActivity, silero: Silero, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames_of_network: list[Samples] = []
    monkeypatch.setattr(silero, "process", frames_of_network.append)
    heard = followed(activity, hiss(10))
    assert frames_of_network == []
    assert not any(state.is_speech or state.started or state.gate_open for state in heard)


def test_a_command_is_speech_from_its_start_to_its_end(
    activity: VoiceActivity, say: Callable[..., Samples]
) -> None:
    clip = say("turn on the kitchen light", lead=0, tail=0)
    heard = followed(activity, in_room(clip, LEAD_S, 2.0))
    start, end = (at + 16_000 for at in voiced(clip))
    last = heard[-1]
    assert sum(state.started for state in heard) == 1
    assert last.onset is not None and start - 8_000 < last.onset <= start
    assert last.last_speech is not None and abs(last.last_speech - end) < 1_600
    assert last.ended_silence_ms == (last.position - last.last_speech) // 16
    assert not last.is_speech


def test_pauses_in_a_sentence_are_counted_from_the_last_word(
    activity: VoiceActivity, say: Callable[..., Samples]
) -> None:
    first, second = (say(text, lead=0, tail=0) for text in ("turn on the", "kitchen light"))
    first = first[: voiced(first)[1]]
    pause = np.zeros(16_000, np.int16)
    heard = followed(activity, in_room(np.concatenate([first, pause, second]), LEAD_S, 1.0))
    assert sum(state.started for state in heard) == 2
    in_pause = heard[(16_000 + len(first) + 15_000) // FRAME_SAMPLES]
    assert 700 < in_pause.ended_silence_ms < 1_300
    assert heard[-1].speech_ms > 1_500


def test_noise_alone_never_becomes_speech(activity: VoiceActivity) -> None:
    assert not any(state.is_speech for state in followed(activity, hiss(5, rms=600)))


def test_a_new_turn_counts_afresh(activity: VoiceActivity, say: Callable[..., Samples]) -> None:
    followed(activity, in_room(say("good morning"), LEAD_S, 0.5))
    activity.new_turn()
    state = followed(activity, hiss(0.5))[-1]
    assert (state.speech_ms, state.onset, state.last_speech) == (0, None, None)
    assert state.ended_silence_ms == 500


def test_a_turn_may_begin_in_the_past(activity: VoiceActivity, say: Callable[..., Samples]) -> None:
    heard = followed(activity, in_room(say("good morning", lead=0, tail=0), LEAD_S, 0.0))
    activity.new_turn(heard[-1].position - 1_600)
    assert activity.process(hiss(0.01)).ended_silence_ms <= 110


class ScriptedNetwork:
    """Gives the probabilities that it was made with, one for each window."""

    def __init__(self, answers: list[float]) -> None:
        self.answers = answers
        self.pending = 0
        self.at = 0

    def process(self, frame: Samples) -> float | None:
        self.pending += len(frame)
        if self.pending < WINDOW_SAMPLES:
            return None
        self.pending -= WINDOW_SAMPLES
        self.at += 1
        return self.answers[(self.at - 1) % len(self.answers)]

    def reset(self) -> None:
        self.pending = 0


class OpenGate(VadGate):
    """A VAD gate that is always open."""

    def process(self, frame: Samples) -> bool:
        return len(frame) > 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_positions_and_times_agree_whatever_the_network_gives(answers: list[float]) -> None:
    activity = VoiceActivity(OpenGate(), ScriptedNetwork(answers))
    speaking = False
    for frame in frames(np.zeros(16_000, np.int16)):
        state = activity.process(frame)
        assert state.started == (state.is_speech and not speaking)
        assert state.ended_silence_ms >= 0 and state.speech_ms >= 0
        assert (state.onset is None) == (state.last_speech is None) == (state.speech_ms == 0)
        if state.onset is not None and state.last_speech is not None:
            assert 0 <= state.onset <= state.last_speech <= state.position
        speaking = state.is_speech

"""Whole turns, on synthetic speech (espeak-ng) and real models."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.assistant import Assistant
from assistant.audio.convert import to_int16
from assistant.audio.format import SAMPLE_RATE, Samples, whole_frames
from assistant.events import EventKind
from assistant.hearing.ears import Ears
from assistant.turn.settings import ConversationSettings, Phase
from assistant.turn.store import Turn
from tests.assistant.conftest import Stream, silence
from tests.assistant.sinks import SlowSink

Say = Callable[..., Samples]
Open = Callable[..., Stream]


def test_a_command_is_heard_done_and_answered(open_stream: Open, say: Say) -> None:
    stream = open_stream(endpointing=True)
    stream.feed(say("turn on the kitchen light", tail=1.0))
    (turn,) = stream.turns
    assert (turn.intent, dict(turn.slots)) == ("HassTurnOn", {"name": "kitchen light"})
    assert sum(map(len, stream.reply)) > 10_000
    assert turn.clocks_ms.compute is not None
    assert turn.clocks_ms.decided is None, "without real time nobody knows when it was said"


def test_the_events_of_a_turn_come_in_order(open_stream: Open, say: Say) -> None:
    stream = open_stream(endpointing=True)
    stream.feed(say("turn off the kitchen light", tail=1.0))
    wanted = ["speech-started", "speech-ended", "decided", "acted", "reply", "reply-started", "turn"]
    assert [kind for kind in stream.kinds if kind in wanted] == wanted
    states = [event.data["state"] for event in stream.events if event.kind is EventKind.STATE]
    assert states == ["listening", "deciding", "speaking", "listening"]


def test_one_breath_loses_nothing(open_stream: Open, say: Say) -> None:
    stream = open_stream(wake=True)
    stream.feed(say("okay nabu turn on the kitchen light", lead=1.0, tail=1.5))
    assert [turn.intent for turn in stream.turns] == ["HassTurnOn"]
    assert dict(stream.turns[0].slots) == {"name": "kitchen light"}


def test_a_pause_after_the_wake_word_is_allowed(open_stream: Open, say: Say) -> None:
    stream = open_stream(wake=True)
    stream.feed(say("okay nabu", lead=1.0, tail=1.6))
    assert stream.conversation.phase is Phase.LISTENING
    stream.feed(say("what time is it", tail=1.5))
    assert [turn.intent for turn in stream.turns] == ["HassGetCurrentTime"]


def test_without_the_wake_word_nothing_is_heard(open_stream: Open, say: Say) -> None:
    stream = open_stream(wake=True)
    stream.feed(say("turn on the kitchen light", lead=1.0, tail=1.0))
    assert stream.turns == []
    assert stream.conversation.phase is Phase.IDLE


def test_a_wake_word_and_then_nothing_goes_back_to_rest(open_stream: Open, say: Say) -> None:
    stream = open_stream(wake=True)
    stream.feed(np.concatenate([say("okay nabu", lead=1.0), silence(7)]))
    assert stream.turns == []
    assert stream.conversation.phase is Phase.IDLE
    assert "wake" in stream.kinds


def test_two_commands_in_one_stream_are_two_turns(open_stream: Open, say: Say) -> None:
    stream = open_stream(endpointing=True)
    stream.feed(say("turn on the kitchen light", tail=1.2))
    stream.feed(say("what time is it", tail=1.2))
    assert [turn.intent for turn in stream.turns] == ["HassTurnOn", "HassGetCurrentTime"]


def test_an_unfinished_sentence_is_waited_for(open_stream: Open, say: Say) -> None:
    stream = open_stream(endpointing=True)
    stream.feed(say("turn on the", tail=0))
    stream.feed(silence(1.2))
    assert stream.turns == [], "one that is plainly unfinished waits two seconds"
    stream.feed(say("kitchen light", lead=0, tail=1.2))
    assert [dict(turn.slots) for turn in stream.turns] == [{"name": "kitchen light"}]


def test_a_complete_sentence_waits_less_than_an_unknown_one(open_stream: Open, say: Say) -> None:
    def silence_at_commit(text: str) -> int:
        stream = open_stream(endpointing=True)
        stream.feed(say(text, tail=2.0))
        (event,) = [e for e in stream.events if e.kind is EventKind.SPEECH_ENDED]
        silence = event.data["silence_ms"]
        assert isinstance(silence, int)
        return silence

    assert silence_at_commit("turn on the kitchen light") < silence_at_commit("the moon is made of cheese")


def test_one_word_is_a_sentence(open_stream: Open, say: Say) -> None:
    stream = open_stream(endpointing=True)
    stream.feed(say("stop", tail=1.5))
    assert [turn.intent for turn in stream.turns] == ["SottoStop"]


@pytest.mark.parametrize("text", ["I would like a large latte with milk", "the cat sat on the mat"])
def test_a_sentence_outside_the_grammar_is_rejected(open_stream: Open, say: Say, text: str) -> None:
    stream = open_stream()
    stream.feed(say(text))
    stream.conversation.end_of_stream()
    (turn,) = stream.turns
    assert (turn.accepted, turn.intent) == (False, None)
    assert turn.transcript
    assert "acted" not in stream.kinds


def _noise(kind: str) -> Samples:
    rng = np.random.default_rng(7)
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    shapes: dict[str, NDArray[np.float64]] = {
        "white noise": rng.normal(0, 4000, len(time)),
        "hum": 8000 * np.sin(2 * np.pi * 50 * time),
        "clicks": np.where(rng.random(len(time)) < 0.001, 30_000.0, 0.0),
        "full scale": np.where(np.sin(2 * np.pi * 440 * time) > 0, 32_767.0, -32_768.0),
        "offset": np.full(len(time), 12_000.0),
    }
    return to_int16(shapes[kind] / 32_768)


@pytest.mark.parametrize("kind", ["white noise", "hum", "clicks", "full scale", "offset"])
def test_noise_is_never_a_command(open_stream: Open, kind: str) -> None:
    stream = open_stream(endpointing=True)
    stream.feed(np.concatenate([silence(0.5), _noise(kind), silence(1.5)]))
    stream.conversation.end_of_stream()
    assert not any(turn.accepted for turn in stream.turns)


def _clipped(audio: Samples) -> Samples:
    return np.clip(audio.astype(np.int32) * 12, -32_768, 32_767).astype(np.int16)


def _offset(audio: Samples) -> Samples:
    return np.clip(audio.astype(np.int32) // 2 + 6000, -32_768, 32_767).astype(np.int16)


def _faint(audio: Samples) -> Samples:
    return (audio // 16).astype(np.int16)


@pytest.mark.parametrize("damage", [_clipped, _offset, _faint])
def test_bad_recordings_are_still_understood(
    open_stream: Open, say: Say, damage: Callable[[Samples], Samples]
) -> None:
    stream = open_stream()
    stream.feed(damage(say("turn on the kitchen light")))
    stream.conversation.end_of_stream()
    assert [turn.intent for turn in stream.turns] == ["HassTurnOn"]


@pytest.mark.parametrize("words", ["stop", "okay nabu"])
def test_the_reply_is_interrupted_by_voice(assistant: Assistant, say: Say, words: str) -> None:
    playback, turns, kinds = SlowSink(), list[Turn](), list[str]()
    conversation = assistant.conversation(
        playback,
        ConversationSettings(wake=True, realtime=False),
        on_turn=turns.append,
        on_event=lambda event: kinds.append(event.kind.value),
    )

    def feed(audio: Samples) -> None:
        for frame in whole_frames(audio):
            conversation.feed(frame)

    feed(say("okay nabu what time is it", lead=1.0, tail=1.0))
    assert playback.speaking.wait(20)
    feed(np.concatenate([silence(1.2), say(words, tail=0.8)]))
    assert playback.stopped.is_set()
    conversation.wait(10)
    assert "interrupted" in kinds
    assert [turn.interrupted for turn in turns] == [True]
    conversation.close()


def test_a_sentence_begun_during_the_reply_is_heard_whole(assistant: Assistant, say: Say) -> None:
    playback, turns = SlowSink(), list[Turn]()
    conversation = assistant.conversation(
        playback, ConversationSettings(wake=False, realtime=False), on_turn=turns.append
    )

    def feed(audio: Samples) -> None:
        for frame in whole_frames(audio):
            conversation.feed(frame)

    feed(say("what time is it", tail=0.6))
    assert playback.speaking.wait(20)
    sentence = say("please do not turn on the kitchen light", lead=1.2, tail=1.5)
    middle = int(2.2 * SAMPLE_RATE)
    feed(sentence[:middle])
    playback.stopped.set()
    conversation.wait(10)
    feed(sentence[middle:])
    conversation.end_of_stream()
    assert [turn.intent for turn in turns] == ["HassGetCurrentTime", None]
    conversation.close()


def test_a_turn_that_fails_does_not_make_the_box_deaf(
    assistant: Assistant, open_stream: Open, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = open_stream(endpointing=True)
    with monkeypatch.context() as broken:
        broken.setattr(assistant.dialogue, "carry_out", lambda *_args, **_named: 1 / 0)
        stream.feed(say("what time is it", tail=1.0))
    assert [turn.accepted for turn in stream.turns] == [False]
    assert "warning" in stream.kinds
    stream.feed(say("what time is it", tail=1.0))
    assert [turn.accepted for turn in stream.turns] == [False, True]


def test_silence_asked_for_elsewhere_is_kept_here(assistant: Assistant, say: Say) -> None:
    playback, turns = SlowSink(), list[Turn]()
    conversation = assistant.conversation(
        playback, ConversationSettings(wake=False, realtime=False), on_turn=turns.append
    )
    assistant.dialogue.on_silence(lambda: conversation.interrupt("asked"))
    for frame in say("what time is it", tail=0.6)[:32_000].reshape(-1, 160):
        conversation.feed(frame)
    assert playback.speaking.wait(20)
    assistant.ask("stop")
    assert playback.stopped.wait(5)
    conversation.close()


def test_a_yes_answers_only_who_was_asked(assistant: Assistant) -> None:
    dialogue = assistant.dialogue
    for text in ("set a timer for one hour", "set a timer for two hours"):
        assert dialogue.respond(text).reply.ok
    question = dialogue.respond("cancel my timer", speaker="kitchen")
    assert question.reply.if_yes is not None
    assert not dialogue.respond("yes", speaker="garage").reply.acts
    dialogue.respond("cancel all timers")


def test_an_answer_is_heard_while_its_question_is_open(
    assistant: Assistant, open_stream: Open, say: Say
) -> None:
    for text in ("set a timer for one hour", "set a timer for two hours"):
        assistant.ask(text)
    stream = open_stream()
    stream.feed(say("pause the timer", tail=1.0))
    stream.feed(say("the longer one", tail=1.5))
    assistant.ask("cancel all timers")
    assert [(turn.intent, turn.reply.split(" with ")[0]) for turn in stream.turns[1:]] == [
        ("SottoWhich", "Paused the two hour timer")
    ]


def test_a_ring_is_not_spoken_over_somebody(open_stream: Open, say: Say) -> None:
    stream = open_stream(wake=True)
    stream.feed(say("okay nabu", lead=1.0, tail=0.3))
    assert stream.conversation.say("Your timer is done.") is False
    stream.feed(silence(8))
    assert stream.conversation.say("Your timer is done.", chime=True) is True
    stream.conversation.wait(10)
    assert sum(map(len, stream.reply)) > 20_000


def test_a_ring_does_not_wait_for_a_turn_whose_microphone_is_gone(open_stream: Open, say: Say) -> None:
    stream = open_stream(wake=True, realtime=True, deaf_after_s=0.2)
    stream.feed(say("okay nabu", lead=1.0, tail=0.3))
    assert stream.conversation.phase is Phase.LISTENING
    time.sleep(0.3)
    assert stream.conversation.say("Your timer is done.") is True
    stream.conversation.wait(10)
    states = [event.data["state"] for event in stream.events if event.kind is EventKind.STATE]
    assert states == ["listening", "idle", "speaking", "idle"]


def test_an_answer_to_no_question_is_not_understood(assistant: Assistant) -> None:
    for text in ("yes", "no", "ten minutes"):
        turn = assistant.ask(text)
        assert (turn.accepted, turn.intent) == (False, None)
        assert turn.reply == "I did not ask anything."


def test_a_closed_conversation_keeps_nothing_that_was_heard(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears: list[Ears] = []
    make = assistant.ears

    def made(*, wake: bool) -> Ears:
        ears.append(make(wake=wake))
        return ears[-1]

    monkeypatch.setattr(assistant, "ears", made)
    conversation = assistant.conversation(SlowSink(), ConversationSettings(wake=False, realtime=False))
    for frame in whole_frames(silence(0.5)):
        conversation.feed(frame)
    assert len(ears[0].audio(0, SAMPLE_RATE)) == SAMPLE_RATE // 2
    conversation.close()
    conversation.feed(whole_frames(silence(0.01))[0])  # one that was on its way
    assert len(ears[0].audio(0, SAMPLE_RATE)) <= 1

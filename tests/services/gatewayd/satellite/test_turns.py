"""A hub runs the conversation of the room: what it is told, and what becomes of its answer."""

from __future__ import annotations

import numpy as np
import pytest
from wyoming.asr import Transcript
from wyoming.info import Describe, Info
from wyoming.pipeline import RunPipeline
from wyoming.tts import Synthesize
from wyoming.vad import VoiceStopped
from wyoming.wake import Detection

from assistant.audio.format import SAMPLE_RATE
from assistant.turn.settings import Phase
from services.bench.virtual_sound import until
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.satellite.hub import TONE, Say, ScriptedHub, ask
from tests.services.gatewayd.satellite.room import HubRoom


def test_a_sentence_goes_to_the_hub_and_its_answer_sounds_in_the_room(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    ask(room, hub, say)
    assert hub.kinds == ["detection", "run-pipeline", "audio-start", "audio-chunk", "audio-stop"]
    detection = Detection.from_event(hub.events[0])
    assert detection.name == "okay_nabu"
    pipeline = RunPipeline.from_event(hub.events[1])
    assert (pipeline.start_stage.value, pipeline.end_stage.value) == ("asr", "tts")
    heard = room.assistant.transcribe(hub.sound, free=True).text.lower()
    assert "what time is it" in heard
    hub.say(Transcript("what time is it"), Synthesize("Half past nine."))
    hub.play(TONE)
    assert until(lambda: hub.saw("played"))
    assert [len(reply) for reply in room.speaker.replies] == [len(TONE)]
    (turn,) = room.turns
    assert (turn.transcript, turn.reply, turn.accepted) == ("what time is it", "Half past nine.", True)
    assert turn.label == "room hub"
    assert room.conversation.phase is Phase.IDLE


def test_the_port_describes_a_satellite_and_no_speech_services(gate: Gate) -> None:
    hub = ScriptedHub(gate.satellite_port, run=False)
    hub.say(Describe())
    assert until(lambda: hub.saw("info"))
    info = Info.from_event(hub.events[0])
    assert info.satellite is not None
    assert info.satellite.installed
    assert not (info.asr or info.tts or info.handle or info.intent)
    hub.stop()


def test_the_end_of_the_sentence_is_found_by_the_box(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say, "okay nabu purple elephants sing sideways in the rain")
    silence = [event.data["silence_ms"] for event in room.events if event.kind.value == "speech-ended"]
    assert silence == [pytest.approx(700, abs=40)]


def test_one_word_in_one_breath_is_a_sentence(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say, "okay nabu yes")
    assert room.conversation.phase is Phase.WAITING
    silence = [event.data.get("silence_ms") for event in room.events if event.kind.value == "speech-ended"]
    assert silence == [pytest.approx(700, abs=40)]


def test_a_pause_after_the_wake_word_is_allowed(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    room.hear(say("okay nabu", lead=1.0, tail=2.0))
    assert hub.saw("run-pipeline")
    assert not hub.saw("audio-stop")
    room.hear(say("what time is it", tail=1.0))
    assert room.hear_silence(lambda: hub.saw("audio-stop"))
    assert "what time is it" in room.assistant.transcribe(hub.sound, free=True).text.lower()


def test_a_hub_that_has_heard_enough_is_told_no_more(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    room.hear(say("okay nabu what time is it", lead=1.0, tail=0.0))
    assert until(lambda: hub.saw("audio-chunk"))
    hub.say(VoiceStopped(timestamp=1))
    assert until(lambda: hub.saw("audio-stop"))
    assert room.conversation.phase is Phase.WAITING


def test_a_wake_word_and_then_nothing_ends_the_hubs_turn_too(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    room.hear(np.concatenate([say("okay nabu", lead=1.0), np.zeros(7 * SAMPLE_RATE, np.int16)]))
    assert until(lambda: hub.saw("audio-stop"))
    assert room.conversation.phase is Phase.IDLE
    assert room.turns == []


def test_without_a_hub_the_box_answers_by_itself(room: HubRoom, gate: Gate, say: Say) -> None:
    room.hear(say("okay nabu what time is it", lead=1.0, tail=1.0))
    assert room.answered()
    assert [turn.intent for turn in room.turns] == ["HassGetCurrentTime"]


def test_what_the_hub_says_and_does_is_told_as_events(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say)
    hub.say(Transcript("what time is it"), Synthesize("Half past nine."))
    hub.play(TONE)
    assert until(lambda: bool(room.turns))
    told = [(event.kind.value, event.data.get("text")) for event in room.events if "text" in event.data]
    assert told == [("transcript", "what time is it"), ("reply", "Half past nine.")]


@pytest.mark.parametrize("reply", ["", " "])
def test_an_empty_reply_ends_the_turn_at_once_and_without_a_word(
    room: HubRoom, hub: ScriptedHub, say: Say, reply: str
) -> None:
    ask(room, hub, say)
    hub.say(Transcript("dim the lights"), Synthesize(reply))
    # No time passes for the room's conversation, which could otherwise give the hub up.
    assert until(lambda: bool(room.turns))
    turn = room.turns[0]
    assert (turn.transcript, turn.reply.strip(), turn.accepted) == ("dim the lights", "", True)
    # The record is told by the thread that ends the turn, a moment before the phase changes.
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    assert room.speaker.replies == []


def test_an_empty_sound_is_an_answer_without_a_word(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say)
    hub.say(Transcript("dim the lights"))
    hub.play(TONE[:0])
    assert room.answered()
    assert (room.turns[0].reply, room.turns[0].accepted) == ("", True)
    assert not any(len(reply) for reply in room.speaker.replies)

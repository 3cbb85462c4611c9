"""A hub that vanishes, fails or is silent, at each stage: the box is never deaf, and says what is lost."""

from __future__ import annotations

import numpy as np
from wyoming.asr import Transcript
from wyoming.error import Error

from assistant.audio.format import SAMPLE_RATE
from assistant.skills import common_lines
from assistant.turn.settings import Phase
from services.bench.virtual_sound import until
from tests.assistant.skills.english import REPLIES
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.satellite.hub import TONE, Say, ScriptedHub, ask
from tests.services.gatewayd.satellite.room import HubRoom

NO_ANSWER = REPLIES.text(common_lines.HUB_SILENT)
HUB_FAILED = REPLIES.text(common_lines.HUB_FAILED)


def test_a_hub_that_vanishes_while_it_listens_leaves_the_sentence_to_the_box(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    sentence = say("okay nabu what time is it", lead=1.0, tail=0.0)
    room.hear(sentence[: -SAMPLE_RATE // 2])
    assert until(lambda: hub.saw("audio-chunk"))
    hub.vanish()
    assert until(room.alone)
    room.hear(sentence[-SAMPLE_RATE // 2 :])
    assert room.hear_silence(lambda: bool(room.turns))
    assert [turn.intent for turn in room.turns] == ["HassGetCurrentTime"]


def test_a_hub_that_vanishes_with_the_sentence_is_told_of(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say)
    hub.vanish()
    assert until(lambda: bool(room.turns))
    assert [(turn.reply, turn.accepted) for turn in room.turns] == [(NO_ANSWER, False)]
    assert sum(map(len, room.speaker.replies)) > 10_000
    room.turns.clear()
    room.hear(say("okay nabu what time is it", lead=1.0, tail=1.5))
    assert room.answered()
    assert [turn.intent for turn in room.turns] == ["HassGetCurrentTime"]


def test_a_hub_that_vanishes_in_its_answer_is_told_of(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say)
    hub.play(TONE, end=False)
    assert until(lambda: room.conversation.phase is Phase.SPEAKING)
    hub.vanish()
    assert until(lambda: bool(room.turns))
    assert len(room.speaker.replies[-1]) > len(TONE) + 10_000, "the tone, and a sentence behind it"
    assert until(lambda: room.conversation.phase is Phase.IDLE)


def test_a_hub_that_never_answers_is_not_waited_for_long(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say)
    assert room.hear_silence(lambda: bool(room.turns))
    assert [turn.reply for turn in room.turns] == [NO_ANSWER]
    assert room.seated(), "its next answer may come"


def test_a_hub_that_fails_is_told_of(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say)
    hub.say(Transcript("what time is it"), Error("no agent", "intent-failed"))
    assert until(lambda: bool(room.turns))
    assert [(turn.transcript, turn.reply) for turn in room.turns] == [("what time is it", HUB_FAILED)]


def test_a_hub_that_fails_early_leaves_the_sentence_to_the_box(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    sentence = say("okay nabu what time is it", lead=1.0, tail=0.0)
    room.hear(sentence)
    assert until(lambda: hub.saw("run-pipeline"))
    hub.say(Error("no speech-to-text", "stt-provider-missing"))
    assert until(lambda: any(event.kind.value == "warning" for event in room.events))
    assert room.hear_silence(lambda: bool(room.turns))
    assert [turn.intent for turn in room.turns] == ["HassGetCurrentTime"]


def test_a_wake_word_that_another_box_is_answered_for_costs_no_sentence(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    room.hear(np.zeros(6 * SAMPLE_RATE, np.int16))
    ask(room, hub, say)
    hub.say(Error("duplicate", "duplicate_wake_up_detected"))
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    assert room.speaker.replies == []


def test_the_box_answers_when_the_hub_takes_it_for_another(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    """Somebody says the wake word twice: the second one is no other box's."""
    ask(room, hub, say, "okay nabu yes")
    room.hear(say("okay nabu what time is it", lead=1.2, tail=0.0))
    assert until(lambda: hub.saw("run-pipeline", 2))
    hub.say(Error("duplicate", "duplicate_wake_up_detected"))
    assert until(lambda: any(event.kind.value == "warning" for event in room.events))
    assert room.hear_silence(lambda: len(room.turns) == 2)
    assert room.turns[-1].intent == "HassGetCurrentTime"


def test_a_hub_that_heard_no_words_costs_no_sentence(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    ask(room, hub, say)
    hub.say(Error("no text recognized", "stt-no-text-recognized"))
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    assert room.speaker.replies == []


def test_a_hub_that_comes_back_takes_its_seat_again(room: HubRoom, hub: ScriptedHub, gate: Gate) -> None:
    again = ScriptedHub(gate.satellite_port)
    assert until(lambda: hub.closed)
    assert until(room.seated)
    again.play(TONE)
    assert until(lambda: again.saw("played"))
    again.stop()

"""The satellite: a hub runs the conversation of the room, over the gateway and its library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from wyoming.asr import Transcript
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.pipeline import RunPipeline
from wyoming.satellite import PauseSatellite, RunSatellite
from wyoming.timer import TimerCancelled, TimerFinished, TimerStarted, TimerUpdated
from wyoming.tts import Synthesize
from wyoming.vad import VoiceStopped
from wyoming.wake import Detection

from assistant.audio.convert import level_dbfs
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.conversation_settings import Phase
from assistant.handover import HUB_FAILED, NO_ANSWER
from services.bench.virtual_sound import PulseServer, until
from tests.services.conftest import Box
from tests.services.gatewayd.conftest import Gate, free_port
from tests.services.gatewayd.hub_room import HubRoom, ScriptedHub, hub_house

Say = Callable[..., Samples]
#: A sound server on a busy machine loses samples; a person, too, says it again.
TRIES = 4
#: A second of a tone, which is no word.
TONE = (8000 * np.sin(np.arange(22_050) / 8)).astype(np.int16)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubRoom, Gate]]:
    with hub_house(tmp_path_factory.mktemp("everything"), "everything") as house:
        yield house


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubRoom, Gate]]:
    with hub_house(tmp_path_factory.mktemp("unknown"), "unknown") as house:
        yield house


@pytest.fixture
def room(everything: tuple[HubRoom, Gate]) -> Iterator[HubRoom]:
    yield everything[0]
    everything[0].forget()


@pytest.fixture
def gate(everything: tuple[HubRoom, Gate]) -> Gate:
    return everything[1]


@contextmanager
def _hub(room: HubRoom, gate: Gate) -> Iterator[ScriptedHub]:
    hub = ScriptedHub(gate.satellite_port)
    assert until(room.seated)
    try:
        yield hub
    finally:
        hub.stop()
        assert until(room.alone)


@pytest.fixture
def hub(gate: Gate, room: HubRoom) -> Iterator[ScriptedHub]:
    with _hub(room, gate) as hub:
        yield hub


def _ask(room: HubRoom, hub: ScriptedHub, say: Say, words: str = "okay nabu what time is it") -> None:
    """Somebody speaks until the hub has the sentence."""
    room.hear(say(words, lead=1.0, tail=1.0))
    assert room.hear_silence(lambda: hub.saw("audio-stop")), [event.type for event in hub.events]


def _kinds(hub: ScriptedHub) -> list[str]:
    """The types of what it was told, without repetitions."""
    kinds = [event.type for event in hub.events]
    return [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]


def test_a_sentence_goes_to_the_hub_and_its_answer_sounds_in_the_room(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    _ask(room, hub, say)
    assert _kinds(hub) == ["detection", "run-pipeline", "audio-start", "audio-chunk", "audio-stop"]
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
    _ask(room, hub, say, "okay nabu purple elephants sing sideways in the rain")
    silence = [event.data["silence_ms"] for event in room.events if event.kind.value == "speech-ended"]
    assert silence == [pytest.approx(700, abs=40)]


def test_one_word_in_one_breath_is_a_sentence(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    _ask(room, hub, say, "okay nabu yes")
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
    _ask(room, hub, say)
    hub.vanish()
    assert until(lambda: bool(room.turns))
    assert [(turn.reply, turn.accepted) for turn in room.turns] == [(NO_ANSWER, False)]
    assert sum(map(len, room.speaker.replies)) > 10_000
    room.turns.clear()
    room.hear(say("okay nabu what time is it", lead=1.0, tail=1.5))
    assert room.answered()
    assert [turn.intent for turn in room.turns] == ["HassGetCurrentTime"]


def test_a_hub_that_vanishes_in_its_answer_is_told_of(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    _ask(room, hub, say)
    hub.play(TONE, end=False)
    assert until(lambda: room.conversation.phase is Phase.SPEAKING)
    hub.vanish()
    assert until(lambda: bool(room.turns))
    assert len(room.speaker.replies[-1]) > len(TONE) + 10_000, "the tone, and a sentence behind it"
    assert until(lambda: room.conversation.phase is Phase.IDLE)


def test_a_hub_that_never_answers_is_not_waited_for_long(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    _ask(room, hub, say)
    assert room.hear_silence(lambda: bool(room.turns))
    assert [turn.reply for turn in room.turns] == [NO_ANSWER]
    assert room.seated(), "its next answer may come"


def test_a_hub_that_fails_is_told_of(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    _ask(room, hub, say)
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
    _ask(room, hub, say)
    hub.say(Error("duplicate", "duplicate_wake_up_detected"))
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    assert room.speaker.replies == []


def test_the_box_answers_when_the_hub_takes_it_for_another(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    """Somebody says the wake word twice: the second one is no other box's."""
    _ask(room, hub, say, "okay nabu yes")
    room.hear(say("okay nabu what time is it", lead=1.2, tail=0.0))
    assert until(lambda: hub.saw("run-pipeline", 2))
    hub.say(Error("duplicate", "duplicate_wake_up_detected"))
    assert until(lambda: any(event.kind.value == "warning" for event in room.events))
    assert room.hear_silence(lambda: len(room.turns) == 2)
    assert room.turns[-1].intent == "HassGetCurrentTime"


def test_a_hub_that_heard_no_words_costs_no_sentence(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    _ask(room, hub, say)
    hub.say(Error("no text recognized", "stt-no-text-recognized"))
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    assert room.speaker.replies == []


def test_a_wake_word_interrupts_the_hubs_answer(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    room.speaker.slow(True)
    _ask(room, hub, say)
    hub.play(np.tile(TONE, 10))
    assert until(lambda: room.conversation.phase is Phase.SPEAKING)
    room.hear(say("okay nabu what day is it", lead=1.2, tail=1.0))
    assert until(lambda: hub.saw("played"))
    assert [turn.interrupted for turn in room.turns] == [True]
    assert room.hear_silence(lambda: hub.saw("audio-stop", 2))
    assert hub.saw("run-pipeline", 2)


def test_stop_silences_the_hubs_answer(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    room.speaker.slow(True)
    _ask(room, hub, say)
    hub.play(np.tile(TONE, 10))
    assert until(lambda: room.conversation.phase is Phase.SPEAKING)
    room.hear(say("stop", lead=1.2, tail=0.8))
    assert until(lambda: hub.saw("played"))
    assert [turn.interrupted for turn in room.turns] == [True]
    assert not hub.saw("run-pipeline", 2)


def test_a_hub_announces(room: HubRoom, hub: ScriptedHub) -> None:
    hub.play(TONE, 16_000)
    assert until(lambda: hub.saw("played"))
    (heard,) = room.speaker.replies
    assert len(heard) == pytest.approx(len(TONE) * 22_050 / 16_000, rel=0.01)
    assert room.turns == []


def test_an_announcement_waits_for_who_is_speaking(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    room.hear(say("okay nabu", lead=1.0, tail=0.3))
    assert until(lambda: hub.saw("run-pipeline"))
    hub.play(TONE)
    sleep(0.5)
    assert room.speaker.replies == []
    assert room.hear_silence(lambda: hub.saw("played"))
    assert [len(reply) for reply in room.speaker.replies] == [len(TONE)]


def test_a_sound_above_the_limit_is_played_as_far_as_it_goes(
    room: HubRoom, hub: ScriptedHub, gate: Gate
) -> None:
    second = np.tile(TONE, 1)
    hub.play(np.tile(second, 125))
    assert until(lambda: hub.saw("played"), 60)
    (heard,) = room.speaker.replies
    assert 100 * 22_050 < len(heard) <= 120 * 22_050


def test_a_ping_is_answered_while_sound_goes_both_ways(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    room.speaker.slow(True)
    _ask(room, hub, say)
    hub.play(np.tile(TONE, 5), end=False)
    hub.say(Ping("in the middle"))
    assert until(lambda: hub.saw("pong"), 2)
    assert room.conversation.phase is Phase.SPEAKING


def test_a_muted_satellite_hears_nothing_and_the_box_answers(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    hub.say(PauseSatellite())
    assert until(room.alone)
    room.hear(say("okay nabu what time is it", lead=1.0, tail=1.0))
    assert room.answered()
    assert [turn.intent for turn in room.turns] == ["HassGetCurrentTime"]
    assert hub.events == []
    hub.say(RunSatellite())
    assert until(room.seated)
    hub.say(Ping())
    assert until(lambda: hub.saw("pong"))


def test_a_muted_satellite_still_announces(room: HubRoom, hub: ScriptedHub) -> None:
    hub.say(PauseSatellite())
    assert until(room.alone)
    hub.play(TONE)
    assert until(lambda: hub.saw("played"))
    assert [len(reply) for reply in room.speaker.replies] == [len(TONE)]


def test_muting_while_an_answer_is_awaited_says_nothing(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    _ask(room, hub, say)
    hub.say(PauseSatellite())
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    assert room.speaker.replies == []


def test_a_timer_of_the_hub_rings_until_it_is_stopped(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    hub.say(TimerStarted("a", 300, name="pizza"), TimerStarted("b", 60), TimerUpdated("a", True, 200))
    hub.say(TimerCancelled("b"), TimerFinished("a"))
    assert until(lambda: bool(room.speaker.replies))
    assert [ring.text for ring in room.assistant.skills.ringing(_now())] == ["Your pizza timer is done."]
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    # The hub must not get this one, or nothing here would fall silent.
    room.hear(say("okay nabu stop", lead=1.0, tail=1.5))
    assert room.answered()
    assert [turn.intent for turn in room.turns] == ["SottoStop"]
    assert room.assistant.skills.ringing(_now()) == []
    assert not hub.saw("run-pipeline")


def test_what_the_box_does_not_understand_while_something_rings_goes_to_the_hub(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    hub.say(TimerFinished("a"))
    assert until(lambda: bool(room.assistant.skills.ringing(_now())))
    _ask(room, hub, say, "okay nabu the cat sat on the mat")
    assert hub.saw("run-pipeline")
    hub.play(TONE)
    assert until(lambda: any(turn.label == "room hub" for turn in room.turns))


def _now() -> datetime:
    return datetime.now().astimezone()


def test_what_the_hub_says_and_does_is_told_as_events(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    _ask(room, hub, say)
    hub.say(Transcript("what time is it"), Synthesize("Half past nine."))
    hub.play(TONE)
    assert until(lambda: bool(room.turns))
    told = [(event.kind.value, event.data.get("text")) for event in room.events if "text" in event.data]
    assert told == [("transcript", "what time is it"), ("reply", "Half past nine.")]


def test_a_hub_for_the_unknown_hears_nothing_of_what_the_box_understands(
    unknown: tuple[HubRoom, Gate], say: Say
) -> None:
    room, gate = unknown
    with _hub(room, gate) as hub:
        room.hear(say("okay nabu what time is it", lead=1.0, tail=1.0))
        assert room.answered()
        assert [turn.intent for turn in room.turns] == ["HassGetCurrentTime"]
        assert hub.events == []
    room.forget()


def test_a_hub_for_the_unknown_gets_the_rest_whole(unknown: tuple[HubRoom, Gate], say: Say) -> None:
    room, gate = unknown
    with _hub(room, gate) as hub:
        _ask(room, hub, say, "okay nabu the cat sat on the mat")
        assert _kinds(hub) == ["detection", "run-pipeline", "audio-start", "audio-chunk", "audio-stop"]
        assert "sat on the mat" in room.assistant.transcribe(hub.sound, free=True).text.lower()
        hub.play(TONE)
        assert until(lambda: hub.saw("played"))
        assert [turn.accepted for turn in room.turns] == [True]
    room.forget()


def test_a_hub_that_comes_back_takes_its_seat_again(room: HubRoom, hub: ScriptedHub, gate: Gate) -> None:
    again = ScriptedHub(gate.satellite_port)
    assert until(lambda: hub.closed)
    assert until(room.seated)
    again.play(TONE)
    assert until(lambda: again.saw("played"))
    again.stop()


def test_the_whole_box_in_a_room_with_a_hub(
    own_box: Box, sound: PulseServer, wav: Callable[..., Path]
) -> None:
    """The daemons as they run, a virtual microphone and loudspeaker."""
    own_box.extra.update(sound.environment)
    own_box.start(microphone=True)
    gate = Gate(own_box, free_port(), free_port(), free_port(), free_port())
    gate.start()
    own_box.run("hubs", "add", "127.0.0.1")
    hub = ScriptedHub(gate.satellite_port)
    path = wav("okay nabu what time is it", lead=1.0, tail=1.5)
    for _ in range(TRIES):
        sound.speak(path).wait(30)
        if until(lambda: hub.saw("audio-stop"), 8):
            break
    assert _kinds(hub)[:4] == ["detection", "run-pipeline", "audio-start", "audio-chunk"]
    tap = sound.tap()
    hub.say(Transcript("what time is it"), Synthesize("Half past nine."))
    hub.play(np.tile(TONE, 2))
    assert until(lambda: hub.saw("played"))
    tap.close()
    heard = tap.samples()
    blocks = heard[: len(heard) // 2205 * 2205].reshape(-1, 2205)
    assert sum(level_dbfs(block) > -30 for block in blocks) >= 5, "half a second of the tone must be audible"
    turn = own_box.lines("turns", "-n", "1", "--json")[0]
    assert (turn["transcript"], turn["reply"]) == ("what time is it", "Half past nine.")
    hub.stop()
    assert gate.stop()[0] == 0
    assert own_box.stop() == 0

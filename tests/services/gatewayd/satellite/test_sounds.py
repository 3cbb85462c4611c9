"""What a hub plays in the room: answers, announcements, timers; and what muting it means."""

from __future__ import annotations

from datetime import datetime
from time import sleep

import numpy as np
import pytest
from wyoming.ping import Ping
from wyoming.satellite import PauseSatellite, RunSatellite
from wyoming.timer import TimerCancelled, TimerFinished, TimerStarted, TimerUpdated

from assistant.turn.settings import Phase
from services.bench.virtual_sound import until
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.satellite.hub import TONE, Say, ScriptedHub, ask
from tests.services.gatewayd.satellite.room import HubRoom


def test_a_wake_word_interrupts_the_hubs_answer(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    room.speaker.slow(True)
    ask(room, hub, say)
    hub.play(np.tile(TONE, 10))
    assert until(lambda: room.conversation.phase is Phase.SPEAKING)
    room.hear(say("okay nabu what day is it", lead=1.2, tail=1.0))
    assert until(lambda: hub.saw("played"))
    assert [turn.interrupted for turn in room.turns] == [True]
    assert room.hear_silence(lambda: hub.saw("audio-stop", 2))
    assert hub.saw("run-pipeline", 2)


def test_stop_silences_the_hubs_answer(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    room.speaker.slow(True)
    ask(room, hub, say)
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
    ask(room, hub, say)
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
    ask(room, hub, say)
    hub.say(PauseSatellite())
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    assert room.speaker.replies == []


def test_a_timer_of_the_hub_rings_until_it_is_stopped(room: HubRoom, hub: ScriptedHub, say: Say) -> None:
    hub.say(TimerStarted("a", 300, name="pizza"), TimerStarted("b", 60), TimerUpdated("a", True, 200))
    hub.say(TimerCancelled("b"), TimerFinished("a"))
    assert until(lambda: bool(room.speaker.replies))
    assert [ring.text for ring in room.assistant.skills.rings.ringing(_now())] == [
        "Your pizza timer is done."
    ]
    assert until(lambda: room.conversation.phase is Phase.IDLE)
    # The hub must not get this one, or nothing here would fall silent.
    room.hear(say("okay nabu stop", lead=1.0, tail=1.5))
    assert room.answered()
    assert [turn.intent for turn in room.turns] == ["SottoStop"]
    assert room.assistant.skills.rings.ringing(_now()) == []
    assert not hub.saw("run-pipeline")


def test_what_the_box_does_not_understand_while_something_rings_goes_to_the_hub(
    room: HubRoom, hub: ScriptedHub, say: Say
) -> None:
    hub.say(TimerFinished("a"))
    assert until(lambda: bool(room.assistant.skills.rings.ringing(_now())))
    ask(room, hub, say, "okay nabu the cat sat on the mat")
    assert hub.saw("run-pipeline")
    hub.play(TONE)
    assert until(lambda: any(turn.label == "room hub" for turn in room.turns))


def _now() -> datetime:
    return datetime.now().astimezone()

"""Continuation, correction, barge-in and coughs, on synthetic speech (espeak-ng) and real models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from assistant.assistant import Assistant
from assistant.audio.convert import Resampler
from assistant.audio.files import read_audio
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples, whole_frames
from assistant.audio.stream_sink import StreamSink
from assistant.events import Event, EventKind
from assistant.settings import Settings, StoreSettings
from assistant.turn.conversation import Conversation
from assistant.turn.partial_pace import PartialPace
from assistant.turn.settings import ConversationSettings, Phase
from assistant.turn.store import Turn
from tests.assistant.conftest import Stream, silence
from tests.assistant.sinks import SlowSink
from tests.hearsay import plain

Say = Callable[..., Samples]
Open = Callable[..., Stream]


@dataclass
class _Room:
    """A conversation under test; its replies last until they are stopped."""

    conversation: Conversation
    playback: SlowSink
    turns: list[Turn] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def hear(self, *sounds: Samples) -> None:
        sound = np.concatenate(sounds)
        for frame in whole_frames(sound):
            self.conversation.feed(frame)

    def ask(self, sound: Samples) -> None:
        """Say something and wait until the reply has begun."""
        self.hear(sound)
        assert self.playback.speaking.wait(20)

    @property
    def reasons(self) -> list[object]:
        return [event.data["reason"] for event in self.events if event.kind is EventKind.INTERRUPTED]


@pytest.fixture
def room(assistant: Assistant) -> Iterator[Callable[..., _Room]]:
    """`room(wake=, echo_free=)`."""
    rooms: list[_Room] = []

    def make(**settings: bool) -> _Room:
        playback = SlowSink()
        made = _Room(None, playback)  # type: ignore[arg-type]
        made.conversation = assistant.conversation(
            playback,
            ConversationSettings(**{"realtime": False, "wake": False, "echo_free": True, **settings}),
            on_event=made.events.append,
            on_turn=made.turns.append,
        )
        rooms.append(made)
        return made

    yield make
    for made in rooms:
        made.playback.stop()
        made.conversation.close()


def _lights(assistant: Assistant, area: str) -> list[bool | None]:
    devices = [d for d in assistant.home.devices if d.area == area and d.domain.value == "light"]
    assert devices
    return [assistant.executor.state(device.id).on for device in devices]


def _darken(assistant: Assistant) -> None:
    assistant.ask("turn off the lights in the bedroom")
    assistant.ask("turn off the lights in the living room")


def test_who_goes_on_has_meant_the_whole(assistant: Assistant, open_stream: Open, say: Say) -> None:
    stream = open_stream()
    _darken(assistant)
    stream.feed(np.concatenate([say("turn on the lights", tail=0.2), say("in the bedroom", tail=1.0)]))
    assert _lights(assistant, "living_room") == [False] * len(_lights(assistant, "living_room"))
    assert all(_lights(assistant, "bedroom"))
    first, second = stream.turns
    assert [event.data["of"] for event in stream.events if event.kind is EventKind.CORRECTED] == [first.id]
    assert dict(second.slots)["area"] == "bedroom"


def test_a_correction_over_the_reply_is_said_once(
    assistant: Assistant, room: Callable[..., _Room], say: Say
) -> None:
    heard = room()
    _darken(assistant)
    heard.ask(say("turn on the lights", tail=0.35))
    heard.hear(say("in the bedroom", lead=0.05, tail=0.5))
    assert "the sentence went on" in heard.reasons
    assert not any(_lights(assistant, "living_room"))
    assert all(_lights(assistant, "bedroom"))
    heard.playback.stop()
    heard.conversation.wait(20)
    assert heard.turns[0].interrupted


def test_a_timer_that_was_begun_too_early_is_taken_back(
    assistant: Assistant, open_stream: Open, say: Say
) -> None:
    stream = open_stream()
    stream.feed(
        np.concatenate([say("set a timer for five minutes", tail=0.2), say("and thirty seconds", tail=1.0)])
    )
    lengths = [timer.length_s for timer in assistant.timers.timers]
    assistant.ask("cancel all timers")
    assert lengths == [330]


def test_what_comes_later_is_a_sentence_of_its_own(assistant: Assistant, open_stream: Open, say: Say) -> None:
    stream = open_stream()
    _darken(assistant)
    stream.feed(np.concatenate([say("turn on the lights", tail=1.8), say("in the bedroom", tail=1.5)]))
    assert any(_lights(assistant, "living_room"))
    assert [turn.accepted for turn in stream.turns] == [True, False]


def test_nothing_is_done_before_the_turn_is_over(assistant: Assistant, open_stream: Open, say: Say) -> None:
    stream = open_stream()
    assistant.ask("turn on the kitchen light")
    frames = iter(say("turn off the kitchen light", tail=1.0)[:32_000].reshape(-1, FRAME_SAMPLES))
    while not any(event.data.get("completeness") == "complete" for event in stream.events):
        stream.feed(next(frames))
    assert all(_lights(assistant, "kitchen"))
    stream.feed(np.concatenate(list(frames)))
    assert not any(_lights(assistant, "kitchen"))


def test_a_sentence_over_the_reply_ends_it(
    assistant: Assistant, room: Callable[..., _Room], say: Say
) -> None:
    heard = room()
    assistant.ask("turn off the kitchen light")
    heard.ask(say("what time is it", tail=0.5))
    heard.hear(say("turn on the kitchen light", lead=1.2, tail=0.6))
    assert heard.reasons == ["barge-in"]
    assert any(_lights(assistant, "kitchen"))


def test_a_cough_over_the_reply_only_lowers_it(room: Callable[..., _Room], say: Say) -> None:
    heard = room()
    heard.ask(say("what time is it", tail=0.5))
    heard.hear(say("hm hm", voice="en-us+f3", lead=1.2, tail=1.5))
    assert heard.reasons == []
    assert heard.conversation.phase is Phase.SPEAKING
    assert heard.playback.ducked, "it was heard"
    assert heard.playback.ducked[-1] == 1.0


def test_its_own_voice_without_echo_cancellation_neither_lowers_nor_stops_it(
    assistant: Assistant, room: Callable[..., _Room], say: Say
) -> None:
    heard = room(wake=True, echo_free=False)
    heard.ask(say("okay nabu what time is it", lead=1.0, tail=0.5))
    resampler = Resampler(assistant.voice.sample_rate, SAMPLE_RATE)
    echo = [resampler.process(chunk) for chunk in assistant.synthesise("It is a quarter past four.")]
    heard.hear(*echo, silence(0.5))
    assert heard.reasons == []
    assert 0.25 not in heard.playback.ducked


def test_what_was_said_so_far_is_published_while_somebody_speaks(
    open_stream: Open, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How many partial transcripts there are depends on what a recognition costs. That is for `test_pauses`;
    # here it costs the same on every machine.
    took = PartialPace.took
    monkeypatch.setattr(PartialPace, "took", lambda pace, _ms: took(pace, 20.0))
    stream = open_stream(realtime=True)
    stream.feed(say("what time is it", tail=1.5))
    stream.events.clear()
    stream.feed(say("what is the temperature in the living room", tail=1.0))
    kinds = [event.kind for event in stream.events]
    before_the_end = kinds[: kinds.index(EventKind.SPEECH_ENDED)]
    partial = [
        str(event.data["text"]).lower()
        for event in stream.events[: len(before_the_end)]
        if event.kind is EventKind.TRANSCRIPT
    ]
    assert len(set(partial)) > 2
    assert any("temperature" in text and "living" not in text for text in partial)


@pytest.mark.parametrize(
    "text", ["turn off the kitchen light", "set a timer for ten minutes", "what day is it"]
)
def test_the_recording_of_a_turn_gives_the_same_turn_again(
    make_assistant: Callable[..., Assistant], say: Say, text: str
) -> None:
    assistant = make_assistant(Settings(store=StoreSettings(keep_audio=True)))

    def turn_of(sound: Samples, *, endpointing: bool) -> Turn:
        turns = list[Turn]()
        conversation = assistant.conversation(
            StreamSink(None, paced=False),
            ConversationSettings(wake=False, realtime=False, endpointing=endpointing),
            on_turn=turns.append,
        )
        for frame in whole_frames(sound):
            conversation.feed(frame)
            conversation.wait()
        conversation.end_of_stream()
        conversation.close()
        return turns[0]

    turn = turn_of(say(text, tail=1.0), endpointing=True)
    again = turn_of(read_audio(assistant.turns.recordings / f"{turn.id}.wav"), endpointing=False)
    assert turn.accepted
    # The turn was recognised in its first silence, the recording with all that followed: whether a full stop
    # or a comma ends the sentence depends on that, and on the processor.
    words, words_again = plain(turn.transcript), plain(again.transcript)
    assert (words_again, again.intent, again.slots) == (words, turn.intent, turn.slots)
    assistant.close()

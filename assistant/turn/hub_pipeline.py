"""Where a hub takes its seat in a room: which turns are told to it, and what becomes of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.events import EventBus, EventKind
from assistant.hearing.ears import Ears
from assistant.turn.hub_turn import (
    DUPLICATE,
    ECHO_S,
    HUB_FAILED,
    HUB_GONE,
    NO_ANSWER,
    PRE_ROLL_MS,
    SILENT_CODES,
    HandoverSettings,
    HubTurn,
    PipelineHub,
)
from assistant.turn.listener import UserTurn
from assistant.turn.playback import OnFirst, Playback
from assistant.turn.recorder import Records, Stopwatch
from assistant.turn.settings import Phase
from assistant.turn.utterance import Speech, speech_from

log = logging.getLogger(__name__)

OnDone = Callable[[bool], None]


class Floor(Protocol):
    """What a hub's seat may do in a conversation."""

    @property
    def phase(self) -> Phase:
        """Where it is now."""

    def commit(self) -> None:
        """The sentence being heard is over."""

    def speak(self, speech: Speech, on_first: OnFirst, on_done: OnDone, turn_id: str) -> None:
        """Speak now."""

    def play(self, speech: Speech, on_done: OnDone) -> bool:
        """Speak, unless somebody is heard or answered."""

    def rest(self) -> None:
        """Wait for the next one."""


class HubPipeline:
    """Seats at most one hub. The first group of methods is the conversation's, which holds its lock then;
    the second is the hub's, from any thread.

    Args:
        floor: the conversation.
        lock: of the conversation.
        ears, playback, records: of the conversation.
        bus: told of what the hub says.
        settings: what a hub is given.
        keeps: whether the box listens itself first, whatever is set: "stop" must silence what rings here.
    """

    def __init__(
        self,
        floor: Floor,
        lock: AbstractContextManager[bool],
        ears: Ears,
        playback: Playback,
        records: Records,
        bus: EventBus,
        settings: HandoverSettings,
        keeps: Callable[[], bool],
    ) -> None:
        self._floor = floor
        self._lock = lock
        self._ears = ears
        self._playback = playback
        self._bus = bus
        self._settings = settings
        self._keeps = keeps
        self._records = records
        self._hub: PipelineHub | None = None
        self._turn: HubTurn | None = None
        #: Where in the stream the last turn of a hub began, and the one before.
        self._last = self._before = -ECHO_S * SAMPLE_RATE

    # -- the conversation's side ---------------------------------------------------------------------

    def offer(self, turn: UserTurn) -> None:
        """A wake word has opened `turn`: it is the hub's, if one sits here that takes everything."""
        if self._hub is not None and self._settings.everything and not self._keeps():
            turn.for_hub = True
            self._turn = self._begin(self._hub, turn, turn.earliest)

    def pass_on(self, turn: UserTurn, start: int, text: str) -> bool:
        """The box does not understand `turn`, heard from sample `start` on: the hub, if there is one, may.

        Returns:
            Whether the hub has it.
        """
        if self._hub is None or turn.had_hub:
            return False
        self._turn = self._begin(self._hub, turn, start)
        self._turn.text = text
        return True

    def tell(self) -> None:
        """Pass on what was heard of the hub's turn."""
        if self._turn is not None:
            self._turn.tell(self._ears)

    def end_of_sentence(self, watch: Stopwatch) -> None:
        """The hub's turn was heard; its answer is awaited from now on."""
        if self._turn is not None:
            self._turn.end(self._ears, watch)

    def look_at_the_clock(self, now: float) -> None:
        """End a wait that has lasted too long; `now` is a `perf_counter` value."""
        turn = self._turn
        if turn is not None and turn.is_late(now, self._settings) and self._floor.phase is Phase.WAITING:
            self._lose(turn, NO_ANSWER)

    def drop(self) -> None:
        """Something else begins, or ends: nothing is awaited of the hub any more."""
        turn, self._turn = self._turn, None
        if turn is None or turn.answering:
            return  # who speaks the answer ends its record
        if turn.watch is None:
            turn.hub.end()
        else:
            self._finish(turn, interrupted=True)

    # -- the hub's side ------------------------------------------------------------------------------

    @property
    def takes(self) -> str:
        """What a hub is given: "everything" or "unknown"."""
        return self._settings.takes

    def take(self, hub: PipelineHub) -> None:
        """Sit down, in the place of whoever sits there."""
        with self._lock:
            if self._hub is not None:
                self._hub.unseated()
                self.leave(self._hub)
            self._hub = hub
            self._bus.publish(EventKind.HUB, state="attached", takes=self._settings.takes)

    def leave(self, hub: PipelineHub, *, quietly: bool = False) -> None:
        """Get up. What it was being told the box answers by itself; of an answer that does not come, the box
        says so, unless the hub goes `quietly`: somebody has muted it."""
        with self._lock:
            if self._hub is not hub:
                return
            self._hub = None
            self._bus.publish(EventKind.HUB, state="detached")
            turn = self._turn_of(hub)
            if turn is None or turn.answering:
                return
            if turn.watch is None:
                self._keep(turn)
            elif quietly:
                self._close(turn)
            else:
                self._lose(turn, NO_ANSWER)

    def heard_enough(self, hub: PipelineHub) -> None:
        """The hub takes the sentence for finished before the box does."""
        with self._lock:
            turn = self._turn_of(hub)
            if turn is not None and turn.watch is None:
                self._floor.commit()

    def transcript(self, hub: PipelineHub, text: str) -> None:
        """What the hub took the sentence for."""
        with self._lock:
            self.heard_enough(hub)
            if (turn := self._turn_of(hub)) is not None:
                turn.said(text=text)
                self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=text, final=True)

    def reply(self, hub: PipelineHub, text: str) -> None:
        """What the hub is going to say; an empty text is an answer, too, and ends the turn."""
        with self._lock:
            if (turn := self._turn_of(hub)) is not None:
                turn.said(reply=text)
                self._bus.publish(EventKind.REPLY, turn.id, text=text)
                if not text.strip() and not turn.answering:
                    self.heard_enough(hub)
                    turn.answering = True
                    self._close(turn)

    def failed(self, hub: PipelineHub, code: str, text: str) -> None:
        """The hub cannot answer."""
        with self._lock:
            turn = self._turn_of(hub)
            self._bus.publish(EventKind.WARNING, turn.id if turn else "", code=code, message=text)
            if turn is None or turn.answering:
                return
            if code == DUPLICATE and self._last - self._before < ECHO_S * SAMPLE_RATE:
                code = f"{code}-of-ours"
            if code in SILENT_CODES:
                self._close(turn)
            elif turn.watch is None:
                self._keep(turn)
            else:
                self._lose(turn, HUB_FAILED)

    def play(self, hub: PipelineHub, sound: Speech, is_missed: Callable[[], bool], on_done: OnDone) -> bool:
        """Play a sound of the hub: as its answer if one is awaited, else as an announcement.

        Args:
            hub: whose.
            sound: at the rate of the box's voice.
            is_missed: whether there should have been more of it; asked at its end.
            on_done: told when it has sounded; whether all of it was heard.

        Returns:
            False while somebody is heard or answered: try again.
        """
        with self._lock:
            turn = self._turn_of(hub)
            if turn is None or turn.answering or turn.watch is None:
                return self._floor.play(sound, on_done)
            turn.answering = True
            answer = replace(sound, chunks=self._with_last_words(sound, is_missed))
            ended = self._ending(turn, on_done)
            self._floor.speak(answer, turn.clock, ended, turn.id)
            return True

    def _begin(self, hub: PipelineHub, turn: UserTurn, start: int) -> HubTurn:
        self._last, self._before = self._ears.position, self._last
        if start <= turn.earliest:
            start = max(0, start - PRE_ROLL_MS * SAMPLE_RATE // 1000)
        return HubTurn.begin(hub, turn, start)

    def _with_last_words(self, sound: Speech, is_missed: Callable[[], bool]) -> Iterator[Samples]:
        yield from sound.chunks
        if is_missed():
            yield from self._playback.voice.stream(HUB_GONE)

    def _ending(self, turn: HubTurn, on_done: OnDone) -> OnDone:
        def ended(finished: bool) -> None:
            with self._lock:
                if self._turn is turn:
                    self._turn = None
            self._finish(turn, interrupted=not finished)
            on_done(finished)

        return ended

    def _finish(self, turn: HubTurn, *, interrupted: bool = False) -> None:
        self._records.finish(turn.record(f"{self._records.label} hub", interrupted=interrupted), None)

    def _turn_of(self, hub: PipelineHub) -> HubTurn | None:
        return self._turn if self._turn is not None and self._turn.hub is hub else None

    def _keep(self, turn: HubTurn) -> None:
        """The box listens on, and answers by itself."""
        turn.listening.for_hub, turn.listening.had_hub = False, True
        self._turn = None

    def _close(self, turn: HubTurn) -> None:
        """The turn is over without a word."""
        self._turn = None
        self._finish(turn)
        self._floor.rest()

    def _lose(self, turn: HubTurn, sentence: str) -> None:
        """The sentence is gone, and whoever said it should know."""
        self._turn = None
        turn.reply = sentence
        self._bus.publish(EventKind.REPLY, turn.id, text=sentence)

        def ended(finished: bool) -> None:
            self._finish(turn, interrupted=not finished)

        self._floor.speak(speech_from(self._playback.voice, sentence), turn.clock, ended, turn.id)

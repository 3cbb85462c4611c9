"""The hub pipeline: a hub answers turns instead of the box.

Everything here runs under the lock of the conversation, and returns effects, which the conversation carries
out. A hub calls `hub_port.HubPort`, from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.events import EventKind
from assistant.skills.common_lines import HUB_FAILED, HUB_GONE, HUB_SILENT
from assistant.skills.lines import Line
from assistant.turn.answer import Announce, Await, Effect, EndOfTurn, OnDone, Rest, RunStep, Speak
from assistant.turn.context import StreamContext
from assistant.turn.hub_turn import (
    DUPLICATE,
    ECHO_S,
    PRE_ROLL_MS,
    SILENT_CODES,
    HubTurn,
    PipelineHub,
)
from assistant.turn.recorder import Recorder, Stopwatch
from assistant.turn.user_turn import UserTurn
from assistant.turn.utterance import Speech, speech_from


class HubPipeline:
    """Gives turns to at most one hub.

    Args:
        context: of the stream.
        recorder: of the stream.
        run: runs a step under the lock of the conversation.
    """

    def __init__(self, context: StreamContext, recorder: Recorder, run: RunStep) -> None:
        self._ears = context.ears
        self._voice = context.voice
        self._replies = context.dialogue.replies
        self._bus = context.bus
        self.settings = context.hub
        self._label = f"{context.label} hub"
        #: While something rings, the box answers first, whatever is set: "stop" must silence the ring.
        self._rings = context.dialogue.rings
        self._recorder = recorder
        self._run = run
        self._hub: PipelineHub | None = None
        self._turn: HubTurn | None = None
        #: Positions of the stream at which the newest turn of a hub began, and the one before.
        self._began = (-ECHO_S * SAMPLE_RATE, -ECHO_S * SAMPLE_RATE)

    # -- as an answerer ------------------------------------------------------------------------------

    def offer(self, turn: UserTurn) -> None:
        """A wake word has opened `turn`: it goes to the hub, if there is one that takes everything."""
        if self._hub is not None and self.settings.everything and not self._rings():
            turn.for_hub = True
            self._turn = self._begin(self._hub, turn, turn.opening.earliest)

    def take_over(self, turn: UserTurn, text: str, watch: Stopwatch) -> Effect | None:
        """The grammar rejects `turn`: the hub answers it, if there is one; else None."""
        if self._hub is None or turn.hub_failed:
            return None
        self._turn = self._begin(self._hub, turn, turn.start)
        self._turn.text = text
        return self.answer(turn, watch)

    def hear(self, turn: UserTurn) -> None:
        """A frame of the turn was heard: it is sent to the hub, if the hub has the turn."""
        if self._turn is not None and self._turn.turn is turn:
            self._turn.send(self._ears)

    def answer(self, turn: UserTurn, watch: Stopwatch) -> Effect:
        """The utterance is over: wait for the answer of the hub."""
        if self._turn is not None:
            self._turn.end(self._ears, watch)
        return Await(turn.id)

    def check_deadline(self, now: float) -> Effect | None:
        """End a wait that has lasted too long; `now` is a `perf_counter` value. Only while waiting."""
        turn = self._turn
        if turn is not None and turn.is_late(now, self.settings):
            return self._apologise(turn, HUB_SILENT)
        return None

    def drop(self) -> None:
        """Another turn begins, or this one was abandoned: do not wait for the hub any longer."""
        turn, self._turn = self._turn, None
        if turn is None or turn.answering:
            return  # the record is finished when the answer has been played
        if turn.watch is None:
            turn.hub.end()
        else:
            self._finish(turn, interrupted=True)

    # -- what the hub reports ------------------------------------------------------------------------

    def attach(self, hub: PipelineHub) -> Effect | None:
        """This hub answers from now on, instead of any other one."""
        effect = None
        if (before := self._hub) is not None:
            before.replaced()
            effect = self.detach(before)
        self._hub = hub
        self._bus.publish(EventKind.HUB, state="attached", takes=self.settings.takes)
        return effect

    def detach(self, hub: PipelineHub, *, quietly: bool = False) -> Effect | None:
        """The hub does not answer any more.

        A turn that it is hearing goes to the box. If its answer is awaited, the box says that none came,
        unless the hub is detached `quietly`, because somebody has muted it.
        """
        if self._hub is not hub:
            return None
        self._hub = None
        self._bus.publish(EventKind.HUB, state="detached")
        turn = self._turn_of(hub)
        if turn is None or turn.answering:
            return None
        if turn.watch is None:
            self._keep(turn)
            return None
        return self._close(turn) if quietly else self._apologise(turn, HUB_SILENT)

    def end_of_speech(self, hub: PipelineHub) -> Effect | None:
        """The hub has found the end of the utterance before the box did."""
        turn = self._turn_of(hub)
        return EndOfTurn() if turn is not None and turn.watch is None else None

    def transcript(self, hub: PipelineHub, text: str) -> None:
        """The hub has recognised the utterance."""
        if (turn := self._turn_of(hub)) is not None:
            turn.said(text=text)
            self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=text, final=True)

    def reply(self, hub: PipelineHub, text: str) -> None:
        """The hub is going to say `text`."""
        if (turn := self._turn_of(hub)) is not None:
            turn.said(reply=text)
            self._bus.publish(EventKind.REPLY, turn.id, text=text)

    def answered_silently(self, hub: PipelineHub) -> Effect | None:
        """The hub answers without saying anything."""
        turn = self._turn_of(hub)
        if turn is None or turn.answering:
            return None
        turn.answering = True
        return self._close(turn)

    def failed(self, hub: PipelineHub, code: str, text: str) -> Effect | None:
        """The hub cannot answer."""
        turn = self._turn_of(hub)
        self._bus.publish(EventKind.WARNING, turn.id if turn else "", code=code, message=text)
        if turn is None or turn.answering:
            return None
        newest, before = self._began
        if code == DUPLICATE and newest - before < ECHO_S * SAMPLE_RATE:
            code = f"{code}-of-ours"
        if code in SILENT_CODES:
            return self._close(turn)
        if turn.watch is None:
            self._keep(turn)
            return None
        return self._apologise(turn, HUB_FAILED)

    def play(self, hub: PipelineHub, sound: Speech, is_missed: Callable[[], bool], on_done: OnDone) -> Effect:
        """Play a sound of the hub, as its answer or as an announcement; see `HubPort.play`."""
        turn = self._turn_of(hub)
        if turn is None or turn.answering or turn.watch is None:
            return Announce(sound, on_done)
        turn.answering = True
        answer = replace(sound, chunks=self._with_last_words(sound, is_missed))
        return Speak(answer, turn.id, turn.begins_to_sound, self._ending(turn, on_done))

    # -- inside --------------------------------------------------------------------------------------

    def _begin(self, hub: PipelineHub, turn: UserTurn, start: int) -> HubTurn:
        self._began = (self._ears.position, self._began[0])
        if start <= turn.opening.earliest:
            start = max(0, start - PRE_ROLL_MS * SAMPLE_RATE // 1000)
        return HubTurn.begin(hub, turn, start)

    def _with_last_words(self, sound: Speech, is_missed: Callable[[], bool]) -> Iterator[Samples]:
        yield from sound.chunks
        if is_missed():
            yield from self._voice.stream(self._replies.text(HUB_GONE))

    def _ending(self, turn: HubTurn, on_done: OnDone) -> OnDone:
        def forget() -> None:
            if self._turn is turn:
                self._turn = None

        def ended(finished: bool) -> None:
            self._run(forget)
            self._finish(turn, interrupted=not finished)
            on_done(finished)

        return ended

    def _finish(self, turn: HubTurn, *, interrupted: bool = False) -> None:
        self._recorder.finish(turn.record(self._label, interrupted=interrupted), None)

    def _turn_of(self, hub: PipelineHub) -> HubTurn | None:
        return self._turn if self._turn is not None and self._turn.hub is hub else None

    def _keep(self, turn: HubTurn) -> None:
        """The turn goes on, and the box answers it."""
        turn.turn.for_hub, turn.turn.hub_failed = False, True
        self._turn = None

    def _close(self, turn: HubTurn) -> Effect:
        """The turn is over without a reply."""
        self._turn = None
        self._finish(turn)
        return Rest()

    def _apologise(self, turn: HubTurn, line: Line) -> Effect:
        """The turn is lost, and whoever spoke should know."""
        sentence = self._replies.text(line)
        self._turn = None
        turn.reply = sentence
        self._bus.publish(EventKind.REPLY, turn.id, text=sentence)

        def ended(finished: bool) -> None:
            self._finish(turn, interrupted=not finished)

        return Speak(speech_from(self._voice, sentence), turn.id, turn.begins_to_sound, ended)

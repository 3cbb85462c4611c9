"""The interface for a hub that answers turns."""

from __future__ import annotations

from collections.abc import Callable

from assistant.turn.answer import Effect, OnDone, RunStep
from assistant.turn.hub_pipeline import HubPipeline
from assistant.turn.hub_turn import PipelineHub
from assistant.turn.utterance import Speech


class HubPort:
    """What a hub may do in a conversation. Every method may be called from any thread.

    Args:
        pipeline: of the stream.
        run: runs a step under the lock of the conversation, and carries out the effect that it returns.
    """

    def __init__(self, pipeline: HubPipeline, run: RunStep) -> None:
        self._pipeline = pipeline
        self._run = run

    @property
    def takes(self) -> str:
        """Which turns a hub gets: "everything" or "unknown"; see `HubPipelineSettings`."""
        return self._pipeline.settings.takes

    def attach(self, hub: PipelineHub) -> None:
        """This hub answers from now on, instead of any other one."""
        self._run(lambda: self._pipeline.attach(hub))

    def detach(self, hub: PipelineHub, *, quietly: bool = False) -> None:
        """The hub does not answer any more; see `HubPipeline.detach`."""
        self._run(lambda: self._pipeline.detach(hub, quietly=quietly))

    def end_of_speech(self, hub: PipelineHub) -> None:
        """The hub has found the end of the utterance before the box did."""
        self._run(lambda: self._pipeline.end_of_speech(hub))

    def transcript(self, hub: PipelineHub, text: str) -> None:
        """The hub has recognised the utterance, which is over then."""

        def step() -> None:
            self.end_of_speech(hub)
            self._pipeline.transcript(hub, text)

        self._run(step)

    def reply(self, hub: PipelineHub, text: str) -> None:
        """The hub is going to say `text`. An empty text is an answer, too, and ends the turn."""

        def step() -> Effect | None:
            self._pipeline.reply(hub, text)
            if text.strip():
                return None
            self.end_of_speech(hub)
            return self._pipeline.answered_silently(hub)

        self._run(step)

    def failed(self, hub: PipelineHub, code: str, text: str) -> None:
        """The hub cannot answer."""
        self._run(lambda: self._pipeline.failed(hub, code, text))

    def play(self, hub: PipelineHub, sound: Speech, is_missed: Callable[[], bool], on_done: OnDone) -> bool:
        """Play a sound of the hub: as its answer if one is awaited, else as an announcement.

        Args:
            hub: which one.
            sound: at the rate of the box's voice.
            is_missed: called at the end of the sound: whether there should have been more of it.
            on_done: called at the end of playback, with whether all of it was played.

        Returns:
            False while a turn is heard or answered: try again later.
        """
        return self._run(lambda: self._pipeline.play(hub, sound, is_missed, on_done))

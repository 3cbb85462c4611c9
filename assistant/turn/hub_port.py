"""The way in of a hub that answers turns."""

from __future__ import annotations

from collections.abc import Callable

from assistant.turn.answer import Effect, OnDone, RunStep
from assistant.turn.hub_pipeline import HubPipeline
from assistant.turn.hub_turn import PipelineHub
from assistant.turn.utterance import Speech


class HubPort:
    """What a hub may do in a conversation; every method may be called from any thread.

    Args:
        pipeline: of the stream.
        run: runs a step under the conversation's lock and carries out what it returns.
    """

    def __init__(self, pipeline: HubPipeline, run: RunStep) -> None:
        self._pipeline = pipeline
        self._run = run

    @property
    def takes(self) -> str:
        """What a hub is given: "everything" or "unknown"."""
        return self._pipeline.settings.takes

    def attach(self, hub: PipelineHub) -> None:
        """This hub answers from now on, in the place of any other."""
        self._run(lambda: self._pipeline.attach(hub))

    def detach(self, hub: PipelineHub, *, quietly: bool = False) -> None:
        """The hub answers no longer; see `HubPipeline.detach`."""
        self._run(lambda: self._pipeline.detach(hub, quietly=quietly))

    def end_of_speech(self, hub: PipelineHub) -> None:
        """The hub takes the utterance for finished before the box does."""
        self._run(lambda: self._pipeline.end_of_speech(hub))

    def transcript(self, hub: PipelineHub, text: str) -> None:
        """What the hub took the utterance for, which it takes for finished then."""

        def step() -> None:
            self.end_of_speech(hub)
            self._pipeline.transcript(hub, text)

        self._run(step)

    def reply(self, hub: PipelineHub, text: str) -> None:
        """What the hub is going to say; an empty text is an answer, too, and ends the turn."""

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
            hub: whose.
            sound: at the rate of the box's voice.
            is_missed: whether there should have been more of it; asked at its end.
            on_done: called when it has sounded, with whether all of it was heard.

        Returns:
            False while somebody is heard or answered: try again.
        """
        return self._run(lambda: self._pipeline.play(hub, sound, is_missed, on_done))

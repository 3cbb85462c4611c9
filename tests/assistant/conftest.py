"""A whole assistant with real models, shared by the tests that need one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from assistant.assistant import Assistant
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.stream_sink import StreamSink
from assistant.events import Event
from assistant.models.store import ModelStore
from assistant.settings import Settings
from assistant.skills.volume_control import SavedVolume
from assistant.turn.conversation import Conversation
from assistant.turn.settings import ConversationSettings
from assistant.turn.store import Turn
from common.paths import models_dir


@pytest.fixture(scope="session")
def models() -> Path:
    """Root of the prepared models; skips where `make setup` has not been run."""
    root = models_dir()
    if ModelStore(root).verify():
        pytest.skip(f"the models in {root} are not complete; run `make setup`")
    return root


@pytest.fixture(scope="session")
def make_assistant(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Assistant]:
    """`make_assistant(settings)`: an assistant with a state folder of its own."""

    def make(settings: Settings | None = None) -> Assistant:
        state = tmp_path_factory.mktemp("state")
        return Assistant(settings or Settings(), models, state, SavedVolume(state / "volume.json"))

    return make


@pytest.fixture(scope="module")
def assistant(make_assistant: Callable[..., Assistant]) -> Iterator[Assistant]:
    """An assistant in the sample home, for the tests of one module."""
    assistant = make_assistant()
    yield assistant
    assistant.close()


def silence(seconds: float) -> Samples:
    """Nothing, 16 kHz int16."""
    return np.zeros(int(seconds * SAMPLE_RATE), np.int16)


@dataclass
class Stream:
    """A conversation under test and all that came out of it."""

    conversation: Conversation
    turns: list[Turn] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    reply: list[Samples] = field(default_factory=list)

    def feed(self, audio: Samples) -> None:
        """Feed faster than real time; each reply is waited for, so that runs are alike."""
        for frame in np.pad(audio, (0, -len(audio) % FRAME_SAMPLES)).reshape(-1, FRAME_SAMPLES):
            self.conversation.feed(frame)
            self.conversation.wait()

    @property
    def kinds(self) -> list[str]:
        return [event.kind.value for event in self.events]


@pytest.fixture
def open_stream(assistant: Assistant) -> Iterator[Callable[..., Stream]]:
    """`open_stream(wake=True, endpointing=True)`: a conversation that is not in real time."""
    opened: list[Stream] = []

    def make(**settings: object) -> Stream:
        stream = Stream(None)  # type: ignore[arg-type]
        stream.conversation = assistant.conversation(
            StreamSink(lambda samples, _rate: stream.reply.append(samples), paced=False),
            ConversationSettings(**{"realtime": False, "wake": False, **settings}),  # type: ignore[arg-type]
            on_event=stream.events.append,
            on_turn=stream.turns.append,
        )
        opened.append(stream)
        return stream

    yield make
    for stream in opened:
        stream.conversation.close()

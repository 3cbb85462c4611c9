"""Who answers a program: the running daemon if there is one, else the library in this process."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, sleep
from types import TracebackType
from typing import Protocol

import numpy as np

from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.errors import Conflict
from assistant.paths import models_dir, socket_path, state_dir
from assistant.turns import Turn, TurnStore

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ListenOptions:
    """How a recording is heard; see `ConverseStart` in the wire contract."""

    label: str = ""
    wake: bool = False
    realtime: bool = False
    reply_audio: bool = False


@dataclass
class Reply:
    """Reply audio that came with a turn; empty unless it was asked for."""

    rate: int = 22_050
    parts: list[Samples] = field(default_factory=list)

    @property
    def samples(self) -> Samples:
        """All of it, int16."""
        return np.concatenate(self.parts) if self.parts else np.zeros(0, np.int16)


class Backend(Protocol):
    """What the command line needs from an assistant."""

    def listen(self, audio: Samples, options: ListenOptions) -> list[tuple[Turn, Reply]]:
        """Hear a recording; at least one turn, the last without words if nothing was understood."""

    def ask(self, query: str) -> Turn:
        """Answer a typed sentence."""

    def say(self, text: str) -> tuple[int, Iterable[Samples]]:
        """Sample rate and chunks of speech."""

    def turns(self, limit: int) -> list[Turn]:
        """Stored turns, newest first."""

    def __enter__(self) -> Backend: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_backend(
    config: Path | None = None,
    *,
    sentences: tuple[Path, ...] = (),
    builtin: bool = True,
    models: bool = True,
) -> Backend:
    """The daemon if it answers and its sentences are wanted, else the library in this process.

    Args:
        config: settings file of the in-process assistant.
        sentences, builtin: sentences for this call only; a daemon has its own, so these mean in-process.
        models: whether more than stored turns will be asked for.
    """
    if not sentences and builtin and config is None and socket_path().exists():
        from services.client import RemoteBackend

        remote = RemoteBackend(socket_path())
        if remote.answers():
            return remote
    if not models:
        return _StoreBackend()
    return LocalBackend(config, sentences, builtin)


def frames_of(audio: Samples, *, realtime: bool) -> Iterator[Samples]:
    """10 ms frames of a recording, at the pace of a microphone if `realtime`; the last is padded."""
    started = perf_counter()
    padded = np.pad(audio, (0, -len(audio) % FRAME_SAMPLES))
    for number, frame in enumerate(padded.reshape(-1, FRAME_SAMPLES)):
        if realtime:
            due = started + (number + 1) * FRAME_SAMPLES / SAMPLE_RATE
            sleep(max(0.0, due - perf_counter()))
        yield frame


def nothing_heard(label: str) -> Turn:
    """The turn of a recording in which nobody spoke."""
    return Turn(id="", time=0.0, transcript="", accepted=False, label=label)


class LocalBackend:
    """The assistant in this process.

    While a daemon owns the state (timers, home), a copy in a scratch folder is used, so that two
    assistants never write the same files; what is said then changes nothing in the house.
    """

    def __init__(self, config: Path | None, sentences: tuple[Path, ...], builtin: bool) -> None:
        from assistant.assistant import Assistant
        from assistant.settings import load_settings
        from assistant.skills.volume import SavedVolume
        from services.lock import StateLock

        settings = load_settings(config)
        settings = replace(
            settings,
            sentences=(*settings.sentences, *sentences),
            builtin_sentences=builtin and settings.builtin_sentences,
        )
        state = state_dir()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._lock: StateLock | None = None
        try:
            self._lock = StateLock(state)
        except Conflict:
            self._scratch = tempfile.TemporaryDirectory(prefix="sotto-")
            state = Path(self._scratch.name)
            print(
                "sotto: the running assistant keeps its own sentences; this is a rehearsal beside it",
                file=sys.stderr,
            )
        self._assistant = Assistant(settings, models_dir(), state, SavedVolume(state / "volume.json"))

    def listen(self, audio: Samples, options: ListenOptions) -> list[tuple[Turn, Reply]]:
        """Hear a recording."""
        from assistant.audio.stream_sink import StreamSink
        from assistant.conversation import ConversationSettings

        heard: list[tuple[Turn, Reply]] = []
        reply = Reply()

        def collect(samples: Samples, rate: int) -> None:
            reply.rate = rate
            reply.parts.append(samples)

        def finished(turn: Turn) -> None:
            heard.append((turn, Reply(reply.rate, list(reply.parts))))
            reply.parts.clear()

        conversation = self._assistant.conversation(
            StreamSink(collect if options.reply_audio else None, paced=options.realtime),
            ConversationSettings(
                wake=options.wake,
                realtime=options.realtime,
                endpointing=options.wake or options.realtime,
            ),
            label=options.label,
            on_turn=finished,
        )
        for frame in frames_of(audio, realtime=options.realtime):
            conversation.feed(frame)
            if not options.realtime:
                conversation.wait()
        conversation.end_of_stream()
        conversation.close()
        return heard or [(nothing_heard(options.label), Reply())]

    def ask(self, query: str) -> Turn:
        """Answer a typed sentence."""
        return self._assistant.ask(query)

    def say(self, text: str) -> tuple[int, Iterable[Samples]]:
        """Sample rate and chunks of speech."""
        return self._assistant.voice.sample_rate, self._assistant.synthesise(text)

    def turns(self, limit: int) -> list[Turn]:
        """Stored turns, newest first."""
        return self._assistant.turns.newest(limit)

    def __enter__(self) -> LocalBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._assistant.close()
        if self._lock is not None:
            self._lock.release()
        if self._scratch is not None:
            self._scratch.cleanup()


class _StoreBackend(LocalBackend):
    """Only the stored turns, without loading any model."""

    def __init__(self) -> None:
        self._turns = TurnStore(state_dir())

    def turns(self, limit: int) -> list[Turn]:
        """Stored turns, newest first."""
        return self._turns.newest(limit)

    def __exit__(self, *_: object) -> None:
        self._turns.close()

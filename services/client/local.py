"""Who answers a program: the running daemon if there is one, else the library in this process."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, sleep
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.turn.store import Turn, TurnStore
from common.errors import Conflict, Unavailable
from common.paths import models_dir, socket_path, state_dir

if TYPE_CHECKING:
    from services.client.remote import RemoteBackend

log = logging.getLogger(__name__)

#: An assistant that starts or stops, or another command, holds the state without answering; wait so long.
_WAIT_S = 15.0
_WAIT_STEP_S = 1.0
#: Silence that follows a recording in real time at most: longer than any wait for the end of a turn.
_ROOM_S = 2.5


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
    before_local: Callable[[], None] = lambda: None,
) -> Backend:
    """The daemon if it answers and its sentences are wanted, else the library in this process.

    Args:
        config: settings of this call only.
        sentences, builtin: sentences of this call only. A daemon has its own sentences and settings, so
            any of these means in-process, and a rehearsal while a daemon runs.
        before_local: called before an assistant is made in this process, which needs the models.

    Raises:
        Conflict: an assistant is running but does not answer.
    """
    own = bool(sentences) or not builtin or config is not None
    if not own and (remote := _daemon()) is not None:
        return remote
    before_local()
    give_up = perf_counter() + _WAIT_S
    while True:
        try:
            return LocalBackend(config, sentences, builtin, rehearse=own)
        except Conflict:
            # Somebody else is at it for a moment, or a daemon took the state and has no socket yet.
            if (remote := _daemon()) is not None:
                return remote
            if perf_counter() > give_up:
                raise


def open_store() -> Backend | StoreBackend:
    """Who knows the stored turns: the daemon, or the store itself; no model is loaded for it."""
    return _daemon() or StoreBackend()


def open_daemon() -> RemoteBackend:
    """The running assistant: only it has a room to speak in.

    Raises:
        Unavailable: none is running.
    """
    if (remote := _daemon()) is not None:
        return remote
    raise Unavailable(
        f"no assistant answers on {socket_path()}",
        hint="start one with `sotto run`, or see how its service is",
        code="daemon.absent",
    )


def _daemon() -> RemoteBackend | None:
    if not socket_path().exists():
        return None
    from services.client.remote import RemoteBackend

    remote = RemoteBackend(socket_path())
    return remote if remote.answers() else None


def frames_of(
    audio: Samples, *, realtime: bool, more: Callable[[], bool] = lambda: False
) -> Iterator[Samples]:
    """10 ms frames of a recording; the last one is padded.

    Args:
        audio: int16, 16 kHz.
        realtime: at the pace of a microphone.
        more: asked after the recording; while it says so, silence follows, up to `_ROOM_S` seconds: a
            microphone does not end with the sentence.
    """
    started = perf_counter()
    padded = np.pad(audio, (0, -len(audio) % FRAME_SAMPLES))
    frames = padded.reshape(-1, FRAME_SAMPLES)
    silence = np.zeros(FRAME_SAMPLES, np.int16)
    for number in range(len(frames) + int(_ROOM_S * SAMPLE_RATE) // FRAME_SAMPLES):
        if number >= len(frames) and not more():
            return
        if realtime:
            due = started + (number + 1) * FRAME_SAMPLES / SAMPLE_RATE
            sleep(max(0.0, due - perf_counter()))
        yield frames[number] if number < len(frames) else silence


def nothing_heard(label: str) -> Turn:
    """The turn of a recording in which nobody spoke."""
    return Turn(id="", time=0.0, transcript="", accepted=False, label=label)


class LocalBackend:
    """The assistant in this process.

    Args:
        config, sentences, builtin: as `open_backend` takes them.
        rehearse: what to do while another assistant owns the state. True: work on a scratch copy of it,
            so that what is said changes nothing in the house. False: refuse.

    Raises:
        Conflict: another assistant owns the state and this is no rehearsal.
    """

    def __init__(
        self, config: Path | None, sentences: tuple[Path, ...], builtin: bool, *, rehearse: bool
    ) -> None:
        from assistant.assistant import Assistant
        from assistant.settings import load_settings
        from assistant.skills.volume import SavedVolume
        from services.daemon.lock import StateLock

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
            self._lock = StateLock(state, wait_s=0 if rehearse else _WAIT_STEP_S)
        except Conflict:
            if not rehearse:
                raise
            self._scratch = tempfile.TemporaryDirectory(prefix="sotto-")
            state = _copy_of(state, Path(self._scratch.name))
            print(
                "sotto: an assistant is running; with own sentences or settings this is a rehearsal "
                "on a copy of its state",
                file=sys.stderr,
            )
        self._assistant = Assistant(settings, models_dir(), state, SavedVolume(state / "volume.json"))

    def listen(self, audio: Samples, options: ListenOptions) -> list[tuple[Turn, Reply]]:
        """Hear a recording."""
        from assistant.audio.stream_sink import StreamSink
        from assistant.turn.settings import ConversationSettings

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
        frames = frames_of(audio, realtime=options.realtime, more=lambda: options.realtime and not heard)
        for frame in frames:
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


class StoreBackend:
    """Only the stored turns, without loading any model."""

    def __init__(self) -> None:
        self._turns = TurnStore(state_dir())

    def turns(self, limit: int) -> list[Turn]:
        """Stored turns, newest first."""
        return self._turns.newest(limit)

    def __enter__(self) -> StoreBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._turns.close()


def _copy_of(state: Path, scratch: Path) -> Path:
    """What an assistant needs to know of the house; stored turns stay where they are."""
    for file in state.glob("*.json"):
        shutil.copy2(file, scratch)
    return scratch

"""The assistant in this process."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from assistant.assistant import Assistant
from assistant.audio.format import Samples
from assistant.audio.stream_sink import StreamSink
from assistant.home.config import load_home
from assistant.settings import load_settings
from assistant.skills.volume_control import SavedVolume
from assistant.turn.settings import ConversationSettings
from assistant.turn.store import Turn
from assistant.turn.understood import Understood
from common.errors import Conflict, GrammarError
from common.lock import StateLock
from common.paths import models_dir, state_dir
from services.client.backend import ListenOptions, Reply
from services.client.recording import frames_of, nothing_heard

#: Seconds that one attempt to get the state waits for another command; `services.client.choice` tries again.
_LOCK_WAIT_S = 1.0


class LocalBackend:
    """The assistant in this process.

    Args:
        config, sentences, builtin: as `open_backend` takes them.
        rehearse: what to do while another assistant owns the state. True: work on a temporary copy of it,
            so that commands change nothing in the home. False: refuse.

    Raises:
        Conflict: another assistant owns the state and this is no rehearsal.
        GrammarError: a fault in the sentences of this call. One in those of the settings is only logged.
    """

    def __init__(
        self, config: Path | None, sentences: tuple[Path, ...], builtin: bool, *, rehearse: bool
    ) -> None:
        settings = load_settings(config)
        if settings.home is not None and not settings.hub:
            load_home(settings.home)  # a mistake is an error here; the daemon goes on without it
        settings = replace(
            settings,
            sentences=(*settings.sentences, *sentences),
            builtin_sentences=builtin and settings.builtin_sentences,
        )
        state = state_dir()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._lock: StateLock | None = None
        try:
            self._lock = StateLock(state, wait_s=0 if rehearse else _LOCK_WAIT_S)
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
        for fault in self._assistant.faults.all():
            if fault.message.startswith(tuple(f"{folder}/" for folder in sentences)):
                self.__exit__()
                raise GrammarError(fault.message, hint=fault.hint, code=fault.code)

    def listen(self, audio: Samples, options: ListenOptions) -> list[tuple[Turn, Reply]]:
        """Hear a recording."""
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

    def understand(self, sentence: str) -> Understood:
        """What a sentence would lead to; see `Assistant.understand`."""
        return self._assistant.understand(sentence)

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


def _copy_of(state: Path, scratch: Path) -> Path:
    """Copy the state that an assistant needs to `scratch`; stored turns stay where they are."""
    for file in state.glob("*.json"):
        shutil.copy2(file, scratch)
    return scratch

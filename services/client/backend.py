"""The assistant as a program uses it; `remote` and `local` implement it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

import numpy as np

from assistant.audio.format import VOICE_RATE, Samples
from assistant.turn.store import Turn


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

    rate: int = VOICE_RATE
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

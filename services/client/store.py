"""The stored turns, read without an assistant."""

from __future__ import annotations

from assistant.turn.store import Turn, TurnStore
from common.paths import state_dir


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

"""The memory that recordings of clients may take together while they are decoded and recognised."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import Unavailable

#: Bytes for all recordings together: sixteen commands, or five of the largest recordings.
TOTAL_BYTES = 64 * 1024 * 1024
#: Bytes that a recording of any format takes at most besides its file: 30 s as int16 and float32, and blocks.
RECORDING_BYTES = 5_000_000
#: Seconds that a recording waits for its share.
PATIENCE_S = 10.0


class SoundBudget:
    """Hands out shares of a number of bytes.

    Args:
        total: bytes for all shares together.
        patience_s: seconds that a share is waited for.
    """

    def __init__(self, total: int = TOTAL_BYTES, patience_s: float = PATIENCE_S) -> None:
        self._total = total
        self._free = total
        self._patience_s = patience_s
        self._returned = threading.Condition()

    @contextmanager
    def share(self, size: int) -> Iterator[None]:
        """Hold `size` bytes; a share that is larger than all of them takes all.

        Raises:
            Unavailable: `audio.busy` if others hold too much for longer than `patience_s`.
        """
        size = min(size, self._total)
        with self._returned:
            if not self._returned.wait_for(lambda: self._free >= size, self._patience_s):
                raise Unavailable(
                    f"other recordings hold the {self._total // 2**20} MiB that there are for sound",
                    hint="try again in some seconds",
                    code="audio.busy",
                )
            self._free -= size
        try:
            yield
        finally:
            with self._returned:
                self._free += size
                self._returned.notify_all()

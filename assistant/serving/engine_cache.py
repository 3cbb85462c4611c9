"""What engines have compiled, on disk: bounded, checked when it is read, and never needed."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path

from common.files import read_plain, replace_file

log = logging.getLogger(__name__)

#: Bytes of all entries together; those used longest ago are dropped. The models of Sotto have 110 MB.
MOST_BYTES = 1 << 30
_MAGIC = b"sotto compiled 1\n"
_DIGEST_BYTES = 32


class EngineCache:
    """A folder of compiled models.

    Args:
        folder: it is made when it is needed.
        most_bytes: of all entries together.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def load(self, key: str) -> bytes | None:
        """What was stored; None where there is nothing, or it is damaged, which is removed."""
        path = self._path(key)
        try:
            data = read_plain(path, self._most_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("%s cannot be read: %s", path, error)
            return None
        head = len(_MAGIC) + _DIGEST_BYTES
        body = data[head:]
        if data[:head] != _MAGIC + hashlib.sha256(body).digest():
            log.warning("%s is damaged; it is made again", path)
            self.drop(key)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return body

    def store(self, key: str, data: bytes) -> bool:
        """Keep `data`; returns whether that was possible. The caller goes on without."""
        if len(data) > self._most_bytes:
            log.warning("%d bytes are too many for %s", len(data), self._folder)
            return False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(data))
            replace_file(self._path(key), _MAGIC + hashlib.sha256(data).digest() + data, 0o600, durable=False)
        except OSError as error:
            log.warning("%s cannot be written, so models are compiled again: %s", self._folder, error)
            return False
        return True

    def drop(self, key: str) -> None:
        """Remove an entry, if that is possible."""
        with contextlib.suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        found = sorted(
            ((path.stat().st_mtime, path.stat().st_size, path) for path in self._folder.glob("*.compiled")),
        )
        total = sum(each for _, each, _ in found) + size
        for _, each, path in found:
            if total <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= each

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.compiled"

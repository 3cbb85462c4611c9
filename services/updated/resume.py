"""A file that is being downloaded, and what its beginning belongs to."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_LIMIT = 4096


class Record:
    """The file `target` and, beside it, a record of name, size, hash and the server's validator."""

    def __init__(self, target: Path, name: str, size: int, sha256: str) -> None:
        self._target = target
        self._path = target.with_name(target.name + ".json")
        self._identity = {"name": name, "size": size, "sha256": sha256}
        self._size = size
        self.validator = ""

    def usable_bytes(self) -> int:
        """How much of the file is there and can be continued; reads the validator."""
        try:
            with self._path.open("rb") as file:
                values = json.loads(file.read(_LIMIT))
            length = self._target.stat().st_size
        except (OSError, ValueError, RecursionError):
            return 0
        if not isinstance(values, dict) or {key: values.get(key) for key in self._identity} != self._identity:
            return 0
        self.validator = str(values.get("validator", ""))
        return length if length == self._size or (self.validator and length < self._size) else 0

    def begin(self, validator: str) -> None:
        """Start again from the beginning."""
        self.discard()
        self._path.write_text(json.dumps({**self._identity, "validator": validator}), "utf-8")
        self._target.touch(mode=0o600)

    def discard(self) -> None:
        """Forget what is there."""
        for path in (self._path, self._target):
            with suppress(FileNotFoundError):
                path.unlink()

    def open(self, offset: int) -> BinaryIO:
        """The file at `offset`."""
        file = self._target.open("r+b")
        file.seek(offset, os.SEEK_SET)
        return file

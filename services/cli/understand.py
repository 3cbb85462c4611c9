"""`sotto understand`: what sentences would be taken for; nothing is done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from assistant.turn.understood import Understood
from common.errors import InvalidInput
from services.cli.first_use import ensure_models
from services.client.local import LocalBackend

#: Bytes of one line that are read; no sentence of the box has as many. The rest of the line is passed over.
_MAX_LINE = 16 * 1024


def understand(options: argparse.Namespace) -> int:
    """Print what each line of a file would be taken for, in a copy of the box where one is running."""
    with _opened(options.file) as file:
        ensure_models()
        backend = LocalBackend(
            options.config, tuple(options.sentences), not options.no_builtin, rehearse=True
        )
        with backend:
            for sentence in sentences(file):
                found = backend.understand(sentence)
                print(found.to_line() if options.json else for_people(found), flush=True)
    return 0


def sentences(file: BinaryIO) -> Iterator[str]:
    """The lines of a file, without their ends; a line that is too long is cut.

    Args:
        file: UTF-8; what is none becomes U+FFFD.
    """
    while line := file.readline(_MAX_LINE):
        rest = line
        while len(rest) == _MAX_LINE and not rest.endswith(b"\n"):
            rest = file.readline(_MAX_LINE)
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def for_people(found: Understood) -> str:
    """One line for people."""
    taken_as = "not understood"
    if found.intent is not None:
        slots = " ".join(f"{name}={value}" for name, value in found.slots.items())
        taken_as = f"{found.intent} {slots}".rstrip()
        if found.by is not None and found.probability < 1:
            taken_as += f" ({found.by}, {found.probability:.2f})"
    return f'"{found.sentence}" -> {taken_as} -> "{found.reply}"'


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise InvalidInput(
            f"{name} cannot be read: {error.strerror}",
            hint="name a file with one sentence a line, or - for standard input",
            code="understand.file",
        ) from None

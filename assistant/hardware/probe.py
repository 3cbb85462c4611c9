"""`python -m assistant.hardware.probe`: what may hang or crash, in a process of its own.

`open NODE...` opens each node and prints what became of it; `trial MODULE:FUNCTION ARGUMENT...` makes one
inference. Each answer is a JSON array on a line of its own, so that the answers before a hang are not lost.
`probing` reads them.
"""

from __future__ import annotations

import errno
import grp
import json
import os
import stat
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from assistant.hardware.ladder import Outcome
from common.errors import SottoError

_DENIED = (errno.EACCES, errno.EPERM)


def open_node(node: str) -> tuple[Outcome, str]:
    """Open a character device for reading and writing, and close it again."""
    try:
        if not stat.S_ISCHR(Path(node).stat().st_mode):
            return Outcome.FAILED, "it is no character device"
        os.close(os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError as error:
        if error.errno in _DENIED:
            return Outcome.DENIED, _denied(node)
        if error.errno == errno.EBUSY:
            return Outcome.BUSY, "another program uses it"
        return Outcome.FAILED, error.strerror or str(error)
    return Outcome.OPENED, ""


def _denied(node: str) -> str:
    try:
        status = Path(node).stat()
    except OSError:
        return "permission denied"
    mode = stat.S_IMODE(status.st_mode)
    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    return f"permission denied; mode {mode:04o}, group {group}"


def try_inference(name: str, arguments: Sequence[str]) -> tuple[Outcome, str]:
    """Call a trial: it returns whether the result was right, and what it was, in words."""
    module, _, function = name.partition(":")
    try:
        is_right, detail = getattr(import_module(module), function)(tuple(arguments))
    except SottoError as error:
        return Outcome.FAILED, error.message[:300]
    # A trial runs code of a driver's maker: whatever it raises is its answer.
    except Exception as error:
        return Outcome.FAILED, f"{type(error).__name__}: {error}"[:300]
    return (Outcome.RIGHT if is_right else Outcome.WRONG), str(detail)[:300]


def main(arguments: Sequence[str]) -> None:
    """Answer what is asked for, one line each, after a first line when everything is imported."""
    # What a library prints by itself must not come between the answers.
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _say(answers, "ready", "")
    if arguments[0] == "trial":
        _say(answers, *try_inference(arguments[1], arguments[2:]))
        return
    for node in arguments[1:]:
        _say(answers, *open_node(node))


def _say(answers: int, word: str, detail: str) -> None:
    os.write(answers, (json.dumps([word, detail]) + "\n").encode())


if __name__ == "__main__":
    main(sys.argv[1:])

"""Opens nodes and makes trials in another process, which is given up when it takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.hardware.ladder import Opening, Outcome, Trial

#: After so many nodes that hang the others are left alone.
MOST_HANGS = 3
#: One answer is a line of some hundred bytes.
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """How long the other process may take, in seconds.

    Attributes:
        start_s: an interpreter that starts on a busy single-board computer takes some seconds.
        open_s: for one node; a driver may wake its device or load firmware first.
        trial_s: a first inference may compile its model.
    """

    start_s: float = 20.0
    open_s: float = 5.0
    trial_s: float = 60.0


LIMITS = Limits()


def open_nodes(nodes: Sequence[str], limits: Limits = LIMITS) -> dict[str, Opening]:
    """Try to open each node as the user who runs this; returns what became of each, in the given order.

    A driver that does not answer costs `open_s`, and no other node its turn.
    """
    found: dict[str, Opening] = {}
    left, hangs = list(dict.fromkeys(nodes)), 0
    while left and hangs < MOST_HANGS:
        answers, why = _ask(["open", *left], len(left), limits.start_s, limits.open_s)
        for node, (outcome, detail) in zip(left, answers, strict=False):
            found[node] = Opening(node, outcome, detail)
        left = left[len(answers) :]
        if left:
            found[left[0]] = Opening(left[0], *why)
            left, hangs = left[1:], hangs + 1
    for node in left:
        found[node] = Opening(node, Outcome.FAILED, f"not tried, because {MOST_HANGS} others do not answer")
    return found


def make_trial(name: str, arguments: Sequence[str], limits: Limits = LIMITS) -> Trial:
    """Make the inference `name` ("module:function"), with these arguments."""
    answers, (_, detail) = _ask(["trial", name, *arguments], 1, limits.start_s, limits.trial_s)
    return Trial(*answers[0]) if answers else Trial(Outcome.FAILED, detail)


def _ask(
    arguments: list[str], count: int, start_s: float, each_s: float
) -> tuple[list[tuple[Outcome, str]], tuple[Outcome, str]]:
    """The answers, at most `count`; and why there are fewer, if so."""
    command = [sys.executable, "-m", "assistant.hardware.probe", *arguments]
    answers: list[tuple[Outcome, str]] = []
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        return answers, (Outcome.FAILED, f"no process can be started: {error.strerror}")
    assert process.stdout is not None
    try:
        lines = _Lines(process.stdout.fileno())
        ready = lines.next(start_s)
        while ready is not None and len(answers) < count and (line := lines.next(each_s)) is not None:
            answers.append(_parsed(line))
        if lines.ended:
            return answers, (Outcome.FAILED, "the process that tried it died")
        limit_s = each_s if ready is not None else start_s
        return answers, (Outcome.HANGS, f"no answer within {limit_s:g} s")
    finally:
        process.kill()
        process.stdout.close()
        # A process inside a driver that does not answer cannot be ended. It is left behind, not waited for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)


def _parsed(line: bytes) -> tuple[Outcome, str]:
    try:
        word, detail = json.loads(line)
        return Outcome(word), str(detail)
    except (ValueError, TypeError):
        return Outcome.FAILED, "the answer cannot be read"


class _Lines:
    """Lines of a pipe, each waited for only so long."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._buffer = b""
        #: Whether the other side has closed the pipe.
        self.ended = False

    def next(self, timeout_s: float) -> bytes | None:
        """The next line; None if none comes in time, or the pipe is closed."""
        until_s = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._handle, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if self.ended or not selector.select(max(0.0, until_s - time.monotonic())):
                    return None
                data = os.read(self._handle, _MOST_BYTES)
                self.ended = not data or len(self._buffer) > _MOST_BYTES
                self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

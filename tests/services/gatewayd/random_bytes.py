"""Callers that send anything at all."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from contextlib import suppress


def throw_bytes(chance: random.Random, count: int, connect: Callable[[], socket.socket]) -> None:
    """Connect so often, send up to 400 random bytes, half the time with an end of line, and leave."""
    for _ in range(count):
        data = chance.randbytes(chance.randrange(1, 400)) + (b"\n" if chance.random() < 0.5 else b"")
        with suppress(OSError), connect() as line:
            line.sendall(data)

"""Strangers that take all places they can get: silent connections, each renewed as soon as it is cut.

`python -m tests.services.gatewayd.crowd PORT LINES ADDRESS...` keeps LINES connections from each address
until its standard input ends, or for two minutes; then it prints how often it connected.
"""

from __future__ import annotations

import errno
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.conftest import REPOSITORY

_LONGEST_S = 120.0


@contextmanager
def crowd(port: int, lines: int, *addresses: str) -> Iterator[list[int]]:
    """Such strangers, in a process of their own, from when the first one was cut because no place is left; at
    the end the list has how often they connected.
    """
    command = [sys.executable, "-m", "tests.services.gatewayd.crowd", str(port), str(lines), *addresses]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    connected: list[int] = []
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield connected
        out, _ = process.communicate(timeout=30)
        connected.append(int(out))
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _connect(port: int, address: str) -> socket.socket | None:
    line = socket.socket()
    line.setblocking(False)
    try:
        line.bind((address, 0))
        if line.connect_ex(("127.0.0.1", port)) in (0, errno.EINPROGRESS):
            return line
    except OSError:
        pass
    line.close()
    return None


def _main(port: int, count: int, addresses: list[str]) -> None:
    wanted = [address for address in addresses for _ in range(count)]
    connected, first = 0, True
    end = time.monotonic() + _LONGEST_S
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        while time.monotonic() < end:
            for address in wanted:
                if (line := _connect(port, address)) is not None:
                    selector.register(line, selectors.EVENT_READ, address)
                    connected += 1
            wanted = []
            for key, _ in selector.select(0.1):
                if key.fileobj is sys.stdin:
                    print(connected)
                    return
                if first:
                    print("there", flush=True)
                first = False
                cut = key.fileobj
                assert isinstance(cut, socket.socket)
                with suppress(OSError):
                    cut.recv(64)
                selector.unregister(cut)
                cut.close()
                wanted.append(key.data)


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])

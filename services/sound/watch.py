"""Waits for changes of the devices at the sound server, as `pw-mon` prints them."""

from __future__ import annotations

import os
import select
import subprocess
import time

from common.errors import Unavailable

# A card announces itself by several messages; reading between them would find a part of it.
_QUIET_S = 0.7
_MOST_S = 5.0
_READ = 65_536
_LONGEST_LINE = 4096
_INTERESTING = (b"PipeWire:Interface:Node", b"PipeWire:Interface:Device")


class Listing:
    """Finds the changes of cards and nodes in the output of `pw-mon`.

    Changes of clients are ignored: each `pw-dump` is a client, and would cause the next one.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._event = self._id = b""
        self._ours: set[bytes] = set()

    def feed(self, data: bytes) -> bool:
        """Take bytes that may be cut anywhere; returns whether a card or node came, went or changed."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-_LONGEST_LINE:]
        news = [self._line(line) for line in lines]
        return any(news)

    def _line(self, line: bytes) -> bool:
        word, _, value = line.strip().partition(b":")
        if not line.startswith((b"\t", b" ")):
            self._event, self._id = word, b""
        elif word == b"id" and not self._id:
            self._id = value.strip()
            if self._event == b"removed" and self._id in self._ours:
                self._ours.discard(self._id)
                return True
        elif word == b"type" and value.strip().startswith(_INTERESTING):
            self._ours.add(self._id)
            return True
        return False


class Watch:
    """Follows `pw-mon`.

    Raises:
        Unavailable: `sound.server`: it cannot be started.
    """

    def __init__(self) -> None:
        self._listing = Listing()
        self._stop, self._stopped = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["pw-mon", "--no-colors", "--hide-props", "--hide-params"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
            )
        except OSError as error:
            raise Unavailable(
                f"changes of sound devices cannot be seen: {error}",
                hint="install the package pipewire-bin",
                code="sound.server",
            ) from error

    def wait(self, seconds: float) -> bool:
        """Wait for a change and until no more follow; False if none came or `stop` was called.

        Raises:
            Unavailable: `sound.server`: the sound server has gone.
        """
        end = time.monotonic() + seconds
        while not (news := self._next(end - time.monotonic())):
            if news is None or time.monotonic() > end:
                return False
        end = time.monotonic() + _MOST_S
        quiet = time.monotonic() + _QUIET_S
        while (left := min(end, quiet) - time.monotonic()) > 0 and (news := self._next(left)) is not None:
            if news:
                quiet = time.monotonic() + _QUIET_S
        return True

    def stop(self) -> None:
        """End this wait and all later ones at once; safe in a signal handler."""
        os.write(self._stopped, b"x")

    def close(self) -> None:
        """End `pw-mon`."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        os.close(self._stop)
        os.close(self._stopped)

    def _next(self, seconds: float) -> bool | None:
        """Whether the next output is about a card or node; None if none came in time, or after `stop`."""
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        ready = select.select([handle, self._stop], [], [], max(seconds, 0))[0]
        if self._stop in ready or handle not in ready:
            return None
        data = os.read(handle, _READ)
        if not data:
            raise Unavailable(
                "the sound server has gone",
                hint="see: journalctl -u sotto-pipewire -u sotto-wireplumber",
                code="sound.server",
            )
        return self._listing.feed(data)

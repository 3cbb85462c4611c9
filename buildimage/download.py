"""One file from one address: resumed, retried, and never a byte more than it should have."""

from __future__ import annotations

import errno
import hashlib
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from common.errors import StorageError

_BLOCK = 1 << 16
#: Answers that pass: time-out, too early, too many requests; and all of the 500s.
_TRANSIENT_STATUS = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Patience:
    """How long a download may take.

    Args:
        silence_s: without a byte for this long, the connection is given up.
        attempts: tries for one address; each goes on where the last one stopped.
        first_pause_s: before the second try; doubles with each further one.
        floor_bytes_per_s: a transfer slower than this on the whole is given up ...
        grace_s: ... but none before this much time has passed.
    """

    silence_s: float = 30.0
    attempts: int = 4
    first_pause_s: float = 1.0
    floor_bytes_per_s: float = 4096.0
    grace_s: float = 60.0


class Failed(Exception):
    """This address did not give the file; the text says why.

    `final` is true where asking again will not help.
    """

    final = False


class Absent(Failed):
    """The address answers, and has not got this file."""

    final = True


class Different(Absent):
    """The address has something else under this name, or refuses to give it."""


class Unreachable(Failed):
    """Nobody answers at the address."""


class Stopped(Failed):
    """Somebody asked for an end."""


class _Transient(Failed):
    """Worth another try."""


class _NoAnswer(_Transient):
    """Worth another try, though nobody answered."""


class Downloader:
    """Downloads with one set of proxies; may be used by several threads.

    Args:
        proxies: by scheme; a scheme that is absent is spoken directly.
        patience: see there.
        stop: set it to end all downloads soon; what has arrived is kept for the next time.
        clock: seconds that only go up.
    """

    def __init__(
        self,
        proxies: Mapping[str, str],
        patience: Patience | None = None,
        *,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler(dict(proxies)))
        self._opener.addheaders = [("User-Agent", "sotto-buildimage"), ("Accept-Encoding", "identity")]
        self._patience = patience or Patience()
        self._stop = stop or threading.Event()
        self._clock = clock

    def fetch(self, address: str, partial: Path, size: int, sha256: str) -> None:
        """Bring `partial` to the `size` bytes whose hash is `sha256`, going on with what it holds.

        Raises:
            Absent: the address has no such file; `Different` where it has another.
            Unreachable: nobody answers.
            Failed: it broke off or was too slow, in all attempts.
            StorageError: the file cannot be written.
        """
        last: Failed = Failed(f"{address}: not tried")
        pause = self._patience.first_pause_s
        for attempt in range(self._patience.attempts):
            if attempt:
                self._stop.wait(pause)
                pause *= 2
            if self._stop.is_set():
                raise Stopped(f"{address}: stopped")
            resumed = _length(partial) > 0
            try:
                self._transfer(address, partial, size)
            except _Transient as error:
                last = error
                continue
            if digest_of(partial) == sha256:
                return
            partial.unlink()
            last = Different(f"{address}: other content than locked")
            # The wrong bytes may be those of an earlier, interrupted run: only a whole transfer tells.
            if not resumed:
                raise last
        if isinstance(last, _NoAnswer):
            raise Unreachable(str(last))
        raise last if isinstance(last, Different) else Failed(str(last))

    def _transfer(self, address: str, partial: Path, size: int) -> None:
        have = _length(partial)
        if have > size:
            partial.unlink()
            have = 0
        if have == size:
            return
        request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
        response = self._open(address, request, partial)
        with response:
            if response.status == 206:
                if not (response.headers.get("Content-Range") or "").startswith(f"bytes {have}-"):
                    partial.unlink(missing_ok=True)
                    raise _Transient(f"{address}: answers with another range than asked for")
            elif response.status == 200:
                have = 0
            else:
                raise Different(f"{address}: answers with status {response.status}")
            announced = response.headers.get("Content-Length")
            if announced is not None and announced != str(size - have):
                raise Different(f"{address}: {have} + {announced[:20]} bytes, not the {size} that are locked")
            self._receive(address, response, partial, have, size)

    def _open(self, address: str, request: urllib.request.Request, partial: Path) -> http.client.HTTPResponse:
        try:
            response = self._opener.open(request, timeout=self._patience.silence_s)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:
                partial.unlink(missing_ok=True)
                raise _Transient(f"{address}: cannot go on in the middle") from None
            if error.code >= 500 or error.code in _TRANSIENT_STATUS:
                raise _Transient(f"{address}: status {error.code}") from None
            # Some mirrors say "forbidden" where others say "not found"; proxies mean it.
            kind = Absent if error.code in (404, 410) else Different
            raise kind(f"{address}: status {error.code}") from None
        except urllib.error.URLError as error:
            raise _NoAnswer(f"{address}: {error.reason}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _Transient(f"{address}: {error or type(error).__name__}") from error
        if not isinstance(response, http.client.HTTPResponse):
            response.close()
            raise Different(f"{address}: leads away from http and https")
        return response

    def _receive(
        self, address: str, response: http.client.HTTPResponse, partial: Path, have: int, size: int
    ) -> None:
        began, got = self._clock(), 0
        with _writing(partial, "ab" if have else "wb") as stream:
            while have < size:
                if self._stop.is_set():
                    raise Stopped(f"{address}: stopped")
                try:
                    # read1 returns what has arrived, so that a trickle is noticed below.
                    block = response.read1(min(_BLOCK, size - have))
                except (OSError, http.client.HTTPException, ValueError) as error:
                    raise _Transient(f"{address}: broke off at {have} of {size} bytes: {error}") from error
                if not block:
                    raise _Transient(f"{address}: ended at {have} of {size} bytes")
                stream.write(block)
                have += len(block)
                got += len(block)
                elapsed = self._clock() - began
                if elapsed > self._patience.grace_s and got < elapsed * self._patience.floor_bytes_per_s:
                    raise _Transient(f"{address}: too slow, {got} bytes in {elapsed:.0f} s")


class _writing:  # noqa: N801 - reads as a statement
    """A file opened for writing whose errors are told from those of the network."""

    def __init__(self, path: Path, mode: str) -> None:
        self._path = path
        try:
            self._stream = path.open(mode, buffering=0)
        except OSError as error:
            raise self._error(error) from error

    def __enter__(self) -> _writing:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        while view:
            try:
                view = view[self._stream.write(view) :]
            except OSError as error:
                raise self._error(error) from error

    def _error(self, error: OSError) -> StorageError:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return StorageError(
            f"{self._path} cannot be written: {error.strerror}",
            hint="Free some space; what has been fetched is kept." if full else "",
            code="store.full" if full else "store.write",
        )


def digest_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

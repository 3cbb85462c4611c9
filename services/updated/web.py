"""Updates from a static HTTPS folder: bounded, resumed, and never waiting for ever.

The standard library's client is used as it neither follows redirections nor proxies by itself: each
address is checked before it is opened.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

from common.errors import InvalidInput, SottoError, StorageError
from services.updated.errors import SourceFailed
from services.updated.resume import Record
from services.updated.source import checked_url

_BLOCK = 256 * 1024
_REDIRECTIONS = 5
#: A small file, or the head of a large one, must be there by then.
_SMALL_S = 120.0
#: Slower than this, bytes a second, is no download: 450 MB would take a day and a half.
_FLOOR = 4096
#: In a row without a byte; in all, so that a source that drops after every byte is given up.
_FRUITLESS, _CONNECTIONS = 3, 100


class _Dropped(Exception):
    """The connection ended early; another one may continue."""


class WebSource:
    """A folder on a web server.

    Args:
        address: its URL.
        insecure_http: allow plain HTTP to other machines.
        stall_s: seconds without a byte after which a connection is given up.
        pause_s: seconds between a dropped connection and the next one.

    Raises:
        InvalidInput: an address that is not taken.
    """

    def __init__(
        self, address: str, *, insecure_http: bool = False, stall_s: float = 60.0, pause_s: float = 2.0
    ) -> None:
        self._base = checked_url(address, insecure_http=insecure_http)
        self._insecure_http = insecure_http
        self._stall_s = stall_s
        self._pause_s = pause_s
        self._tls = ssl.create_default_context()

    def small(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes."""
        until = monotonic() + _SMALL_S
        content = bytearray()
        try:
            with self._ask("GET", name, {}) as reply:
                self._require(reply, name, 200)
                while block := self._read(reply, min(_BLOCK, limit + 1)):
                    content += block
                    if len(content) > limit:
                        raise SourceFailed(
                            f"{name} is larger than {limit // 1024} kB", code="update.too-large"
                        )
                    if monotonic() > until:
                        raise SourceFailed(f"{name} came slower than any network is", code="update.stalled")
                announced = reply.getheader("Content-Length")
                if announced is not None and announced != str(len(content)):
                    raise SourceFailed(
                        f"{name} ended after {len(content)} of {announced[:20]} bytes", code="update.short"
                    )
        except _Dropped as error:
            raise self._gave_up(name, error) from error
        return bytes(content)

    def size(self, name: str) -> int:
        """The size that the server announces, in bytes."""
        try:
            with self._ask("HEAD", name, {}) as reply:
                self._require(reply, name, 200)
                announced = reply.getheader("Content-Length") or ""
        except _Dropped as error:
            raise self._gave_up(name, error) from error
        if not (announced.isascii() and announced.isdigit() and len(announced) < 16):
            raise SourceFailed(
                f"the source does not say how large {name} is",
                hint="serve the folder as plain files",
                code="update.no-size",
            )
        return int(announced)

    def fetch(self, name: str, size: int, sha256: str, target: Path, progress: Callable[[int], None]) -> None:
        """Bring `target` to `size` bytes; dropped connections are resumed."""
        until = monotonic() + _SMALL_S + size / _FLOOR
        fruitless = 0
        try:
            for _ in range(_CONNECTIONS):
                record = Record(target, name, size, sha256)
                begun = record.usable_bytes()
                if begun == size:
                    return
                try:
                    self._go_on(name, size, begun, record, progress, until)
                    return
                except _Dropped as error:
                    fruitless = fruitless + 1 if record.usable_bytes() <= begun else 0
                    if fruitless == _FRUITLESS:
                        raise self._gave_up(name, error) from error
                sleep(self._pause_s)
        except SottoError:
            raise
        except OSError as error:
            raise StorageError(
                f"{target} could not be written: {error.strerror or error}",
                hint="free some disk space",
                code="update.space",
            ) from error
        raise SourceFailed(f"the source dropped {name} {_CONNECTIONS} times", code="update.dropped")

    def _go_on(
        self,
        name: str,
        size: int,
        begun: int,
        record: Record,
        progress: Callable[[int], None],
        until: float,
    ) -> None:
        headers = {"Range": f"bytes={begun}-", "If-Range": record.validator} if begun else {}
        with self._ask("GET", name, headers) as reply:
            if begun and reply.status == 206:
                expected = f"bytes {begun}-{size - 1}/{size}"
                if (reply.getheader("Content-Range") or "") != expected:
                    record.discard()
                    raise _Dropped("it gave another part than was asked for")
            else:
                if begun and reply.status == 416:
                    record.discard()
                    raise _Dropped("it no longer has that part")
                self._require(reply, name, 200)
                announced = reply.getheader("Content-Length")
                if announced is not None and announced != str(size):
                    raise SourceFailed(
                        f"the source announced {size} bytes for {name} and now sends {announced[:20]}",
                        hint="try again when it is published whole",
                        code="update.size",
                    )
                begun = 0
                record.begin(_validator(reply))
            with record.open(begun) as file:
                self._copy(reply, file, begun, size, progress, until)

    def _copy(
        self,
        reply: http.client.HTTPResponse,
        file: BinaryIO,
        done: int,
        size: int,
        progress: Callable[[int], None],
        until: float,
    ) -> None:
        while done < size:
            block = self._read(reply, min(_BLOCK, size - done))
            if not block:
                raise _Dropped(f"it ended after {done} of {size} bytes")
            file.write(block)
            done += len(block)
            progress(done)
            if monotonic() > until:
                raise SourceFailed(
                    f"the download is slower than {_FLOOR // 1024} kB a second",
                    hint="try again later; what is there is kept",
                    code="update.stalled",
                )

    @contextmanager
    def _ask(self, method: str, name: str, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
        url = urljoin(self._base, name)
        for _ in range(_REDIRECTIONS + 1):
            parts = urlsplit(url)
            connection = (
                http.client.HTTPSConnection(parts.netloc, timeout=self._stall_s, context=self._tls)
                if parts.scheme == "https"
                else http.client.HTTPConnection(parts.netloc, timeout=self._stall_s)
            )
            try:
                # The socket's own time-out restarts with every byte.
                alarm = threading.Timer(_SMALL_S, _hang_up, [connection])
                alarm.daemon = True
                alarm.start()
                try:
                    path = parts.path + (f"?{parts.query}" if parts.query else "")
                    connection.request(method, path, headers={"User-Agent": "sotto", **headers})
                    reply = connection.getresponse()
                except ssl.SSLCertVerificationError as error:
                    raise SourceFailed(
                        f"{parts.hostname} cannot prove who it is: {error.verify_message}",
                        hint="check the address and the box's clock",
                        code="update.certificate",
                    ) from error
                except (OSError, http.client.HTTPException, ValueError) as error:
                    raise _Dropped(_reason(error, self._stall_s)) from error
                finally:
                    alarm.cancel()
                if reply.status not in (301, 302, 303, 307, 308):
                    yield reply
                    return
                url = self._redirected(url, reply.getheader("Location") or "", name)
            finally:
                connection.close()
        raise SourceFailed(f"the source redirects {name} in circles", code="update.redirection")

    def _read(self, reply: http.client.HTTPResponse, most: int) -> bytes:
        try:
            return reply.read1(most)
        except (OSError, http.client.HTTPException) as error:
            raise _Dropped(_reason(error, self._stall_s)) from error

    def _redirected(self, url: str, location: str, name: str) -> str:
        target = urljoin(url, location)
        plain = urlsplit(target)._replace(query="", fragment="").geturl()
        try:
            checked_url(plain, insecure_http=self._insecure_http)
            if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
                raise InvalidInput("from https to http")
            if not target.isascii() or not target.isprintable() or " " in target:
                raise InvalidInput("no address")
        except InvalidInput as error:
            raise SourceFailed(
                f"the source redirects {name} to where updates are not taken from: {error.message}",
                code="update.redirection",
            ) from error
        return target

    def _require(self, reply: http.client.HTTPResponse, name: str, status: int) -> None:
        if reply.status != status:
            raise SourceFailed(
                f"the source answers {reply.status} for {name}",
                hint="check the address, and that the update is published whole",
                code="update.answer",
            )

    def _gave_up(self, name: str, error: _Dropped) -> SourceFailed:
        hint = "check the network and the address; what was downloaded is kept"
        if urlsplit(self._base).port not in (None, 80, 443):
            hint += "; the firewall of a box opens this port only if [update] source in sotto.toml has it"
        return SourceFailed(
            f"the source of updates failed at {name}: {error}",
            hint=hint,
            code="update.dropped",
        )


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End whatever waits for the other side."""
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _validator(reply: http.client.HTTPResponse) -> str:
    """What If-Range takes: a strong ETag, else the date (RFC 9110, 13.1.5); "" allows no resumption."""
    tag = reply.getheader("ETag") or ""
    value = tag if tag.startswith('"') else reply.getheader("Last-Modified") or ""
    return value if len(value) < 1000 and value.isascii() and value.isprintable() else ""


def _reason(error: Exception, stall_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no byte came for {stall_s:.0f} s"
    return str(error)[:200] or type(error).__name__

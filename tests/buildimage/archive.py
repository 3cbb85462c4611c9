"""Packages and a web server for them, which can be told to misbehave."""

from __future__ import annotations

import hashlib
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from buildimage.locks import Deb


def deb_of(data: bytes, name: str = "bash", version: str = "5.2-1", architecture: str = "amd64") -> Deb:
    """A lock entry for any bytes."""
    return Deb(name, version, architecture, hashlib.sha256(data).hexdigest(), len(data), name, "main")


def build_deb(
    folder: Path, name: str, version: str = "1.0-1", architecture: str = "all", extra: str = ""
) -> tuple[Path, Deb]:
    """A real package, made by dpkg-deb; `extra` are further control lines."""
    tree = folder / f"{name}-{version}-{architecture}.tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n"
        f"Maintainer: Nobody <nobody@example.invalid>\n{extra}Description: {name}\n"
    )
    path = folder / f"{name}_{version.rpartition(':')[2]}_{architecture}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "-b", str(tree), str(path)],
        check=True,
        capture_output=True,
    )
    return path, deb_of(path.read_bytes(), name, version, architecture)


@dataclass
class Page:
    """What the server has under one path, and how it gives it away.

    Args:
        data: the bytes.
        ranges: whether it can go on in the middle.
        cut: the connection ends after this many bytes of an answer, `cuts` times.
        cuts: how often.
        announce: Content-Length; None tells the truth, -1 says nothing.
        fail: answer with these statuses first.
        stall: send half, then nothing until the server closes.
        wrong_range: answer a range with another one.
    """

    data: bytes
    ranges: bool = True
    cut: int = -1
    cuts: int = 1
    announce: int | None = None
    fail: list[int] = field(default_factory=list)
    stall: bool = False
    wrong_range: bool = False


class PoolServer:
    """A web server on loopback; `asked` are the paths and ranges of all requests."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str]] = []
        self.sent = 0
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[PoolServer]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _handler_of(server: PoolServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append((self.path, self.headers.get("Range", "")))
            page = server.pages.get(self.path)
            if page is None:
                self.send_error(404)
                return
            if page.fail:
                self.send_error(page.fail.pop(0))
                return
            self._give(page)

        def _give(self, page: Page) -> None:
            start = 0
            wanted = self.headers.get("Range", "")
            if page.ranges and wanted:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                if start >= len(page.data):
                    self.send_error(416)
                    return
                if page.wrong_range:
                    start = 0
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(page.data) - 1}/{len(page.data)}")
            else:
                self.send_response(200)
            body = page.data[start:]
            announced = len(body) if page.announce is None else page.announce
            if announced >= 0:
                self.send_header("Content-Length", str(announced))
            self.end_headers()
            if page.cut >= 0 and page.cuts > 0:
                page.cuts -= 1
                body = body[: page.cut]
            if page.stall:
                self._send(body[: len(body) // 2])
                server.closing.wait(30)
                return
            self._send(body)

        def _send(self, body: bytes) -> None:
            # In blocks, so that a client that hangs up early is seen in what was sent.
            for at in range(0, len(body), 1 << 16):
                try:
                    self.wfile.write(body[at : at + (1 << 16)])
                except OSError:
                    return
                server.sent += len(body[at : at + (1 << 16)])

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler

"""A static web server on the loopback that can stall, lie and drop."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Manners:
    """How the server behaves; numbers are bytes of a body, None for never."""

    folder: Path
    drop_after: int | None = None
    stall_after: int | None = None
    drops: int = 1_000_000
    ranges: bool = True
    announce: dict[str, int] = field(default_factory=dict)
    wrong_range: bool = False
    redirect: str = ""
    endless: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@contextmanager
def serving(manners: Manners, tls: ssl.SSLContext | None = None) -> Iterator[Manners]:
    """Serve a folder until the block ends, over TLS where a context is given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            name = self.path.rsplit("/", 1)[1]
            manners.asked.append((self.command, name, self.headers["Range"]))
            self.close_connection = True
            if manners.redirect:
                self.send_response(302)
                self.send_header("Location", manners.redirect)
                self.end_headers()
                return
            path = manners.folder / name
            if not path.is_file():
                self.send_error(404)
                return
            content = path.read_bytes()
            start = 0
            tag = f'"{hash(content):x}"'
            asked = self.headers["Range"]
            if asked and manners.ranges and self.headers["If-Range"] == tag:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                self.send_response(206)
                shown = start + 1 if manners.wrong_range else start
                self.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            if name not in manners.endless:
                length = manners.announce.get(name, len(content) - start)
                self.send_header("Content-Length", str(length))
            if manners.ranges:
                self.send_header("ETag", tag)
            self.end_headers()
            if body:
                self._body(name, content[start:])

        def _body(self, name: str, content: bytes) -> None:
            try:
                while name in manners.endless:
                    self.wfile.write(bytes(65536))
                big = not name.startswith("SHA256SUMS")
                if big and manners.stall_after is not None:
                    self.wfile.write(content[: manners.stall_after])
                    self.wfile.flush()
                    manners.released.wait(20)
                elif big and manners.drop_after is not None and manners.drops > 0:
                    manners.drops -= 1
                    self.wfile.write(content[: manners.drop_after])
                else:
                    self.wfile.write(content)
            except OSError:
                pass  # the client has enough

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    manners.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}/"
    try:
        yield manners
    finally:
        manners.released.set()
        server.shutdown()
        server.server_close()

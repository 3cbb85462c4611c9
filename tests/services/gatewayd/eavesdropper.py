"""A proxy between a client and the gateway, with a certificate of its own, that keeps all it reads."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from services.gatewayd.identity import Identity, make_identity


class Eavesdropper:
    """Passes everything on between TLS of its own and the gateway's, in threads, until it is closed.

    Args:
        folder: for its key.
        target: port of the gateway.
        protocol: for ALPN; "" for none.
    """

    def __init__(self, folder: Path, target: int, protocol: str = "") -> None:
        self.identity = Identity(folder / "proxy.key", folder / "proxy.crt")
        make_identity(self.identity, "Kitchen", "sotto")
        self.read = bytearray()
        self._target = target
        self._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server.load_cert_chain(self.identity.certificate, self.identity.key)
        self._client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client.check_hostname, self._client.verify_mode = False, ssl.CERT_NONE
        if protocol:
            self._server.set_alpn_protocols([protocol])
            self._client.set_alpn_protocols([protocol])
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(line,), daemon=True).start()

    def _join(self, line: socket.socket) -> None:
        with suppress(OSError), line:
            client = self._server.wrap_socket(line, server_side=True)
            box = self._client.wrap_socket(socket.create_connection(("127.0.0.1", self._target)))
            with client, box:
                back = threading.Thread(target=self._pass, args=(box, client), daemon=True)
                back.start()
                self._pass(client, box)
                back.join(10)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self.read += data
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

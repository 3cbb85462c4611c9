"""A hub that speaks Home Assistant's WebSocket API, and misbehaves where a test says so.

What it says was taken from a real one (2025.4.4), against which `make test-hub` runs.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve

TOKEN = "right-token"
LAMP = "light.lamp"
Answer = Callable[[dict[str, Any]], Any]


class FakeHub:
    """One hub on a port of loopback, in a thread of its own.

    Attributes:
        faults: type of a request -> what is done instead of answering; a text is sent as it is.
        names: friendly name of every entity.
        commands: services that were called.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.faults: dict[str, str | Callable[[ServerConnection], Any]] = {}
        self.names = {LAMP: "lamp"}
        self.on: dict[str, bool] = {}
        self.commands: list[dict[str, Any]] = []
        self.logins = 0
        self._subscriptions: dict[str, int] = {}
        self._sockets: set[ServerConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._server: Server | None = None
        self._tls: ssl.SSLContext | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def start(self) -> None:
        self._run(self._start())

    def secure(self, certificate: Path, key: Path) -> None:
        """From the next start on, with TLS."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)

    def stop(self) -> None:
        """Away, in the middle of whatever it does."""
        self._run(self._stop())

    def close(self) -> None:
        if self._server is not None:
            self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def event(self, kind: str, event: dict[str, Any]) -> None:
        """Send an event to whoever has subscribed to `kind`."""

        async def send() -> None:
            for socket in self._sockets:
                message = {"id": self._subscriptions[kind], "type": "event", "event": event}
                await socket.send(json.dumps(message))

        self._run(send())

    def send(self, text: str) -> None:
        """Send anything."""

        async def send() -> None:
            for socket in self._sockets:
                await socket.send(text)

        self._run(send())

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _start(self) -> None:
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, ssl=self._tls, max_size=None, compression=None
        )

    async def _stop(self) -> None:
        assert self._server is not None
        server, self._server = self._server, None
        for socket in list(self._sockets):
            socket.transport.abort()
        server.close()
        await server.wait_closed()

    async def _serve(self, socket: ServerConnection) -> None:
        self._sockets.add(socket)
        try:
            await socket.send(json.dumps({"type": "auth_required", "ha_version": "2025.4.4"}))
            self.logins += 1
            if json.loads(await socket.recv()).get("access_token") != TOKEN:
                await socket.send(json.dumps({"type": "auth_invalid", "message": "Invalid access token"}))
                return
            await socket.send(json.dumps({"type": "auth_ok", "ha_version": "2025.4.4"}))
            async for text in socket:
                await self._answer(socket, json.loads(text))
        finally:
            self._sockets.discard(socket)

    async def _answer(self, socket: ServerConnection, request: dict[str, Any]) -> None:
        kind = request["type"]
        fault = self.faults.get(kind)
        if isinstance(fault, str):
            await socket.send(fault.replace("ID", str(request["id"])))
            return
        if fault is not None:
            await fault(socket)
            return
        result = self._result(kind, request)
        await socket.send(
            json.dumps({"id": request["id"], "type": "result", "success": True, "result": result})
        )
        if kind == "subscribe_entities":
            states = {id_: self._state(id_) for id_ in request["entity_ids"] if id_ in self.names}
            event = {"id": request["id"], "type": "event", "event": {"a": states}}
            await socket.send(json.dumps(event))

    def _result(self, kind: str, request: dict[str, Any]) -> Any:
        match kind:
            case "subscribe_events":
                self._subscriptions[request["event_type"]] = request["id"]
                return None
            case "subscribe_entities":
                self._subscriptions["states"] = request["id"]
                return None
            case "call_service":
                self.commands.append(request)
                self.on[request["target"]["entity_id"]] = request["service"] == "turn_on"
                return {"context": {}}
            case "get_config":
                return {"location_name": "Fake", "unit_system": {"temperature": "°C"}}
            case "homeassistant/expose_entity/list":
                return {"exposed_entities": {id_: {"conversation": True} for id_ in self.names}}
            case "config/entity_registry/get_entries":
                return {id_: {"aliases": [], "area_id": None, "device_id": None} for id_ in self.names}
            case _:
                return []

    def _state(self, id_: str) -> dict[str, Any]:
        attributes = {"friendly_name": self.names[id_], "supported_color_modes": ["brightness"]}
        return {"s": "on" if self.on.get(id_) else "off", "a": attributes, "c": "x", "lc": 1.0}

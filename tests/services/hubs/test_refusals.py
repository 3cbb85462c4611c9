"""Who refuses us is asked again after minutes, and who is only not ready yet, within seconds."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from services.hubs.board import Board
from services.hubs.driver import HubAway
from services.hubs.homeassistant.session import open_session
from services.hubs.mqtt.hub import MqttHub
from services.hubs.mqtt.kind import MqttSettings
from tests.services.conftest import free_port


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        (HTTPStatus.NOT_FOUND, True),
        (HTTPStatus.FORBIDDEN, True),
        (HTTPStatus.BAD_GATEWAY, False),
        (HTTPStatus.SERVICE_UNAVAILABLE, False),
    ],
)
def test_a_proxy_before_a_hub_that_starts_again_does_not_refuse(status: HTTPStatus, refused: bool) -> None:
    def answer(line: ServerConnection, _request: Request) -> Response:
        return line.respond(status, "")

    async def nobody(_line: ServerConnection) -> None:
        raise AssertionError("the handshake was refused")

    async def run() -> HubAway:
        port = free_port()
        async with serve(nobody, "127.0.0.1", port, process_request=answer):
            with pytest.raises(HubAway) as caught:
                async with open_session(f"ws://127.0.0.1:{port}/api/websocket", "token", None):
                    pass
        return caught.value

    assert asyncio.run(run()).refused == refused


@pytest.mark.parametrize(
    ("version", "answer", "refused"),
    [
        ("5", b"\x20\x03\x00\x87\x00", True),  # not authorised
        ("5", b"\x20\x03\x00\x88\x00", False),  # server unavailable
        ("5", b"\x20\x03\x00\x89\x00", False),  # server busy
        ("3.1.1", b"\x20\x02\x00\x05", True),  # not authorised
        ("3.1.1", b"\x20\x02\x00\x03", False),  # server unavailable
    ],
)
def test_a_broker_that_is_busy_does_not_refuse(version: str, answer: bytes, refused: bool) -> None:
    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(answer)
        await reader.read()
        writer.close()

    async def run() -> HubAway:
        port = free_port()
        settings = MqttSettings(kind="mqtt", url=f"mqtt://127.0.0.1:{port}", mqtt_version=version)
        async with await asyncio.start_server(serve_one, "127.0.0.1", port):
            with pytest.raises(HubAway) as caught:
                await MqttHub(settings, "", Board()).run()
        return caught.value

    assert asyncio.run(run()).refused == refused

"""Conversations over WebSocket, with the client library that others use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assistant.audio.format import Samples
from tests.services.gatewayd.conftest import Gate

START = '{"start": {"realtime": true}}'


@pytest.fixture(scope="module")
def token(gate: Gate) -> str:
    return gate.pair("microphone", "talk")


@dataclass
class Heard:
    """Text messages, audio, and the code the box closed with."""

    texts: list[dict[str, Any]] = field(default_factory=list)
    audio: bytes = b""
    code: int = 0

    @property
    def error(self) -> tuple[str, int]:
        return self.texts[-1]["error"]["code"], self.code


def _line(gate: Gate, token: str) -> connect:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"wss://127.0.0.1:{gate.port}/v1/converse"
    return connect(url, ssl=gate.tls, additional_headers=headers, proxy=None)


async def _listen(line: ClientConnection) -> Heard:
    heard = Heard()
    try:
        while True:
            async with asyncio.timeout(60):
                message = await line.recv()
            if isinstance(message, bytes):
                heard.audio += message
            else:
                heard.texts.append(json.loads(message))
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        heard.code = closed.rcvd.code
    return heard


def _converse(gate: Gate, token: str, *messages: str | bytes) -> Heard:
    """Send everything, then listen until the box closes."""

    async def run() -> Heard:
        async with _line(gate, token) as line:
            # The box may close before all of it is sent.
            with suppress(ConnectionClosed):
                for message in messages:
                    await line.send(message)
            return await _listen(line)

    return asyncio.run(run())


def test_a_spoken_question_brings_a_turn_and_its_sound(
    gate: Gate, token: str, say: Callable[..., Samples]
) -> None:
    sound = say("what day is it").tobytes()
    pieces = [sound[at : at + 3200] for at in range(0, len(sound), 3200)]
    heard = _converse(
        gate, token, '{"start": {"reply_audio": true, "label": "test"}}', *pieces, '{"end": {}}'
    )
    turns = [text["turn"] for text in heard.texts if "turn" in text]
    assert [turn["intent"] for turn in turns] == ["HassGetCurrentDate"]
    assert [text["audio"] for text in heard.texts if "audio" in text] == [{"sample_rate": 22050}]
    assert len(heard.audio) > 22_050
    assert heard.code == 1000


@pytest.mark.parametrize("token", ["", "sotto_wrong"])
def test_nobody_converses_without_a_token(gate: Gate, token: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _converse(gate, token)
    assert refused.value.response.status_code == 401


def test_a_token_for_devices_does_not_converse(gate: Gate) -> None:
    assert _converse(gate, gate.pair("switchboard", "control")).error == ("access.scope", 1008)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (b"\0\0", "converse.no-start"),
        ("{}", "converse.no-start"),
        ('{"end": {}}', "converse.no-start"),
        ("no json", "body.json"),
        ('{"start": {"sample_rate": "fast"}}', "body.fields"),
        ('{"start": {"sample_rate": 1}}', "audio.rate"),
    ],
)
def test_a_bad_start_is_told_why(gate: Gate, token: str, first: str | bytes, code: str) -> None:
    assert _converse(gate, token, first).error == (code, 1008)


def test_a_second_start_is_refused(gate: Gate, token: str) -> None:
    assert _converse(gate, token, START, START).error == ("converse.no-audio", 1008)


def test_a_message_above_the_limit_ends_it(gate: Gate, token: str) -> None:
    assert _converse(gate, token, START, bytes(300 * 1024)).code == 1009


def test_a_caller_that_leaves_in_the_middle_leaves_its_place(gate: Gate, token: str) -> None:
    async def leave() -> None:
        async with _line(gate, token) as line:
            await line.send(START)
            await line.send(bytes(3200))

    # More than there are places for at once.
    for _ in range(20):
        asyncio.run(leave())
    assert _converse(gate, token, '{"start": {}}', '{"end": {}}').code == 1000

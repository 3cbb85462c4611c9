"""Frames: read whole, within bounds, or refused."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event
from wyoming.event import write_event as their_writer

from common.errors import InvalidInput, SottoError, TooLarge
from services.gatewayd.wyoming_wire import MAX_DATA, MAX_LINE, MAX_PAYLOAD, read_event

_JSON = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=8), max_size=4)


def _read(data: bytes, *, end: bool = True) -> Event | None:
    async def run() -> Event | None:
        reader = asyncio.StreamReader(limit=MAX_LINE)
        reader.feed_data(data)
        if end:
            reader.feed_eof()
        return await read_event(reader, 0.2, 0.2)

    return asyncio.run(run())


@given(st.text(min_size=1, max_size=20), _JSON, st.binary(max_size=100))
def test_what_the_library_writes_is_read(kind: str, data: dict[str, object], payload: bytes) -> None:
    buffer = io.BytesIO()
    event = Event(kind, data, payload or None)
    their_writer(event, buffer)
    assert _read(buffer.getvalue()) == event


def test_data_in_the_line_and_in_a_block_are_one() -> None:
    line = json.dumps({"type": "x", "data": {"a": 1, "b": 1}, "data_length": 8}).encode()
    assert _read(line + b'\n{"b": 2}') == Event("x", {"a": 1, "b": 2}, None)


def test_the_end_of_a_connection_is_no_error() -> None:
    assert _read(b"") is None


@pytest.mark.parametrize("field", ["data_length", "payload_length"])
@pytest.mark.parametrize("length", [max(MAX_DATA, MAX_PAYLOAD) + 1, 2**63, 10**30])
def test_a_length_above_the_limit_is_refused_before_anything_is_read(field: str, length: int) -> None:
    # Nothing follows, and nothing is waited for.
    with pytest.raises(TooLarge):
        _read(json.dumps({"type": "x", field: length}).encode() + b"\n", end=False)


def test_a_line_without_an_end_is_refused() -> None:
    with pytest.raises(TooLarge):
        _read(b"{" + b" " * (MAX_LINE + 10), end=False)


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"[]\n",
        b"{}\n",
        b'{"type": 5}\n',
        b"nonsense\n",
        b'{"type": "x"',
        b'{"type": "x", "data_length": -1}\n',
        b'{"type": "x", "data_length": 1.5}\n',
        b'{"type": "x", "data_length": "9"}\n',
        b'{"type": "x", "payload_length": true}\n',
        b'{"type": "x", "data_length": 5}\n{}',
        b'{"type": "x", "data_length": 2}\n[]',
        b'{"type": "x", "payload_length": 5}\nabc',
        b"\xff\xfe\n",
        b"[" * 60_000 + b"\n",
    ],
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        _read(data)


@pytest.mark.parametrize("data", [b"", b"{", b'{"type": "x", "payload_length": 5}\nabc'])
def test_what_does_not_come_is_not_waited_for(data: bytes) -> None:
    with pytest.raises(TimeoutError):
        _read(data, end=False)


@given(st.binary(max_size=300))
def test_no_bytes_do_harm(data: bytes) -> None:
    try:
        _read(data)
    except SottoError as error:
        assert error.code.startswith("wyoming.")

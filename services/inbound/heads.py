"""Checks how the body of an HTTP request is delimited, where h11 takes more than one reading (RFC 9112).

A proxy in front and the server behind it could see the end of such a request at different places, so that a
part of one request becomes another one ("request smuggling").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import h11
from h11._receivebuffer import ReceiveBuffer


def refuse_ambiguous(lines: Sequence[bytes | bytearray], size: int) -> None:
    """Check the head of a request.

    Args:
        lines: from the request line to the last field, without their ends.
        size: bytes that the head had, with the ends of all lines and the empty line after it.

    Raises:
        h11.RemoteProtocolError: a line ends without a carriage return; a field goes on in a second line
            ("obs-fold"); more than one Content-Length, or one that is no number; Content-Length together with
            Transfer-Encoding; Transfer-Encoding before HTTP/1.1.
    """
    if size != sum(len(line) + 2 for line in lines) + 2:
        raise h11.RemoteProtocolError("a line of the head does not end with CR LF")
    first, *fields = lines
    if any(field[:1] in (b" ", b"\t") for field in fields):
        raise h11.RemoteProtocolError("a field of the head goes on in a second line")
    lengths = _values(fields, b"content-length")
    codings = _values(fields, b"transfer-encoding")
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        raise h11.RemoteProtocolError("not one Content-Length")
    if codings and (lengths or not first.endswith(b"HTTP/1.1")):
        raise h11.RemoteProtocolError("Transfer-Encoding with Content-Length, or before HTTP/1.1")


def _values(fields: Sequence[bytes | bytearray], name: bytes) -> list[bytes | bytearray]:
    parts = (field.partition(b":") for field in fields)
    return [value.strip(b" \t") for found, _, value in parts if found.lower() == name]


class _Lines(ReceiveBuffer):
    """h11's buffer, with a check of the lines that h11 takes out of it: heads, and trailers of bodies."""

    def maybe_extract_lines(self) -> list[bytearray] | None:
        before = len(self)
        lines = super().maybe_extract_lines()
        if lines:
            refuse_ambiguous(lines, before - len(self))
        return lines


def strict_connection(max_head: int) -> h11.Connection:
    """The server side of an HTTP/1.1 connection that refuses what `refuse_ambiguous` refuses.

    Args:
        max_head: bytes of a head.
    """
    connection: Any = h11.Connection(h11.SERVER, max_head)
    connection._receive_buffer = _Lines()
    return connection  # type: ignore[no-any-return]

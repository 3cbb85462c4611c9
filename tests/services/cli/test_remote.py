"""What `sotto remote` makes of an address, and of the status that it gets."""

from __future__ import annotations

import pytest

from common.errors import InvalidInput
from services.cli.remote import _place, status_lines
from services.proto.sotto.v1 import recogniser_pb2 as pb


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("192.0.2.7", ("192.0.2.7", 8444)),
        ("192.0.2.7:9000", ("192.0.2.7", 9000)),
        ("attic.local", ("attic.local", 8444)),
        ("fd00::7", ("fd00::7", 8444)),
        ("[fd00::7]", ("fd00::7", 8444)),
        ("[fd00::7]:9000", ("fd00::7", 9000)),
    ],
)
def test_an_address_may_have_a_port(text: str, place: tuple[str, int]) -> None:
    assert _place(text) == place


@pytest.mark.parametrize("text", ["", "host:0", "host:65536", "host:x", "[fd00::7]:-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        _place(text)


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (
            pb.RemoteStatusResponse(),
            ["no other machine recognises for this box; `sotto remote pair ADDRESS` pairs one"],
        ),
        (
            pb.RemoteStatusResponse(
                on=True, address="192.0.2.7:8444", problem="the token is not known", code="access.token",
                hint="pair again",
            ),
            [
                "the remote recogniser at 192.0.2.7:8444 is not used:",
                "  the token is not known [access.token]",
                "  to do: pair again",
                "  speech sent there since the start: 1.5 MB",
            ],
        ),
        (
            pb.RemoteStatusResponse(
                on=True, address="192.0.2.7:8444", up=True, chosen=True, reason="it is clearly faster",
                local_ms=900.0, remote_ms=120.4,
            ),
            [
                "the remote recogniser at 192.0.2.7:8444 is asked now: it is clearly faster",
                "  for two seconds of speech: this box 900 ms, remote 120 ms",
                "  speech sent there since the start: 1.5 MB",
            ],
        ),
        (
            pb.RemoteStatusResponse(on=True, address="a", up=True, reason="it is not measured yet"),
            [
                "the remote recogniser at a is there, and this box recognises by itself: "
                "it is not measured yet",
                "  speech sent there since the start: 1.5 MB",
            ],
        ),
    ],
)  # fmt: skip
def test_the_status_is_told_in_words(status: pb.RemoteStatusResponse, lines: list[str]) -> None:
    assert status_lines(status, 1_500_000 if status.on else None) == lines

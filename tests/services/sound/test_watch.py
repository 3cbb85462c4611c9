"""What of the sound server's chatter is news."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sound.watch import Listing


def event(kind: str, number: int, what: str = "") -> bytes:
    told = f"\ttype: PipeWire:Interface:{what} (version 3)\n" if what else ""
    return f"{kind}:\n\tid: {number}\n{told}".encode()


@pytest.mark.parametrize("what", ["Node", "Device"])
def test_cards_and_nodes_that_come_change_and_go_are_news(what: str) -> None:
    listing = Listing()
    assert listing.feed(event("added", 7, what))
    assert listing.feed(event("changed", 7, what))
    assert listing.feed(event("removed", 7))
    assert not listing.feed(event("removed", 7))


def test_our_own_looks_are_no_news_or_they_would_never_end() -> None:
    listing = Listing()
    assert not listing.feed(event("added", 72, "Client"))
    assert not listing.feed(event("removed", 72))
    assert not listing.feed(event("added", 73, "Port"))


@given(st.integers(0, 200), st.booleans())
def test_words_may_be_cut_anywhere(cut: int, news: bool) -> None:
    data = (
        event("added", 1, "Client")
        + event("added", 2, "Node" if news else "Link")
        + event("added", 3, "Port")
    )
    listing = Listing()
    first, second = listing.feed(data[:cut]), listing.feed(data[cut:])
    assert (first or second) is news


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_nonsense_is_survived(pieces: list[bytes]) -> None:
    listing = Listing()
    for piece in pieces:
        listing.feed(piece)

"""A box has its speech recognised by another machine, and gets the words that it would find by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.remoted.conftest import Borrower, Server

SENTENCES = (
    "turn on the kitchen light",
    "set a timer for ten minutes",
    "the quick brown fox jumps over the lazy dog",
)


def test_the_words_are_those_of_the_box_itself(
    server: Server, borrower: Borrower, wav: Callable[..., Path]
) -> None:
    borrower.start(server.remote(server.token))
    clips = [wav(sentence) for sentence in SENTENCES]
    at_home = [borrower.transcribe(clip) for clip in clips]
    borrower.until_chosen()
    before = borrower.results()
    borrowed = [borrower.transcribe(clip) for clip in clips]
    after = borrower.results()
    assert [(b.text, b.method) for b in borrowed] == [(a.text, a.method) for a in at_home]
    assert after.get(("remote", "chosen"), 0) - before.get(("remote", "chosen"), 0) == len(clips), after

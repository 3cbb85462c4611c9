"""Sentence files that change while the device runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.reload import GrammarKeeper
from assistant.understanding.sentences import build_grammar
from common.errors import GrammarError

FILE = "intents: {Go: {data: [{sentences: ['WORD']}]}}"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], None]:
    path, ticks = tmp_path / "own.yaml", iter(range(1, 100))

    def writer(word: str) -> None:
        path.write_text(FILE.replace("WORD", word))
        # Two writes may fall into one tick of the file system's clock.
        os.utime(path, (next(ticks), next(ticks)))

    return writer


def keeper(folder: Path, heard: list[str | None] | None = None) -> GrammarKeeper:
    def build() -> Grammar:
        return build_grammar("en", False, [folder], HomeNames(), None)

    return GrammarKeeper(build, [folder], on_change=None if heard is None else heard.append)


def test_nothing_is_built_while_nothing_changes(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    before = kept.current
    assert kept.poll() is None
    assert kept.wait(5)
    assert kept.current is before


def test_a_changed_file_is_used_soon(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    heard: list[str | None] = []
    kept = keeper(tmp_path, heard)
    write("two")
    kept.poll()
    assert kept.wait(5)
    assert kept.current.parses("two")
    assert heard == [None]


def test_a_new_file_is_noticed(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    (tmp_path / "more.yaml").write_text(FILE.replace("WORD", "three").replace("Go", "Come"))
    kept.poll()
    assert kept.wait(5)
    assert kept.current.intents == {"Go", "Come"}


def test_a_faulty_file_leaves_the_old_grammar(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    heard: list[str | None] = []
    kept = keeper(tmp_path, heard)
    write("(broken")
    kept.poll()
    assert kept.wait(5)
    fault = kept.poll()
    assert fault is not None
    assert "own.yaml:1" in fault
    assert kept.current.parses("one")
    assert heard == [fault]


def test_an_intent_that_nothing_answers_leaves_the_old_grammar(
    tmp_path: Path, write: Callable[[str], None]
) -> None:
    write("one")
    kept = GrammarKeeper(
        lambda: build_grammar("en", False, [tmp_path], HomeNames(), frozenset({"Go"})), [tmp_path]
    )
    (tmp_path / "more.yaml").write_text(FILE.replace("WORD", "three").replace("Go", "Come"))
    kept.poll()
    assert kept.wait(5)
    assert "more.yaml:1: nothing answers the intent Come" in (kept.poll() or "")
    assert kept.current.intents == {"Go"}


def test_a_repaired_file_clears_the_fault(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    for word in ("(broken", "two"):
        write(word)
        kept.poll()
        assert kept.wait(5)
    assert kept.poll() is None
    assert kept.current.parses("two")


def test_a_vanished_directory_leaves_the_old_grammar(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    (tmp_path / "own.yaml").unlink()
    tmp_path.rmdir()
    kept.poll()
    assert kept.wait(5)
    assert "no directory" in (kept.poll() or "")
    assert kept.current.parses("one")
    tmp_path.mkdir()


def test_the_first_grammar_must_build(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("(broken")
    with pytest.raises(GrammarError):
        keeper(tmp_path)


def test_a_wish_for_another_grammar_is_met_at_once(tmp_path: Path) -> None:
    kept, built, _ = slow_keeper(tmp_path)
    kept.refresh()
    assert kept.wait(10)
    assert len(built) == 2


def test_a_wish_during_a_build_is_met_behind_it_and_waited_for(tmp_path: Path) -> None:
    kept, built, may_end = slow_keeper(tmp_path)
    may_end.clear()
    kept.refresh()
    while len(built) < 2:
        threading.Event().wait(0.01)
    kept.refresh()
    assert not kept.wait(0.05)
    may_end.set()
    assert kept.wait(10)
    assert len(built) == 3


def test_after_a_build_that_stumbled_a_wish_is_met_again(tmp_path: Path) -> None:
    stumbles = iter([False, True, False])

    def build() -> Grammar:
        if next(stumbles):
            raise RuntimeError("stumbled")
        return build_grammar("en", False, [], HomeNames(), None)

    kept = GrammarKeeper(build, [tmp_path])
    kept.refresh()
    assert kept.wait(10)
    assert "stumbled" in (kept.poll() or "")
    kept.refresh()
    assert kept.wait(10)
    assert kept.poll() is None


def slow_keeper(folder: Path) -> tuple[GrammarKeeper, list[int], threading.Event]:
    """A keeper, what it has built, and an event without which no build ends."""
    built: list[int] = []
    may_end = threading.Event()
    may_end.set()

    def build() -> Grammar:
        built.append(1)
        assert may_end.wait(10)
        return build_grammar("en", False, [], HomeNames(), None)

    return GrammarKeeper(build, [folder]), built, may_end

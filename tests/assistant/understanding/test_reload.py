"""Sentence files that change while the device runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.understanding.builder import Build, GrammarBuilder
from assistant.understanding.names import HomeNames
from assistant.understanding.reload import GrammarKeeper
from assistant.understanding.sentences import SentenceSource, build_grammar
from common.faults import Fault

FILE = "intents: {Go: {data: [{sentences: ['WORD']}]}}"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], None]:
    path, ticks = tmp_path / "own.yaml", iter(range(1, 100))

    def writer(word: str) -> None:
        path.write_text(FILE.replace("WORD", word))
        # Two writes may fall into one tick of the file system's clock.
        os.utime(path, (next(ticks), next(ticks)))

    return writer


def keeper(
    folder: Path,
    heard: list[tuple[Fault, ...]] | None = None,
    supported: frozenset[str] | None = None,
) -> GrammarKeeper:
    builder = GrammarBuilder(SentenceSource("en", False, (folder,), supported))
    on_change = None if heard is None else heard.append
    return GrammarKeeper(lambda: builder.build(HomeNames()), [folder], on_change)


def rebuilt(kept: GrammarKeeper) -> tuple[Fault, ...]:
    """The faults after what has changed was built."""
    kept.poll()
    assert kept.wait(5)
    return kept.faults


def test_nothing_is_built_while_nothing_changes(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    before = kept.current
    assert rebuilt(kept) == ()
    assert kept.current is before


def test_a_changed_file_is_used_soon(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    heard: list[tuple[Fault, ...]] = []
    kept = keeper(tmp_path, heard)
    write("two")
    assert rebuilt(kept) == ()
    assert kept.current.parses("two")
    assert heard == [()]


def test_a_new_file_is_noticed(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    (tmp_path / "more.yaml").write_text(FILE.replace("WORD", "three").replace("Go", "Come"))
    rebuilt(kept)
    assert kept.current.intents == {"Go", "Come"}


def test_of_a_file_with_a_fault_the_last_good_version_stays(
    tmp_path: Path, write: Callable[[str], None]
) -> None:
    write("one")
    heard: list[tuple[Fault, ...]] = []
    kept = keeper(tmp_path, heard)
    write("(broken")
    (fault,) = rebuilt(kept)
    assert "own.yaml:1" in fault.message
    assert fault.effect == "The last version of this file that was right stays in use."
    assert kept.current.parses("one")
    assert heard == [(fault,)]


def test_beside_a_file_with_a_fault_others_are_used(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    write("(broken")
    (tmp_path / "more.yaml").write_text(FILE.replace("WORD", "three"))
    assert len(rebuilt(kept)) == 1
    assert kept.current.parses("one")
    assert kept.current.parses("three")


def test_an_intent_that_nothing_answers_is_left_out(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path, supported=frozenset({"Go"}))
    (tmp_path / "more.yaml").write_text(FILE.replace("WORD", "three").replace("Go", "Come"))
    (fault,) = rebuilt(kept)
    assert "more.yaml:1: nothing answers the intent Come" in fault.message
    assert kept.current.intents == {"Go"}


def test_a_repaired_file_clears_the_fault(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    write("(broken")
    assert rebuilt(kept)
    write("two")
    assert rebuilt(kept) == ()
    assert kept.current.parses("two")


def test_a_file_that_is_taken_away_is_forgotten(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    (tmp_path / "own.yaml").unlink()
    assert rebuilt(kept) == ()
    assert not kept.current.parses("one")


def test_a_vanished_directory_leaves_its_sentences(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("one")
    kept = keeper(tmp_path)
    (tmp_path / "own.yaml").unlink()
    tmp_path.rmdir()
    (fault,) = rebuilt(kept)
    assert "no directory" in fault.message
    assert kept.current.parses("one")
    tmp_path.mkdir()


def test_at_the_start_a_file_with_a_fault_is_left_out(tmp_path: Path, write: Callable[[str], None]) -> None:
    write("(broken")
    (tmp_path / "more.yaml").write_text(FILE.replace("WORD", "three"))
    kept = keeper(tmp_path)
    (fault,) = kept.faults
    assert "own.yaml:1" in fault.message
    assert fault.effect == "The box works without this file."
    assert kept.current.parses("three")


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


def test_who_no_longer_wants_a_grammar_waits_no_longer(tmp_path: Path) -> None:
    kept, _, may_end = slow_keeper(tmp_path)
    may_end.clear()
    kept.refresh()
    answers = iter([True, False])
    assert not kept.wait(3600, lambda: next(answers))
    may_end.set()
    assert kept.wait(10)


def test_after_a_build_that_stumbled_a_wish_is_met_again(tmp_path: Path) -> None:
    stumbles = iter([False, True, False])

    def build() -> Build:
        if next(stumbles):
            raise RuntimeError("stumbled")
        return Build(build_grammar("en", False, [], HomeNames(), None))

    kept = GrammarKeeper(build, [tmp_path])
    kept.refresh()
    assert kept.wait(10)
    assert "stumbled" in kept.faults[0].message
    kept.refresh()
    assert kept.wait(10)
    assert kept.faults == ()


def slow_keeper(folder: Path) -> tuple[GrammarKeeper, list[int], threading.Event]:
    """A keeper, what it has built, and an event without which no build ends."""
    built: list[int] = []
    may_end = threading.Event()
    may_end.set()

    def build() -> Build:
        built.append(1)
        assert may_end.wait(10)
        return Build(build_grammar("en", False, [], HomeNames(), None))

    return GrammarKeeper(build, [folder]), built, may_end

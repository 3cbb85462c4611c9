"""The token automaton accepts every way to write its sentences, and nothing else."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.speech.token_automaton import TokenAutomaton
from assistant.speech.tokens import Vocabulary
from assistant.speech.vocabulary_trie import VocabularyTrie
from tests.assistant.speech.conftest import ListAutomaton, can_write

SENTENCES = (
    "turn on the light",
    "turn on the lights",
    "wake me at 7 30 am",
    "set it to 50 percent",
    "set it to 21 point 5 degrees",
    "a 12 ounce coffee",
    "what's up",
)
WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6)


@pytest.fixture(scope="module")
def trie(vocabulary: Vocabulary) -> VocabularyTrie:
    return VocabularyTrie(vocabulary)


class UnlistedAutomaton(ListAutomaton):
    """Does not list the characters that may follow, so that every character of the vocabulary is tried."""

    def chars(self, state: int) -> frozenset[str] | None:
        return None


class Walk:
    """Walks written text, split into the fewest tokens, along an automaton."""

    sentences: ClassVar[tuple[str, ...]] = SENTENCES

    def __init__(self, vocabulary: Vocabulary, trie: VocabularyTrie) -> None:
        self._vocabulary = vocabulary
        self._automaton = TokenAutomaton(ListAutomaton(self.sentences), trie, 10_000)

    def accepts(self, written: str) -> bool:
        return can_write(self._automaton, self._vocabulary, written)


@pytest.fixture(scope="module")
def walk(vocabulary: Vocabulary, trie: VocabularyTrie) -> Walk:
    return Walk(vocabulary, trie)


@pytest.mark.parametrize(
    "written",
    [
        "turn on the light",
        "Turn on the light.",
        "Turn on, the light!",
        "TURN-ON the Lights?",
        "Wake me at 7:30 a.m.",
        "Wake me at 7:30 am.",
        "Wake me at 7:30am",
        "Set it to 50%.",
        "Set it to 50 percent",
        "Set it to 21.5\u00b0.",
        "A 12-oz. coffee",
        "a 12oz coffee",
        "A 12-ounce coffee.",
        "What's up?",
    ],
)
def test_ways_of_writing_are_allowed(walk: Walk, written: str) -> None:
    assert walk.accepts(written)


@pytest.mark.parametrize(
    "written",
    ["turn on the", "turn on  the light", "turn on the fan", "light", "turn on the light..,", "50"],
)
def test_anything_else_is_not(walk: Walk, written: str) -> None:
    assert not walk.accepts(written)


@settings(max_examples=30, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=5), st.booleans())
def test_every_sentence_can_be_written(
    vocabulary: Vocabulary, trie: VocabularyTrie, words: list[str], capital: bool
) -> None:
    sentence = " ".join(words)

    class Own(Walk):
        sentences = (sentence, "something else")

    written = sentence.capitalize() if capital else sentence
    assert Own(vocabulary, trie).accepts(written + ".")
    assert not Own(vocabulary, trie).accepts(sentence + " q")


def test_choices_are_remembered(trie: VocabularyTrie) -> None:
    automaton = TokenAutomaton(ListAutomaton(SENTENCES), trie, 10_000)
    assert automaton.choices(automaton.start) is automaton.choices(automaton.start)


def test_trim_bounds_what_is_remembered(trie: VocabularyTrie) -> None:
    automaton = TokenAutomaton(ListAutomaton(SENTENCES), trie, max_states=3)
    automaton.choices(automaton.start)
    assert len(automaton._states) > 3
    automaton.trim()
    assert len(automaton._states) == 1
    assert len(automaton.choices(automaton.start).tokens) > 0


@settings(max_examples=12)
@given(
    sentences=st.lists(st.sampled_from([*SENTENCES, "7 30", "room 2 a", "m", "oz", "1 point 5"]), min_size=1)
)
def test_nothing_is_lost_by_trying_only_what_may_follow(trie: VocabularyTrie, sentences: list[str]) -> None:
    quick = TokenAutomaton(ListAutomaton(sentences), trie, 10_000)
    slow = TokenAutomaton(UnlistedAutomaton(sentences), trie, 10_000)
    state = 0
    while state < len(quick._states):
        some, all_ = quick.choices(state), slow.choices(state)
        assert some.tokens.tolist() == all_.tokens.tolist()
        assert (some.states.tolist(), some.ends) == (all_.states.tolist(), all_.ends)
        state += 1
    assert len(quick._states) == len(slow._states)

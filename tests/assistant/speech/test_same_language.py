"""The search finds exactly the sentences that hassil accepts: the token automaton compared with hassil."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hassil.intents import Intents
from hassil.recognize import recognize
from hypothesis import given, settings
from hypothesis import strategies as st
from unicode_rbnf import RbnfEngine

from assistant.speech.token_automaton import TokenAutomaton
from assistant.speech.tokens import Vocabulary
from assistant.speech.vocabulary_trie import VocabularyTrie
from assistant.understanding.names import HomeNames
from assistant.understanding.sentences import build_grammar
from tests.assistant.speech.conftest import can_write

WORDS = ("turn", "light", "kitchen", "lights")
LONGEST = 4

_word = st.sampled_from(("turn", "light", "kitchen", "light[s]", "{thing}", "<place>"))


def _branches(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    few = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        few.map(" ".join),
        few.map(lambda parts: f"({'|'.join(parts)})"),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: f"({';'.join(parts)})"),
        inner.map(lambda part: f"[{part}]"),
    )


#: A word comes first, so that no template is empty: the grammar refuses such a one.
TEMPLATES = st.tuples(_word, st.recursive(_word, _branches, max_leaves=5)).map(" ".join)


@pytest.fixture(scope="module")
def trie(vocabulary: Vocabulary) -> VocabularyTrie:
    return VocabularyTrie(vocabulary)


def source(templates: list[str]) -> dict[str, object]:
    return {
        "language": "en",
        "intents": {"Go": {"data": [{"sentences": templates}]}},
        "expansion_rules": {"place": "[the] kitchen"},
        "lists": {"thing": {"values": ["light", "kitchen light", "turn [kitchen]"]}},
    }


@cache
def candidates() -> tuple[str, ...]:
    """Every sequence of up to `LONGEST` words."""
    lengths = range(1, LONGEST + 1)
    return tuple(" ".join(words) for length in lengths for words in product(WORDS, repeat=length))


@settings(max_examples=25, deadline=None)
@given(st.lists(TEMPLATES, min_size=1, max_size=2))
def test_small_grammars_have_the_language_that_hassil_gives_them(
    vocabulary: Vocabulary, trie: VocabularyTrie, templates: list[str]
) -> None:
    content = source(templates)
    with TemporaryDirectory() as folder:
        (Path(folder) / "own.yaml").write_text(yaml.safe_dump(content))
        grammar = build_grammar("en", False, [Path(folder)], HomeNames(), None)
    tokens = TokenAutomaton(grammar.automaton, trie, 100_000)
    intents = Intents.from_dict(content)
    differing = {
        text: (found, known)
        for text in candidates()
        if (found := can_write(tokens, vocabulary, text)) != (known := recognize(text, intents) is not None)
    }
    assert differing == {}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from((1, 5, 10)))
def test_ranges_have_the_numbers_that_hassil_gives_them(
    vocabulary: Vocabulary, trie: VocabularyTrie, first: int, more: int, step: int
) -> None:
    bounds = {"from": first, "to": first + more, "step": step}
    content = {
        "language": "en",
        "intents": {"Set": {"data": [{"sentences": ["set it to {n} [percent]"]}]}},
        "lists": {"n": {"range": bounds}},
    }
    with TemporaryDirectory() as folder:
        (Path(folder) / "own.yaml").write_text(yaml.safe_dump(content))
        grammar = build_grammar("en", False, [Path(folder)], HomeNames(), None)
    tokens = TokenAutomaton(grammar.automaton, trie, 100_000)
    intents = Intents.from_dict(content)
    spell = RbnfEngine.for_language("en").format_number
    differing = []
    for number in range(125):
        for said in (str(number), spell(number).text.replace("-", " ")):
            text = f"set it to {said} percent"
            known = recognize(text, intents, language="en") is not None
            if can_write(tokens, vocabulary, text) != known:
                differing.append((text, known))
    assert differing == []

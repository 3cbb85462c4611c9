"""The real models, opened once, and small grammars to recognise with."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from assistant.models.store import ModelStore
from assistant.serving.serving import Serving
from assistant.speech.recogniser import Recogniser
from assistant.speech.synthesiser import Synthesiser
from assistant.speech.token_automaton import TokenAutomaton
from assistant.speech.tokens import SPACE, Vocabulary
from common.paths import models_dir
from tests.hearsay import plain


class ListAutomaton:
    """A character automaton of a list of sentences; a state is the number of a prefix."""

    start = 0

    def __init__(self, sentences: Iterable[str]) -> None:
        self._sentences = frozenset(sentences)
        prefixes = {""} | {text[:end] for text in self._sentences for end in range(len(text) + 1)}
        self._prefixes = sorted(prefixes)
        self._numbers = {prefix: number for number, prefix in enumerate(self._prefixes)}

    def step(self, state: int, char: str) -> int:
        return self._numbers.get(self._prefixes[state] + char, -1)

    def accepts(self, state: int) -> bool:
        return self._prefixes[state] in self._sentences

    def chars(self, state: int) -> frozenset[str] | None:
        prefix = self._prefixes[state]
        return frozenset(
            longer[-1]
            for longer in self._prefixes
            if len(longer) == len(prefix) + 1 and longer.startswith(prefix)
        )

    def is_free(self, _state: int) -> bool:
        return False


class ListGrammar:
    """A recognition grammar of a list of sentences."""

    def __init__(self, sentences: Iterable[str], searchable: bool = True) -> None:
        self.sentences = frozenset(sentences)
        self.known_prefix = ()
        self.key = f"{searchable} {sorted(self.sentences)}"
        self.words = frozenset(word for text in self.sentences for word in text.split())
        self.automaton = ListAutomaton(self.sentences) if searchable else None

    def parses(self, text: str) -> bool:
        return plain(text) in self.sentences

    def free_words(self, _text: str) -> frozenset[int]:
        return frozenset()


def can_write(automaton: TokenAutomaton, vocabulary: Vocabulary, written: str) -> bool:
    """Whether written text, split into the fewest tokens, is a sentence of the automaton."""
    tokens = vocabulary.fewest(SPACE + written.replace(" ", SPACE))
    assert tokens, written
    state = automaton.start
    for token in tokens:
        choices = automaton.choices(state)
        places = (choices.tokens == token).nonzero()[0]
        if len(places) == 0:
            return False
        state = int(choices.states[places[0]])
    return automaton.choices(state).ends


@pytest.fixture(scope="session")
def store() -> ModelStore:
    return ModelStore(models_dir())


@pytest.fixture(scope="session")
def serving(store: ModelStore) -> Serving:
    return Serving(store)


@pytest.fixture(scope="session")
def vocabulary(store: ModelStore) -> Vocabulary:
    return Vocabulary(store.path("moonshine-tiny-en", "tokenizer.bin"))


@pytest.fixture(scope="session")
def recogniser(serving: Serving) -> Recogniser:
    return Recogniser(serving)


@pytest.fixture(scope="session")
def synthesiser(serving: Serving) -> Synthesiser:
    return Synthesiser(serving)

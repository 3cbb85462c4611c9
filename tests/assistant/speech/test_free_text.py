"""Free text between words of a grammar, heard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.audio.format import Samples
from assistant.speech.after_wake import AfterWakeWord
from assistant.speech.evidence import evidence_of
from assistant.speech.hypothesis import Hypothesis
from assistant.speech.recogniser import Recogniser
from assistant.speech.tokens import SPACE, Vocabulary
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.sentences import build_grammar

Say = Callable[..., Samples]

GRAMMAR = """
language: en
intents:
  Add:
    data: [{sentences: ["add {thing} to the {name} list", "add {thing} to the {other:name} list"]}]
  Turn:
    data: [{sentences: ["turn (on|off) the (kitchen|bedroom) light"]}]
lists:
  thing: {wildcard: true, words: 6}
  name: {values: [shopping, holiday]}
  other: {wildcard: true, words: 2}
"""


@pytest.fixture(scope="module")
def grammar(tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    folder = tmp_path_factory.mktemp("free")
    (folder / "free.yaml").write_text(
        GRAMMAR.replace("{name}", "{known:name}").replace("  name:", "  known:")
    )
    return build_grammar("en", False, [folder], HomeNames(), None)


def test_free_words_are_heard_within_a_sentence(recogniser: Recogniser, say: Say, grammar: Grammar) -> None:
    transcript = recogniser.transcribe(say("add milk to the shopping list"), grammar)
    parse = grammar.parse(transcript.text)
    assert parse is not None
    assert dict(parse.slots) == {"thing": "milk", "name": "shopping"}


def test_a_quick_result_with_free_words_is_not_the_last(
    recogniser: Recogniser, say: Say, grammar: Grammar
) -> None:
    recognition = recogniser.begin(say("add milk to the shopping list"), grammar)
    assert not recognition.quick().settled
    assert recognition.deep().settled


def test_a_word_of_the_grammar_comes_before_free_text_that_sounds_like_it(
    recogniser: Recogniser, say: Say, grammar: Grammar
) -> None:
    """Freely, this voice says "the sharpening list"."""
    transcript = recogniser.transcribe(say("add water to the shopping list", voice="en-us+m4"), grammar)
    parse = grammar.parse(transcript.text)
    assert parse is not None
    assert parse.slots["name"] == "shopping"


@pytest.mark.parametrize(
    "said",
    [
        "we have been to the beach and the weather was lovely",
        "and then the music to the film is the best of all",
        "he had a lot of things to do with the winter holiday",
    ],
)
def test_other_speech_is_not_bent_into_a_sentence(
    recogniser: Recogniser, say: Say, grammar: Grammar, said: str
) -> None:
    assert grammar.parse(recogniser.transcribe(say(said), grammar).text) is None


def test_free_words_are_no_evidence(grammar: Grammar, vocabulary: Vocabulary) -> None:
    text = "add milk to the shopping list"
    tokens = tuple(token for word in text.split() for token in vocabulary.fewest(SPACE + word))
    free = Hypothesis(tokens, (-0.1,) * (len(tokens) + 1))
    doubtful = Hypothesis(tokens, tuple(-0.1 if place == 1 else -1.5 for place in range(len(tokens) + 1)))
    evidence = evidence_of(doubtful, free, grammar, vocabulary)
    assert evidence.tokens == len(tokens)
    assert evidence.mean == pytest.approx(-1.5)
    assert evidence.ratio == pytest.approx((doubtful.total - free.total) / len(tokens))


def test_places_of_free_words_count_the_wake_word(grammar: Grammar) -> None:
    led = AfterWakeWord("hey jarvis", grammar)
    assert led.free_words("Hey Jarvis, add oat milk to the shopping list.") == {3, 4}
    assert led.free_words("add oat milk to the shopping list") == frozenset()

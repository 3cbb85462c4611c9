"""Hypotheses, and the evidence that a sentence of the grammar needs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assistant.models.moonshine_shape import END_TOKEN
from assistant.speech.hypothesis import Hypothesis
from assistant.speech.rejection import Evidence, RejectionSettings, is_accepted
from assistant.speech.tokens import SPACE, Vocabulary

NATS = st.floats(-20.0, 5.0)
SETTINGS = RejectionSettings()


def test_end_token_ends() -> None:
    spoken = Hypothesis().followed_by(300, -0.5)
    assert not spoken.ended
    ended = spoken.followed_by(END_TOKEN, -0.25)
    assert ended.ended
    assert ended.tokens == (300,)
    assert ended.total == -0.75


def test_mean_of_nothing_is_zero() -> None:
    assert Hypothesis().mean == 0.0


def test_worst_word_sums_its_tokens(vocabulary: Vocabulary) -> None:
    first, second, tail = (vocabulary.ids[piece] for piece in (f"{SPACE}the", f"{SPACE}mo", "s"))
    spoken = Hypothesis((first, second, tail), (-1.0, -2.0, -3.0, -0.5))
    assert spoken.worst_word(vocabulary) == -5.5


def test_hyphen_begins_a_word(vocabulary: Vocabulary) -> None:
    first, hyphen, tail = (vocabulary.ids[piece] for piece in (f"{SPACE}the", "-", "s"))
    assert Hypothesis((first, hyphen, tail), (-4.0, -1.0, -2.0)).worst_word(vocabulary) == -4.0


def test_a_perfect_sentence_is_believed() -> None:
    assert is_accepted(Evidence(10, 0.0, -0.1, -0.5), SETTINGS)


def test_one_wrong_word_is_enough_to_reject() -> None:
    assert not is_accepted(Evidence(20, -0.5, -0.8, SETTINGS.min_word - 1), SETTINGS)


def test_short_sentences_must_do_better() -> None:
    evidence = Evidence(SETTINGS.short_tokens + 1, -1.5, -1.5, -6.0)
    assert is_accepted(evidence, SETTINGS)
    assert not is_accepted(replace(evidence, tokens=SETTINGS.short_tokens), SETTINGS)


@given(st.integers(1, 40), NATS, NATS, NATS, st.floats(0.0, 10.0))
def test_better_evidence_is_never_believed_less(
    tokens: int, ratio: float, mean: float, word: float, more: float
) -> None:
    if is_accepted(Evidence(tokens, ratio, mean, word), SETTINGS):
        assert is_accepted(Evidence(tokens, ratio + more, mean + more, word + more), SETTINGS)


def test_words_are_left_out_by_their_places(vocabulary: Vocabulary) -> None:
    first, second, tail, last = (
        vocabulary.ids[piece] for piece in (f"{SPACE}the", f"{SPACE}mo", "s", f"{SPACE}a")
    )
    spoken = Hypothesis((first, second, tail, last), (-1.0, -2.0, -3.0, -4.0, -0.5))
    assert spoken.without_words({1}, vocabulary) == Hypothesis((first, last), (-1.0, -4.0, -0.5))
    assert spoken.without_words({0, 1, 2}, vocabulary) == Hypothesis((), (-0.5,))
    assert spoken.without_words((), vocabulary) == spoken

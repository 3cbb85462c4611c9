"""How well a hypothesis explains the sound: what rejection goes by."""

from __future__ import annotations

from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.hypothesis import Hypothesis
from assistant.speech.rejection import Evidence
from assistant.speech.tokens import Vocabulary


def evidence_of(
    hypothesis: Hypothesis, free: Hypothesis, grammar: RecognitionGrammar, vocabulary: Vocabulary
) -> Evidence:
    """The evidence for a sentence of the grammar.

    Words that are known to have been said need no evidence: the model may not know them ("nabu"). Free text
    is no evidence for the words around it, because it fits whatever was said. All that the sentence is less
    probable than the free hypothesis counts against the words of the grammar.

    Args:
        hypothesis: the sentence.
        free: the free hypothesis.
        grammar: that it is a sentence of.
        vocabulary: of the tokens.
    """
    known = hypothesis.tokens_of_words(len(grammar.known_prefix), vocabulary)
    said, free = hypothesis.without(known), free.without(known)
    words = grammar.free_words(vocabulary.text(hypothesis.tokens))
    own = hypothesis.without_words(words, vocabulary).without(known) if words else said
    if not own.tokens:
        own = said
    count = max(1, len(own.logps))
    return Evidence(
        count, (said.total - free.total) / count, min(own.mean, said.mean), own.worst_word(vocabulary)
    )

"""One recording being recognised: a quick result, and a deep one that searches the grammar.

In this order: greedy decoding with a bias towards the words of the grammar, taken if it parses; else a beam
search among the sentences of the grammar, taken if the evidence against free recognition is good enough; else
the text that was heard freely.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from assistant.models.engine import Tensor
from assistant.models.moonshine_shape import MAX_TOKENS
from assistant.speech import beam, greedy
from assistant.speech.beam import BeamSettings
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.hypothesis import Hypothesis
from assistant.speech.moonshine import Memory, Moonshine
from assistant.speech.rejection import Evidence, RejectionSettings, believable
from assistant.speech.search_thread import Search
from assistant.speech.token_automaton import TokenAutomaton
from assistant.speech.tokens import Vocabulary

Method = Literal["free", "bias", "constrained", "none"]

#: Nobody says more than this; Moonshine's authors bound decoding the same way.
_TOKENS_PER_SECOND = 6.5
_TOKENS_AT_LEAST = 8


@dataclass(frozen=True)
class Transcript:
    """What was said.

    Attributes:
        text: as the recogniser writes it, with capitals and punctuation; "" if nothing was heard.
        free_score: mean log-probability of a token of the free hypothesis (nats).
        method: "bias" for text helped by the lexicon that parses, "constrained" for the likeliest
            sentence of the grammar, "free" for what was heard without help, "none" for no text.
        audio_s: length of the recording.
        encode_ms: time spent on the encoder since the result before.
        decode_ms: time spent on decoding since the result before.
        scores: numbers behind the decision, by name; for measuring.
    """

    text: str
    free_score: float
    method: Method
    audio_s: float
    encode_ms: float = 0.0
    decode_ms: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class DecodingSettings:
    """How text is decoded.

    Attributes:
        max_tokens: longest text, in tokens.
        bias: logits added to tokens of the grammar's words.
        beam: the constrained search.
        rejection: when a sentence of the grammar is believed.
    """

    max_tokens: int
    bias: float
    beam: BeamSettings
    rejection: RejectionSettings


@dataclass(frozen=True)
class Decoder:
    """What all recognitions of one recogniser share.

    Attributes:
        model: the graphs.
        vocabulary: from tokens to text.
        settings: how text is decoded.
        searcher: runs searches one after the other, as they share what they know of the grammar.
        lock: recognitions of several threads take turns.
    """

    model: Moonshine
    vocabulary: Vocabulary
    settings: DecodingSettings
    searcher: ThreadPoolExecutor
    lock: threading.Lock


@dataclass(frozen=True)
class GrammarHelp:
    """What a grammar gives to decoding, made once per grammar. Without an automaton nothing is searched."""

    bias: Tensor
    automaton: TokenAutomaton | None


@dataclass(frozen=True)
class _Found:
    text: str
    method: Method
    free: Hypothesis
    scores: Mapping[str, float] = field(default_factory=dict)


class Recognition:
    """One recording under a grammar; made by `Recogniser.begin`.

    `quick` and `deep` may be asked in any order and more than once. `search_ahead` begins the search of the
    deep result beside the quick one; `give_up` ends it.

    Args:
        decoder: of the recogniser.
        memory: the encoded recording; None where it holds no word.
        audio_s: length of the recording.
        encode_ms: what the encoder took.
        grammar: what may be said; None for free text.
        help_: of the grammar; None without one.
    """

    def __init__(
        self,
        decoder: Decoder,
        memory: Memory | None,
        audio_s: float,
        encode_ms: float,
        grammar: RecognitionGrammar | None,
        help_: GrammarHelp | None,
    ) -> None:
        self.grammar = grammar
        self._decoder = decoder
        self._memory = memory
        self._audio_s = audio_s
        self._encode_ms = encode_ms
        self._help = help_
        self._greedy: tuple[Hypothesis, Hypothesis] | None = None
        self._search: Search | None = None

    def quick(self) -> Transcript:
        """The result of greedy decoding alone; for partial transcripts, and first in a pause."""
        return self._result(deep=False)

    def deep(self) -> Transcript:
        """The quick result if it is a sentence of the grammar, else what the search finds; waits for it."""
        return self._result(deep=True)

    def search_ahead(self, wanted: Callable[[], bool] = lambda: True) -> Search | None:
        """Begin the search of `deep` now, on another core if this process may use one.

        Args:
            wanted: asked before each token, in another thread; without a yes the search ends.

        Returns:
            The search; None where there is nothing to search, or no second core.
        """
        automaton = self._help.automaton if self._help is not None else None
        if self._memory is None or automaton is None or self._search is not None or not _second_core():
            return None
        self._search = self._begin_search(self._memory, automaton, wanted)
        return self._search

    def give_up(self) -> None:
        """End a search that is under way; asked for `deep` again, it is made anew."""
        if self._search is not None:
            self._search.give_up()

    def _result(self, *, deep: bool) -> Transcript:
        if self._memory is None:
            return Transcript("", 0.0, "none", self._audio_s)
        with self._decoder.lock:
            began = time.perf_counter()
            found = self._decode(self._memory, deep)
            decode_ms = (time.perf_counter() - began) * 1e3
        encode_ms, self._encode_ms = self._encode_ms, 0.0
        method: Method = found.method if found.text else "none"
        return Transcript(
            found.text, found.free.mean, method, self._audio_s, encode_ms, decode_ms, found.scores
        )

    def _decode(self, memory: Memory, deep: bool) -> _Found:
        text_of = self._decoder.vocabulary.text
        grammar = self.grammar
        if grammar is None or self._help is None:
            free, _ = self._greedily(memory)
            return _Found(text_of(free.tokens), "free", free)
        automaton = self._help.automaton
        free, biased = self._greedily(memory)
        free_text = text_of(free.tokens)
        # A grammar without sentences to search has a few words that are waited for: "stop" needs no evidence.
        trusted = automaton is None
        candidates: tuple[tuple[Method, Hypothesis, str], ...] = (
            ("bias", biased, text_of(biased.tokens)),
            ("free", free, free_text),
        )
        for method, hypothesis, text in candidates:
            if hypothesis.ended and grammar.parses(text):
                evidence = self._evidence(hypothesis, free, grammar)
                if trusted or believable(evidence, self._decoder.settings.rejection):
                    self.give_up()
                    return _Found(text, method, free, _scores(method, evidence))
        if deep and automaton is not None and (best := self._searched(memory, automaton)) is not None:
            evidence = self._evidence(best, free, grammar)
            scores = _scores("constrained", evidence)
            if believable(evidence, self._decoder.settings.rejection):
                return _Found(text_of(best.tokens), "constrained", free, scores)
            return _Found(_rejected(free_text, grammar), "free", free, scores)
        return _Found(_rejected(free_text, grammar), "free", free)

    def _greedily(self, memory: Memory) -> tuple[Hypothesis, Hypothesis]:
        """The free and the biased hypothesis; decoded once."""
        if self._greedy is not None:
            return self._greedy
        model, limit = self._decoder.model, self._limit()
        grammar, help_ = self.grammar, self._help
        if grammar is None or help_ is None:
            self._greedy = greedy.decode(model, memory, limit)
        else:
            text_of = self._decoder.vocabulary.text
            self._greedy = greedy.decode(
                model,
                memory,
                limit,
                help_.bias,
                self._decoder.settings.bias,
                enough=lambda hypothesis: grammar.parses(text_of(hypothesis.tokens)),
            )
        return self._greedy

    def _searched(self, memory: Memory, automaton: TokenAutomaton) -> Hypothesis | None:
        """What the search finds; one that was given up before its end is made again."""
        if self._search is not None:
            best = self._search.result()
            if not self._search.given_up:
                return best
        self._search = self._begin_search(memory, automaton, lambda: True)
        return self._search.result()

    def _begin_search(self, memory: Memory, automaton: TokenAutomaton, wanted: Callable[[], bool]) -> Search:
        model, limit, settings = self._decoder.model, self._limit(), self._decoder.settings.beam

        def look(go_on: Callable[[], bool]) -> Hypothesis | None:
            automaton.trim()
            return beam.search(model, memory, automaton, limit, settings, go_on)

        return Search(self._decoder.searcher, look, wanted)

    def _evidence(self, hypothesis: Hypothesis, free: Hypothesis, grammar: RecognitionGrammar) -> Evidence:
        # Words that are known to have been said need no evidence; the model may never have met them.
        vocabulary = self._decoder.vocabulary
        known = hypothesis.length_of_words(len(grammar.said), vocabulary)
        hypothesis, free = hypothesis.without(known), free.without(known)
        count = max(1, len(hypothesis.logps))
        return Evidence(
            count,
            (hypothesis.total - free.total) / count,
            hypothesis.mean,
            hypothesis.worst_word(vocabulary),
        )

    def _limit(self) -> int:
        by_length = int(self._audio_s * _TOKENS_PER_SECOND) + _TOKENS_AT_LEAST
        return min(self._decoder.settings.max_tokens, by_length, MAX_TOKENS - 1)


def _rejected(free_text: str, grammar: RecognitionGrammar) -> str:
    """The text of what is no sentence of the grammar; one that nobody can have said counts as nothing."""
    return "" if grammar.parses(free_text) else free_text


def _second_core() -> bool:
    """Whether this process may use one now; the power manager parks some."""
    return len(os.sched_getaffinity(0)) > 1


def _scores(prefix: str, evidence: Evidence) -> dict[str, float]:
    return {
        f"{prefix}.ratio": evidence.ratio,
        f"{prefix}.mean": evidence.mean,
        f"{prefix}.worst_word": evidence.worst_word,
    }

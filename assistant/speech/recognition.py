"""The recognition of one recording: a quick result, and a deep one that searches the grammar.

The text is the first of these that applies:

1. greedy decoding with a bias towards the words of the grammar, or without it, if the text parses and its
   evidence is good enough;
2. for the deep result: beam search among the sentences of the grammar, if its evidence is good enough. A text
   of greedy decoding with free text in it comes after this, because free text also takes words of the grammar
   that were not heard well: "the sharpening list";
3. greedy decoding without a grammar (free recognition), unless its text is invented.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from assistant.models.moonshine_shape import MAX_TOKENS
from assistant.serving.engine import EngineLeft, Tensor
from assistant.speech import beam, greedy
from assistant.speech.beam import BeamSettings
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.evidence import evidence_of
from assistant.speech.hypothesis import Hypothesis
from assistant.speech.moonshine import Memory, Moonshine
from assistant.speech.rejection import (
    RejectionSettings,
    ends_in_a_loop,
    is_accepted,
    is_invented,
)
from assistant.speech.search_thread import Search
from assistant.speech.token_automaton import TokenAutomaton
from assistant.speech.tokens import Vocabulary
from assistant.speech.transcript import Method, Transcript

log = logging.getLogger(__name__)

#: Tokens per second of audio that are decoded at most: nobody speaks faster. Moonshine's authors use the same
#: bound.
_TOKENS_PER_SECOND = 6.5
_TOKENS_AT_LEAST = 8


@dataclass(frozen=True)
class DecodingSettings:
    """How text is decoded.

    Attributes:
        max_tokens: longest text, in tokens.
        bias: value added to the logits of the tokens of the grammar's words.
        beam: settings of the search in the grammar.
        rejection: the evidence that a sentence of the grammar needs.
    """

    max_tokens: int
    bias: float
    beam: BeamSettings
    rejection: RejectionSettings


@dataclass(frozen=True)
class Decoder:
    """What all recognitions of one recogniser share.

    Attributes:
        model: encoder and decoder.
        vocabulary: from tokens to text.
        settings: how text is decoded.
        searcher: one thread, which runs one search at a time, because they share the token automaton.
        lock: held while a result is computed, so that one thread at a time uses the model.
    """

    model: Moonshine
    vocabulary: Vocabulary
    settings: DecodingSettings
    searcher: ThreadPoolExecutor
    lock: threading.Lock


@dataclass(frozen=True)
class GrammarHelp:
    """What decoding needs of a grammar; made once per grammar.

    Attributes:
        bias: the lexicon bias, from `Moonshine.bias`.
        automaton: the sentences as tokens; None if the grammar cannot be searched.
    """

    bias: Tensor
    automaton: TokenAutomaton | None


@dataclass(frozen=True)
class _Found:
    text: str
    method: Method
    free: Hypothesis
    scores: Mapping[str, float] = field(default_factory=dict)
    settled: bool = True


class Recognition:
    """The recognition of one recording with a grammar; made by `Recogniser.begin`.

    `quick` and `deep` may be called in any order and more than once. `search_ahead` begins the search of the
    deep result beside the quick one; `give_up` ends it.

    Args:
        decoder: of the recogniser.
        memory: the encoded recording; None if it is too short or silent to contain a word.
        audio_s: length of the recording, in seconds.
        encode_ms: time spent on the encoder.
        grammar: what may be said; None for free text.
        help_: of the grammar; None without a grammar.
        speech_s: time from the first to the last speech in it, in seconds; None if that is not known.
    """

    def __init__(
        self,
        decoder: Decoder,
        memory: Memory | None,
        audio_s: float,
        encode_ms: float,
        grammar: RecognitionGrammar | None,
        help_: GrammarHelp | None,
        speech_s: float | None = None,
    ) -> None:
        self.grammar = grammar
        self._decoder = decoder
        self._memory = memory
        self._audio_s = audio_s
        self._speech_s = speech_s
        self._encode_ms = encode_ms
        self._help = help_
        self._greedy: tuple[Hypothesis, Hypothesis] | None = None
        self._search: Search | None = None

    def quick(self) -> Transcript:
        """The result of greedy decoding alone; for partial transcripts, and the first one in a pause."""
        return self._result(deep=False)

    def deep(self) -> Transcript:
        """The quick result if it is an accepted sentence of the grammar, else that of the search."""
        return self._result(deep=True)

    def search_ahead(self, wanted: Callable[[], bool] = lambda: True) -> Search | None:
        """Begin the search of `deep` now, in another thread, if this process may use a second core.

        Args:
            wanted: called before each token, in that thread; if it returns False, the search ends.

        Returns:
            The search; None if there is nothing to search, or no second core.
        """
        automaton = self._help.automaton if self._help is not None else None
        if self._memory is None or automaton is None or self._search is not None or not _second_core():
            return None
        self._search = self._begin_search(self._memory, automaton, wanted)
        return self._search

    def give_up(self) -> None:
        """End a search that is under way. If `deep` is called later, it searches again."""
        if self._search is not None:
            self._search.give_up()

    def _result(self, *, deep: bool) -> Transcript:
        if self._memory is None:
            return Transcript("", 0.0, "none", self._audio_s)
        with self._decoder.lock:
            began = time.perf_counter()
            try:
                found = self._decode(self._memory, deep)
            except EngineLeft as error:
                log.warning("a recognition begins again on the default engine: %s", error.message)
                self._memory = self._decoder.model.encode(self._memory.audio, on_default=True)
                self._greedy = self._search = None
                found = self._decode(self._memory, deep)
            decode_ms = (time.perf_counter() - began) * 1e3
        encode_ms, self._encode_ms = self._encode_ms, 0.0
        method: Method = found.method if found.text else "none"
        return Transcript(
            found.text,
            found.free.mean,
            method,
            self._audio_s,
            encode_ms,
            decode_ms,
            found.scores,
            settled=found.settled,
        )

    def _decode(self, memory: Memory, deep: bool) -> _Found:
        text_of = self._decoder.vocabulary.text
        grammar = self.grammar
        if grammar is None or self._help is None:
            free, _ = self._greedily(memory)
            return _Found(self._free_text(free), "free", free)
        automaton = self._help.automaton
        free, biased = self._greedily(memory)
        free_text = self._free_text(free)
        # A grammar without an automaton has only a few words that are waited for: "stop" needs no evidence.
        trusted = automaton is None
        candidates: tuple[tuple[Method, Hypothesis, str], ...] = (
            ("bias", biased, text_of(biased.tokens)),
            ("free", free, text_of(free.tokens)),
        )
        with_free_words: _Found | None = None
        for method, hypothesis, text in candidates:
            if not hypothesis.ended or not grammar.parses(text) or ends_in_a_loop(text):
                continue
            free_words = grammar.free_words(text)
            # The bias must not bend free text into words of the grammar.
            if free_words and method == "bias" and text != free_text:
                continue
            evidence = evidence_of(hypothesis, free, grammar, self._decoder.vocabulary)
            if not trusted and not is_accepted(evidence, self._decoder.settings.rejection):
                continue
            found = _Found(text, method, free, evidence.scores(method), settled=not free_words)
            if not free_words:
                self.give_up()
                return found
            with_free_words = found
            break
        if with_free_words is not None and not deep:
            return with_free_words
        if deep and automaton is not None and (best := self._searched(memory, automaton)) is not None:
            evidence = evidence_of(best, free, grammar, self._decoder.vocabulary)
            scores = evidence.scores("constrained")
            text, rejection = text_of(best.tokens), self._decoder.settings.rejection
            if is_accepted(evidence, rejection) and not ends_in_a_loop(text):
                return _Found(text, "constrained", free, scores)
            if with_free_words is not None:
                return replace(with_free_words, settled=True)
            return _Found(_rejected(free_text, grammar), "free", free, scores)
        return _Found(_rejected(free_text, grammar), "free", free)

    def _free_text(self, free: Hypothesis) -> str:
        """The text of the free hypothesis; "" if it is invented."""
        text = self._decoder.vocabulary.text(free.tokens)
        settings = self._decoder.settings.rejection
        return "" if is_invented(text, len(free.tokens), free.mean, self._speech_s, settings) else text

    def _greedily(self, memory: Memory) -> tuple[Hypothesis, Hypothesis]:
        """The free and the biased hypothesis; computed once."""
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
                enough=lambda hypothesis: _is_whole(text_of(hypothesis.tokens), grammar),
            )
        return self._greedy

    def _searched(self, memory: Memory, automaton: TokenAutomaton) -> Hypothesis | None:
        """The result of the search; a search that was given up is made again."""
        if self._search is not None:
            best = self._search.result()
            if not self._search.given_up:
                return best
        self._search = self._begin_search(memory, automaton, lambda: True)
        return self._search.result()

    def _begin_search(self, memory: Memory, automaton: TokenAutomaton, wanted: Callable[[], bool]) -> Search:
        model, limit, settings = self._decoder.model, self._limit(), self._decoder.settings.beam

        def run(is_wanted: Callable[[], bool]) -> Hypothesis | None:
            automaton.trim()
            return beam.search(model, memory, automaton, limit, settings, is_wanted)

        return Search(self._decoder.searcher, run, wanted)

    def _limit(self) -> int:
        by_length = int(self._audio_s * _TOKENS_PER_SECOND) + _TOKENS_AT_LEAST
        return min(self._decoder.settings.max_tokens, by_length, MAX_TOKENS - 1)


def _is_whole(text: str, grammar: RecognitionGrammar) -> bool:
    """Whether a text is a sentence without free text, so that free recognition need not be awaited."""
    return grammar.parses(text) and not grammar.free_words(text)


def _rejected(free_text: str, grammar: RecognitionGrammar) -> str:
    """The text of a rejected utterance; none if it parses, because its evidence was not good enough."""
    return "" if grammar.parses(free_text) else free_text


def _second_core() -> bool:
    """Whether this process may use a second core now; the power manager parks cores."""
    return len(os.sched_getaffinity(0)) > 1

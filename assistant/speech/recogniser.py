"""The recogniser: a recording becomes text, with the help of what may be said now."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from assistant.audio.format import SAMPLE_RATE, Floats, Samples
from assistant.models.moonshine_shape import MAX_TOKENS, VOCABULARY
from assistant.models.session import OrtValue
from assistant.models.store import ModelStore
from assistant.speech import beam, greedy
from assistant.speech.beam import BeamSettings
from assistant.speech.constraint import Automaton, RecognitionGrammar
from assistant.speech.hypothesis import Hypothesis
from assistant.speech.lexicon import lexicon_weights
from assistant.speech.moonshine import Memory, Moonshine
from assistant.speech.rejection import Evidence, RejectionSettings, believable
from assistant.speech.search_thread import Search
from assistant.speech.token_automaton import TokenAutomaton
from assistant.speech.tokens import Vocabulary
from assistant.speech.vocabulary_trie import VocabularyTrie
from common.errors import TooLarge

__all__ = [
    "Automaton",
    "Method",
    "Recogniser",
    "RecogniserSettings",
    "RecognitionGrammar",
    "Transcript",
]

Method = Literal["free", "bias", "constrained", "none"]

_FULL_SCALE = 32768.0
#: Nobody says more than this; Moonshine's authors bound decoding the same way.
_TOKENS_PER_SECOND = 6.5
_TOKENS_AT_LEAST = 8


@dataclass(frozen=True)
class RecogniserSettings:
    """Bounds and weights of the recogniser.

    Attributes:
        max_audio_s: longest recording that is taken, in seconds.
        min_audio_s: a shorter one holds no word.
        max_tokens: longest text, in tokens.
        bias: logits added to tokens of the grammar's words.
        beam: the constrained search.
        rejection: when a sentence of the grammar is believed.
        max_states: token states kept per grammar, about 1 KB each.
        max_grammars: grammars whose states are kept.
        threads: threads inside one operator.
    """

    max_audio_s: float = 30.0
    min_audio_s: float = 0.1
    max_tokens: int = 200
    bias: float = 4.0
    beam: BeamSettings = field(default_factory=BeamSettings)
    rejection: RejectionSettings = field(default_factory=RejectionSettings)
    max_states: int = 10_000
    max_grammars: int = 6
    threads: int = 1


@dataclass(frozen=True)
class Transcript:
    """What was said.

    Attributes:
        text: as the recogniser writes it, with capitals and punctuation; "" if nothing was heard.
        free_score: mean log-probability of a token of the free hypothesis (nats).
        method: "bias" for text helped by the lexicon that parses, "constrained" for the likeliest
            sentence of the grammar, "free" for what was heard without help, "none" for no text.
        audio_s: length of the recording.
        encode_ms: time spent on the encoder.
        decode_ms: time spent on all decoding.
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
class _Help:
    """What a grammar gives to decoding, made once per grammar."""

    bias: OrtValue
    automaton: TokenAutomaton | None


class Recogniser:
    """English speech to text by Moonshine tiny.

    Args:
        store: holds the prepared graphs and the vocabulary.
        settings: bounds and weights.

    Raises:
        ModelError: model files are missing.

    May be used by several threads; they take turns.
    """

    def __init__(self, store: ModelStore, settings: RecogniserSettings | None = None) -> None:
        self._settings = settings or RecogniserSettings()
        self._vocabulary = Vocabulary(store.path("moonshine-tiny-en", "tokenizer.bin"))
        self._trie = VocabularyTrie(self._vocabulary)
        self._model = Moonshine(store, self._settings.threads)
        self._helps: OrderedDict[str, _Help] = OrderedDict()
        self._last: _Heard | None = None
        # Searches one after the other, as they share what they know of the grammar.
        self._searcher = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._lock = threading.Lock()

    def transcribe(
        self,
        audio: Samples,
        grammar: RecognitionGrammar | None = None,
        deep: bool = True,
        search_while: Callable[[], bool] | None = None,
    ) -> Transcript:
        """Recognise one recording, which should hold little beside the speech.

        Args:
            audio: int16 samples, 16 kHz mono.
            grammar: what may be said; without one the text is free.
            deep: whether to search the grammar when the quick ways find nothing that parses; False
                is meant for partial results while somebody speaks.
            search_while: search from the beginning on, on another core than the quick ways if there is
                one, while this says so (it is asked in another thread). Unless `deep`, nobody waits for it:
                asked for the same audio again, this time `deep`, it is there so much sooner.

        Raises:
            TooLarge: the recording is longer than `max_audio_s`.
        """
        settings = self._settings
        audio_s = len(audio) / SAMPLE_RATE
        if audio_s > settings.max_audio_s:
            raise TooLarge(
                f"the recording has {audio_s:.1f} s, the limit is {settings.max_audio_s:g} s",
                hint="Send it in shorter pieces.",
                code="speech.too-long",
            )
        if audio_s < settings.min_audio_s or not np.any(audio):
            return Transcript("", 0.0, "none", audio_s)
        with self._lock:
            began = time.perf_counter()
            key = (audio.tobytes(), grammar.key if grammar is not None else None)
            if self._last is None or self._last.key != key:
                if self._last is not None:
                    self._last.search_is_over()
                self._last = _Heard(key, self._model.encode(_as_floats(audio)))
            encoded = time.perf_counter()
            found = self._decode(self._last, audio_s, grammar, deep, search_while)
            decoded = time.perf_counter()
        return Transcript(
            found.text,
            found.free.mean,
            found.method if found.text else "none",
            audio_s,
            (encoded - began) * 1e3,
            (decoded - encoded) * 1e3,
            found.scores,
        )

    def _decode(
        self,
        heard: _Heard,
        audio_s: float,
        grammar: RecognitionGrammar | None,
        deep: bool,
        search_while: Callable[[], bool] | None,
    ) -> _Found:
        memory = heard.memory
        limit = min(
            self._settings.max_tokens,
            int(audio_s * _TOKENS_PER_SECOND) + _TOKENS_AT_LEAST,
            MAX_TOKENS - 1,
        )
        if grammar is None:
            free, _ = greedy.decode(self._model, memory, limit)
            return _Found(self._vocabulary.text(free.tokens), "free", free)
        help_ = self._help(grammar)
        automaton = help_.automaton
        if search_while is not None and automaton is not None and heard.search is None and _second_core():
            heard.search = self._begin_search(memory, automaton, limit, search_while)
        if heard.quickly is None:
            heard.quickly = greedy.decode(
                self._model,
                memory,
                limit,
                help_.bias,
                self._settings.bias,
                enough=lambda hypothesis: grammar.parses(self._vocabulary.text(hypothesis.tokens)),
            )
        free, biased = heard.quickly
        free_text = self._vocabulary.text(free.tokens)
        biased_text = self._vocabulary.text(biased.tokens)
        # A grammar without sentences to search has a few words that are waited for: "stop" needs no evidence.
        trusted = automaton is None
        quick: tuple[tuple[Method, Hypothesis, str], ...] = (
            ("bias", biased, biased_text),
            ("free", free, free_text),
        )
        for method, hypothesis, text in quick:
            if hypothesis.ended and grammar.parses(text):
                evidence = self._evidence(hypothesis, free, grammar)
                if trusted or believable(evidence, self._settings.rejection):
                    heard.search_is_over()
                    return _Found(text, method, free, _scores(method, evidence))
        if deep and automaton is not None:
            best = self._best(heard, automaton, limit)
            if best is not None:
                evidence = self._evidence(best, free, grammar)
                scores = _scores("constrained", evidence)
                if believable(evidence, self._settings.rejection):
                    text = self._vocabulary.text(best.tokens)
                    return _Found(text, "constrained", free, scores)
                return _Found(self._disbelieved(free_text, grammar), "free", free, scores)
        return _Found(self._disbelieved(free_text, grammar), "free", free)

    def _best(self, heard: _Heard, automaton: TokenAutomaton, limit: int) -> Hypothesis | None:
        """What the search finds; one that was given up before its end is made again."""
        if heard.search is not None:
            best = heard.search.result()
            if not heard.search.given_up:
                return best
        heard.search = self._begin_search(heard.memory, automaton, limit, lambda: True)
        return heard.search.result()

    def _begin_search(
        self, memory: Memory, automaton: TokenAutomaton, limit: int, wanted: Callable[[], bool]
    ) -> Search:
        def look(go_on: Callable[[], bool]) -> Hypothesis | None:
            automaton.trim()
            return beam.search(self._model, memory, automaton, limit, self._settings.beam, go_on)

        return Search(self._searcher, look, wanted)

    def _disbelieved(self, free_text: str, grammar: RecognitionGrammar) -> str:
        """The text of what is no sentence of the grammar; one that nobody can have said counts as nothing."""
        return "" if grammar.parses(free_text) else free_text

    def _evidence(self, hypothesis: Hypothesis, free: Hypothesis, grammar: RecognitionGrammar) -> Evidence:
        # Words that are known to have been said need no evidence; the model may never have met them.
        known = hypothesis.length_of_words(len(grammar.said), self._vocabulary)
        hypothesis, free = hypothesis.without(known), free.without(known)
        count = max(1, len(hypothesis.logps))
        return Evidence(
            count,
            (hypothesis.total - free.total) / count,
            hypothesis.mean,
            hypothesis.worst_word(self._vocabulary),
        )

    def _help(self, grammar: RecognitionGrammar) -> _Help:
        known = self._helps.get(grammar.key)
        if known is None:
            automaton = grammar.automaton
            weights = lexicon_weights(grammar.words, self._vocabulary, VOCABULARY)
            known = self._helps[grammar.key] = _Help(
                self._model.bias(weights),
                TokenAutomaton(automaton, self._trie, self._settings.max_states)
                if automaton is not None
                else None,
            )
        self._helps.move_to_end(grammar.key)
        while len(self._helps) > self._settings.max_grammars:
            self._helps.popitem(last=False)
        return known


@dataclass
class _Heard:
    """A recording as far as it is worked out; kept until the next, for the search after the quick ways."""

    key: tuple[bytes, str | None]
    memory: Memory
    quickly: tuple[Hypothesis, Hypothesis] | None = None
    search: Search | None = None

    def search_is_over(self) -> None:
        """Whatever is still searched is not needed."""
        if self.search is not None:
            self.search.give_up()


@dataclass(frozen=True)
class _Found:
    text: str
    method: Method
    free: Hypothesis
    scores: Mapping[str, float] = field(default_factory=dict)


def _second_core() -> bool:
    """Whether this process may use one now; the power manager parks some."""
    return len(os.sched_getaffinity(0)) > 1


def _scores(prefix: str, evidence: Evidence) -> dict[str, float]:
    return {
        f"{prefix}.ratio": evidence.ratio,
        f"{prefix}.mean": evidence.mean,
        f"{prefix}.worst_word": evidence.worst_word,
    }


def _as_floats(audio: Samples) -> Floats:
    return audio.astype(np.float32) / _FULL_SCALE

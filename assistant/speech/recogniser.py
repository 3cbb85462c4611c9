"""The recogniser: a recording becomes text, with the help of what may be said now."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from assistant.audio.format import SAMPLE_RATE, Floats, Samples
from assistant.models.catalogue import DEFAULT_LANGUAGE, choose
from assistant.models.moonshine_shape import VOCABULARY
from assistant.serving.serving import Serving
from assistant.speech.beam import BeamSettings
from assistant.speech.constraint import Automaton, RecognitionGrammar
from assistant.speech.lexicon import lexicon_weights
from assistant.speech.moonshine import Moonshine
from assistant.speech.recognition import (
    Decoder,
    DecodingSettings,
    GrammarHelp,
    Recognition,
)
from assistant.speech.rejection import RejectionSettings
from assistant.speech.token_automaton import TokenAutomaton
from assistant.speech.tokens import Vocabulary
from assistant.speech.transcript import Method, Transcript
from assistant.speech.vocabulary_trie import VocabularyTrie
from common.errors import TooLarge
from common.settings_file import between

__all__ = [
    "Automaton",
    "Method",
    "Recogniser",
    "RecogniserSettings",
    "Recognition",
    "RecognitionGrammar",
    "Transcript",
]

_FULL_SCALE = 32768.0


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

    max_audio_s: float = field(default=30.0, metadata=between(1, 600))
    min_audio_s: float = field(default=0.1, metadata=between(0, 10))
    max_tokens: int = field(default=200, metadata=between(1, 1000))
    bias: float = field(default=4.0, metadata=between(-100, 100))
    beam: BeamSettings = field(default_factory=BeamSettings)
    rejection: RejectionSettings = field(default_factory=RejectionSettings)
    max_states: int = field(default=10_000, metadata=between(100, 1_000_000))
    max_grammars: int = field(default=6, metadata=between(1, 1000))
    threads: int = field(default=1, metadata=between(1, 64))


class Recogniser:
    """Speech to text by Moonshine tiny.

    Args:
        serving: holds the prepared graphs and the vocabulary.
        settings: bounds and weights.
        language: of the speech, a two-letter code.

    Raises:
        ModelError: model files are missing.
        InvalidInput: the language has no recogniser.

    May be used by several threads; they take turns.
    """

    def __init__(
        self,
        serving: Serving,
        settings: RecogniserSettings | None = None,
        language: str = DEFAULT_LANGUAGE,
    ) -> None:
        self._settings = settings = settings or RecogniserSettings()
        model = choose("asr", language)
        vocabulary = Vocabulary(serving.store.path(model.name, "tokenizer.bin"))
        self._trie = VocabularyTrie(vocabulary)
        self._decoder = Decoder(
            Moonshine(serving, settings.threads, model.name),
            vocabulary,
            DecodingSettings(settings.max_tokens, settings.bias, settings.beam, settings.rejection),
            ThreadPoolExecutor(1, thread_name_prefix="search"),
            threading.Lock(),
        )
        self._helps: OrderedDict[str, GrammarHelp] = OrderedDict()
        self._newest: Recognition | None = None

    def begin(
        self,
        audio: Samples,
        grammar: RecognitionGrammar | None = None,
        speech_s: float | None = None,
    ) -> Recognition:
        """Encode a recording, which should contain little more than speech. The result gives the text.

        A search that another recognition has begun ahead is given up: its speaker has continued, or it is not
        needed any more.

        Args:
            audio: int16 (n,), 16 kHz mono.
            grammar: what may be said; None for free text.
            speech_s: time from the first to the last speech in it, in seconds; a text that nobody can have
                said in that time is rejected. None if it is not known.

        Raises:
            TooLarge: `speech.too-long` if the recording is longer than `max_audio_s`.
        """
        audio_s = self.length_s(audio)
        if audio_s < self._settings.min_audio_s or not np.any(audio):
            return Recognition(self._decoder, None, audio_s, 0.0, grammar, None, speech_s)
        with self._decoder.lock:
            if self._newest is not None:
                self._newest.give_up()
            began = time.perf_counter()
            memory = self._decoder.model.encode(_as_floats(audio))
            encode_ms = (time.perf_counter() - began) * 1e3
            help_ = self._help(grammar) if grammar is not None else None
            self._newest = Recognition(self._decoder, memory, audio_s, encode_ms, grammar, help_, speech_s)
            return self._newest

    def transcribe(self, audio: Samples, grammar: RecognitionGrammar | None = None) -> Transcript:
        """The deep result for a whole recording; arguments and errors as for `begin`."""
        return self.begin(audio, grammar).deep()

    def length_s(self, audio: Samples) -> float:
        """Length of a recording, int16 (n,), 16 kHz, in seconds.

        Raises:
            TooLarge: `speech.too-long` if it is longer than `max_audio_s`.
        """
        audio_s = len(audio) / SAMPLE_RATE
        if audio_s > self._settings.max_audio_s:
            raise TooLarge(
                f"the recording has {audio_s:.1f} s, the limit is {self._settings.max_audio_s:g} s",
                hint="Send it in shorter pieces.",
                code="speech.too-long",
            )
        return audio_s

    def _help(self, grammar: RecognitionGrammar) -> GrammarHelp:
        known = self._helps.get(grammar.key)
        if known is None:
            weights = lexicon_weights(grammar.words, self._decoder.vocabulary, VOCABULARY)
            automaton = (
                TokenAutomaton(grammar.automaton, self._trie, self._settings.max_states)
                if grammar.automaton is not None
                else None
            )
            known = self._helps[grammar.key] = GrammarHelp(self._decoder.model.bias(weights), automaton)
        self._helps.move_to_end(grammar.key)
        while len(self._helps) > self._settings.max_grammars:
            self._helps.popitem(last=False)
        return known


def _as_floats(audio: Samples) -> Floats:
    return audio.astype(np.float32) / _FULL_SCALE

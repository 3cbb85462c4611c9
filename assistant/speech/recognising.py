"""What the parts that listen expect of a recogniser, wherever it computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from assistant.audio.format import Samples
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.transcript import Transcript


class SpeechRecognition(Protocol):
    """The recognition of one recording; `assistant.speech.recognition.Recognition` describes each part."""

    @property
    def grammar(self) -> RecognitionGrammar | None:
        """What may be said; None for free text."""

    def quick(self) -> Transcript:
        """The result of greedy decoding alone."""

    def deep(self) -> Transcript:
        """The quick result if it is an accepted sentence of the grammar, else that of the search."""

    def search_ahead(self, wanted: Callable[[], bool] = ...) -> object:
        """Begin the search of `deep` now, beside the quick result, for as long as `wanted` says so."""

    def give_up(self) -> None:
        """End a search that is under way."""


class SpeechRecogniser(Protocol):
    """Speech to text; `assistant.speech.recogniser.Recogniser` describes arguments and errors."""

    def begin(
        self,
        audio: Samples,
        grammar: RecognitionGrammar | None = None,
        speech_s: float | None = None,
    ) -> SpeechRecognition:
        """Begin to recognise a recording, int16 (n,), 16 kHz mono."""

    def length_s(self, audio: Samples) -> float:
        """Length of a recording, int16 (n,), 16 kHz, in seconds."""

"""The words of a whole recording: of each stretch in which somebody speaks."""

from __future__ import annotations

import threading

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.hearing.hearing import Hearing
from assistant.hearing.stretches import Stretch
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.recognising import SpeechRecogniser
from assistant.speech.transcript import Segment, Transcript, joined


class RecordingRecogniser:
    """Recognises whole recordings, one at a time: the memory of a recognition is 40 MB for 30 s.

    Args:
        hearing: detects speech.
        recogniser: finds the words.
    """

    def __init__(self, hearing: Hearing, recogniser: SpeechRecogniser) -> None:
        self._hearing = hearing
        self._recogniser = recogniser
        self._one = threading.Lock()

    def transcribe(self, audio: Samples, grammar: RecognitionGrammar | None) -> Transcript:
        """The words of a recording; none if nobody speaks in it.

        Args:
            audio: int16 (n,), 16 kHz mono.
            grammar: what is favoured; None for free text.

        Raises:
            TooLarge: `speech.too-long`; see `Recogniser.begin`.
        """
        audio_s = self._recogniser.length_s(audio)
        parts: list[Transcript] = []
        segments: list[Segment] = []
        with self._one:
            for stretch in self._hearing.stretches(audio):
                part = self._recognised(audio, stretch, grammar)
                parts.append(part)
                if part.text:
                    start_s, end_s = stretch.speech_start / SAMPLE_RATE, stretch.speech_end / SAMPLE_RATE
                    segments.append(Segment(start_s, end_s, part.text))
        return joined(parts, segments, audio_s)

    def _recognised(self, audio: Samples, stretch: Stretch, grammar: RecognitionGrammar | None) -> Transcript:
        """The words of a stretch: with the quiet around it, or if that has none, without."""
        begin, speech_s = self._recogniser.begin, stretch.speech_s
        with_quiet = begin(audio[stretch.start : stretch.end], grammar, speech_s).deep()
        if with_quiet.text or (stretch.start, stretch.end) == (stretch.core_start, stretch.core_end):
            return with_quiet
        return begin(audio[stretch.core_start : stretch.core_end], grammar, speech_s).deep()

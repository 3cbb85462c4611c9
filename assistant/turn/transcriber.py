"""Recognises a turn: from its audio to its interpretation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from assistant.audio.format import Samples
from assistant.events import EventKind
from assistant.hearing.activity import Activity
from assistant.skills.common_lines import STOP
from assistant.speech.after_wake import AfterWakeWord
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.recognising import SpeechRecognition
from assistant.speech.stop_words import StopWords
from assistant.turn.context import StreamContext
from assistant.turn.partial_pace import PartialPace
from assistant.turn.planner import Planner
from assistant.turn.user_turn import Interpretation, UserTurn, speech_end
from assistant.understanding.completeness import Completeness


class Transcriber:
    """Recognises the turns of one stream.

    Args:
        context: of the stream.
        planner: of the speaker; it plans the reply to a text that the grammar accepts.
    """

    def __init__(self, context: StreamContext, planner: Planner) -> None:
        self._context = context
        self._planner = planner
        self._stop_words = StopWords(context.dialogue.replies.words(STOP))
        #: How often this machine can afford a recognition.
        self.pace = PartialPace(context.settings.partial_every_ms)

    def recognise(
        self, turn: UserTurn, *, deep: bool, search_while: Callable[[], bool] | None = None
    ) -> Interpretation:
        """Recognise the turn so far, store the interpretation in it, and publish the partial transcript.

        Args:
            turn: being heard.
            deep: search the grammar if greedy decoding finds no accepted sentence.
            search_while: begin that search ahead, beside greedy decoding, and continue it while this returns
                True.
        """
        turn.recognised_at = turn.activity.position
        interpretation = turn.interpretation = self._interpret(turn, deep, search_while)
        self._context.bus.publish(
            EventKind.TRANSCRIPT,
            turn.id,
            text=interpretation.text,
            final=False,
            completeness=interpretation.completeness.name.lower(),
        )
        return interpretation

    def audio_of(self, turn: UserTurn) -> Samples:
        """The audio of the turn, int16 (n,), with a margin; with the wake word if that is part of it."""
        return self._context.ears.audio(turn.utterance_start, turn.end)

    def said_stop(self, activity: Activity) -> bool:
        """Whether the utterance that has just ended was one of the stop phrases."""
        audio = self._context.ears.audio(activity.onset or 0, speech_end(activity))
        text = self._context.recogniser.begin(audio, self._stop_words).quick().text
        return self._stop_words.parses(text)

    def _interpret(
        self, turn: UserTurn, deep: bool, search_while: Callable[[], bool] | None
    ) -> Interpretation:
        started = perf_counter()
        grammar = self._planner.grammar()
        wake = turn.wake_in_utterance
        led = None if wake is None else AfterWakeWord(wake.phrase, grammar)
        recognition, end = self._recognition(turn, led or grammar, deep)
        if search_while is not None:
            recognition.search_ahead(search_while)
        transcript = recognition.deep() if deep else recognition.quick()
        text = transcript.text if led is None else led.after(transcript.text)
        if text is None:
            text = transcript.text
        recognise_ms = (perf_counter() - started) * 1e3
        self.pace.took(recognise_ms)
        interpretation = Interpretation(
            turn.activity.last_speech or 0,
            end,
            transcript,
            text,
            grammar.completeness(text) if transcript.settled else Completeness.UNPARSED,
            deep,
            recognition,
            recognise_ms,
        )
        if interpretation.is_understood:
            interpretation = replace(interpretation, plan=self._planner.foresee(text))
        return interpretation

    def _recognition(
        self, turn: UserTurn, grammar: RecognitionGrammar, deep: bool
    ) -> tuple[SpeechRecognition, int]:
        """The recognition of the turn so far, and where its audio ends.

        The deep result continues the recognition of the quick one, on the same audio.
        """
        before = turn.current if deep else None
        if before is None:
            speech_s = turn.activity.speech_ms / 1000
            return self._context.recogniser.begin(self.audio_of(turn), grammar, speech_s), turn.end
        known = before.recognition.grammar
        if known is not None and known.key == grammar.key:
            return before.recognition, before.audio_end
        audio = self._context.ears.audio(turn.utterance_start, before.audio_end)
        return self._context.recogniser.begin(audio, grammar), before.audio_end

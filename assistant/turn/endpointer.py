"""Follows a turn while it is heard, recognises it in its pauses, and decides when it is over."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from assistant.audio.format import SAMPLE_RATE
from assistant.turn.context import StreamContext
from assistant.turn.endpointing import Decision, decide
from assistant.turn.pauses import SHORTEST_PAUSE_MS, Pauses
from assistant.turn.transcriber import Transcriber
from assistant.turn.user_turn import Interpretation, UserTurn
from assistant.understanding.completeness import Completeness

_PER_MS = SAMPLE_RATE // 1000
#: More words may come, and the words so far do not show whether they do.
_OPEN = (Completeness.EXTENDABLE, Completeness.UNPARSED)
#: Speech that ends within this time of the end of a wake word is the last sound of the wake word itself. Of
#: 162 wake words alone, 150 of them real, none lasts longer than 46 ms; the shortest "yes" without a pause
#: after a wake word ends after 136 ms.
RESIDUE_END_MS = 100
#: Frames arrive in blocks of up to 30 ms. A frame that is later than this had to wait for this process.
LATE_MS = 60


class Verdict(Enum):
    """What is to be done with the turn being heard."""

    WAIT = "wait"
    COMMIT = "commit"
    #: Only the last sound of the wake word was heard; the speaker may pause after it.
    RESTART = "restart"
    #: Nobody said anything.
    CLOSE = "close"


class Endpointer:
    """Decides when the turns of one stream are over.

    Args:
        context: of the stream.
        transcriber: of the stream.
    """

    def __init__(self, context: StreamContext, transcriber: Transcriber) -> None:
        self._settings = context.settings
        self._endpointing = context.endpointing
        self._voice_model = context.sounds_finished
        self._transcriber = transcriber
        self._pauses = Pauses()

    def follow(self, turn: UserTurn, behind_ms: float = 0.0) -> Verdict:
        """Judge the turn after a frame, and recognise it if there is a pause.

        Args:
            turn: being heard.
            behind_ms: how late the frame is. If it is late, there are no partial transcripts during speech.
        """
        activity = turn.activity
        if activity.last_speech is None:
            waited = (activity.position - turn.opening.at) * 1000 // SAMPLE_RATE
            silent = self._settings.wake and waited >= self._settings.no_speech_ms
            return Verdict.CLOSE if silent else Verdict.WAIT
        if not self._settings.endpointing:
            return Verdict.WAIT  # nothing can be committed before the stream ends
        self._learn_pause(turn)
        if turn.for_hub:
            # The grammar does not know what a hub understands, so the wait is that for unparsed sentences.
            completeness: Completeness | None = Completeness.UNPARSED
        else:
            if behind_ms < LATE_MS:
                self._recognise_in_speech(turn)
            self._recognise_in_pause(turn)
            completeness = turn.current.completeness if turn.current else None
        if not self._is_over(turn, completeness):
            return Verdict.WAIT
        return Verdict.RESTART if self._is_residue(turn) else Verdict.COMMIT

    def settled(self, turn: UserTurn) -> Interpretation | None:
        """The interpretation of the turn, once it is a sentence and its pause is long enough; None before."""
        self._recognise_in_pause(turn)
        current = turn.current
        if current is None or not current.is_understood:
            return None
        return current if self._is_over(turn, current.completeness) else None

    def final(self, turn: UserTurn) -> Interpretation:
        """The final interpretation of the turn."""
        current = turn.current
        if current is None or not (current.searched or current.is_understood):
            current = self._transcriber.recognise(turn, deep=True)
        return current

    def continued(self, pause_ms: int) -> None:
        """The speaker continued `pause_ms` after the turn had ended: the waits become longer."""
        self._pauses.add(pause_ms)

    def _is_over(self, turn: UserTurn, completeness: Completeness | None) -> bool:
        decision = decide(
            turn.activity.ended_silence_ms,
            turn.activity.speech_ms,
            completeness,
            self._endpointing,
            stretch=self._pauses.stretch,
            sounds_finished=turn.voice_sounds_finished,
        )
        return decision is Decision.COMMIT

    def _learn_pause(self, turn: UserTurn) -> None:
        before, turn.before = turn.before, turn.activity
        if (
            before is not None
            and before.last_speech != turn.activity.last_speech
            and before.ended_silence_ms > SHORTEST_PAUSE_MS
        ):
            self._pauses.add(before.ended_silence_ms)

    def _is_residue(self, turn: UserTurn) -> bool:
        """Whether the speech after the wake word is only the last sound of the wake word."""
        wake, activity = turn.opening.wake, turn.activity
        if turn.for_hub:
            # There is no text, so only the time is judged.
            return wake is not None and (activity.last_speech or 0) - wake.end <= RESIDUE_END_MS * _PER_MS
        if not self._settings.wake or activity.speech_ms > self._settings.residue_ms:
            return False
        return turn.interpretation is not None and not turn.interpretation.is_understood

    def _recognise_in_speech(self, turn: UserTurn) -> None:
        """Publish partial transcripts while somebody speaks, as often as this machine can afford."""
        settings, activity = self._settings, turn.activity
        if not settings.realtime or activity.ended_silence_ms >= settings.recognise_after_ms:
            return
        since = max(turn.recognised_at, activity.onset or 0)
        if self._transcriber.pace.is_due((activity.position - since) // _PER_MS):
            self._transcriber.recognise(turn, deep=False)

    def _recognise_in_pause(self, turn: UserTurn) -> None:
        """Recognise the turn in a pause: the quick result first, the deep one if the pause lasts."""
        current, silence = turn.current, turn.activity.ended_silence_ms
        if silence < self._settings.recognise_after_ms:
            return
        if current is None:
            if silence < self._settings.search_after_ms and not self._affords(turn):
                return
            current = self._transcriber.recognise(turn, deep=False, search_while=self._if_likely(turn))
        if (
            current.completeness is Completeness.UNPARSED
            and silence >= self._settings.search_after_ms
            and not current.searched
        ):
            current = self._transcriber.recognise(turn, deep=True)
        if current.completeness in _OPEN and silence >= self._settings.judge_after_ms:
            self._judge_voice(turn)

    def _if_likely(self, turn: UserTurn) -> Callable[[], bool] | None:
        """The condition of a search ahead; None if it is unlikely to be needed.

        The search is likely to be needed if the last result of this turn was unparsed, or if there is none.
        So it was before 39 of 44 real commands that needed the search in the end, and before 53 of 106
        others. The condition holds for as long as nothing more is said.
        """
        known, said_until = turn.interpretation, turn.activity.last_speech
        if known is not None and known.completeness is not Completeness.UNPARSED:
            return None
        return lambda: turn.before is not None and turn.before.last_speech == said_until

    def _affords(self, turn: UserTurn) -> bool:
        """Whether there is time to recognise in a silence that may lie within a word."""
        since = (turn.activity.position - turn.recognised_at) // _PER_MS
        return not self._settings.realtime or self._transcriber.pace.affords(since)

    def _judge_voice(self, turn: UserTurn) -> None:
        """Ask the end-of-turn model, once for each pause."""
        if self._voice_model is None or turn.voice_judged_at == turn.activity.last_speech:
            return
        likely = self._voice_model(self._transcriber.audio_of(turn))
        turn.sounds_finished = likely >= self._settings.finished_above
        turn.voice_judged_at = turn.activity.last_speech or 0

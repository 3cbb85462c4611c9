"""Speech after the commit: a continuation of the same utterance, or speech over the reply.

"Turn on the light." "Turned on ..." "... in the bedroom": speech within a second of the commit is recognised
together with the turn. If the two make one sentence with another meaning, that sentence counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assistant.audio.format import SAMPLE_RATE
from assistant.hearing.activity import Activity
from assistant.turn.dialogue import Outcome
from assistant.turn.endpointer import Endpointer
from assistant.turn.settings import ConversationSettings, Phase
from assistant.turn.transcriber import Transcriber
from assistant.turn.user_turn import Interpretation, Opening, UserTurn, WakeWord
from assistant.understanding.completeness import Completeness


@dataclass
class AnsweredTurn:
    """The last turn, while it may still continue. Positions are samples of the stream.

    Attributes:
        turn_id: of the turn.
        begins: where its audio begins, the wake word included if it was part of the utterance.
        wake: the wake word that leads that audio, if one does.
        committed: where the stream was at the commit.
        outcome: what was done and replied.
        sounds_from: where the stream was when the reply began to sound; None before.
        joined: the turn together with what followed it, once something did.
    """

    turn_id: str
    begins: int
    wake: WakeWord | None
    committed: int
    outcome: Outcome
    sounds_from: int | None = None
    joined: UserTurn | None = None

    def is_followed_by(self, activity: Activity, within_ms: int, *, echo_free: bool, sounding: bool) -> bool:
        """Whether the speech being heard may be a continuation of the turn.

        If the microphone is not free of echo, speech that begins while the reply sounds is taken for the
        box's own voice, and is no continuation.

        Args:
            activity: newest voice activity.
            within_ms: longest time from the commit to the onset of the speech.
            echo_free: whether the microphone does not pick up what the box plays.
            sounding: a reply is being played.
        """
        if activity.onset is None or activity.last_speech is None:
            return False
        if activity.onset - self.committed > within_ms * SAMPLE_RATE // 1000:
            return False
        if echo_free or not sounding or self.sounds_from is None:
            return True
        return activity.onset <= self.sounds_from

    def with_what_followed(self, activity: Activity) -> UserTurn:
        """The turn and the speech after it, as one turn, up to `activity`."""
        if self.joined is None:
            opening = Opening(activity.position, self.begins, self.wake, joined_from=self.begins)
            self.joined = UserTurn(opening, activity)
        self.joined.activity = activity
        return self.joined

    def is_changed_by(self, interpretation: Interpretation) -> bool:
        """Whether the interpretation of both together has another meaning than the turn had."""
        plan = interpretation.plan
        if not interpretation.is_understood or plan is None or plan.parse is None:
            return False
        before, now = self.outcome.parse, plan.parse
        return before is None or (before.intent, dict(before.slots)) != (now.intent, dict(now.slots))


class Remark(Enum):
    """What is known of speech over a reply."""

    #: Nobody speaks.
    NOTHING = "nothing"
    #: Somebody is speaking; it is not known yet what.
    UNDER_WAY = "under way"
    #: It is over, and not meant for the box: a cough, other people, the box's own voice.
    PASSED = "passed"
    STOP = "stop"


class Continuation:
    """Judges what is said after the commit of a turn.

    Args:
        endpointer, transcriber, settings: of the stream.
    """

    def __init__(
        self, endpointer: Endpointer, transcriber: Transcriber, settings: ConversationSettings
    ) -> None:
        self._endpointer = endpointer
        self._transcriber = transcriber
        self._settings = settings
        self._answered: AnsweredTurn | None = None

    def answered(self, turn: UserTurn, position: int, outcome: Outcome) -> AnsweredTurn:
        """The turn was committed at `position` of the stream; speech that follows may continue it."""
        self._answered = AnsweredTurn(
            turn.id, turn.utterance_start, turn.wake_in_utterance, position, outcome
        )
        return self._answered

    def forget(self) -> None:
        """Speech that follows is no continuation."""
        self._answered = None

    def follows(self, activity: Activity, *, sounding: bool) -> AnsweredTurn | None:
        """The turn that the speech being heard may continue, if any; `sounding`: a reply is being played."""
        before, settings = self._answered, self._settings
        if before is not None and before.is_followed_by(
            activity, settings.correction_ms, echo_free=settings.echo_free, sounding=sounding
        ):
            return before
        return None

    def correction(self, before: AnsweredTurn, activity: Activity) -> Interpretation | None:
        """The interpretation of the whole, once it is complete and changes the meaning; else None."""
        whole = self._endpointer.settled(before.with_what_followed(activity))
        return whole if whole is not None and before.is_changed_by(whole) else None

    def may_come(self, before: AnsweredTurn, activity: Activity, phase: Phase) -> bool:
        """Whether a continuation may still come, so that the speech is not treated as anything else yet."""
        if phase is Phase.LISTENING or activity.ended_silence_ms > self._settings.correction_ms:
            return False
        if activity.is_speech:
            return True
        so_far = before.with_what_followed(activity).current
        return so_far is not None and (
            so_far.completeness is Completeness.UNFINISHED or before.is_changed_by(so_far)
        )

    def over_reply(self, activity: Activity, *, asked: bool) -> Remark | UserTurn:
        """Judge speech over the reply. A sentence that may be said now is a turn of its own (barge-in).

        Args:
            activity: newest voice activity.
            asked: whether the reply is a question; its answer needs no wake word.
        """
        if activity.last_speech is None or activity.onset is None:
            return Remark.NOTHING
        if activity.is_speech:
            return Remark.UNDER_WAY
        if activity.speech_ms <= self._settings.stop_word_ms and self._transcriber.said_stop(activity):
            return Remark.STOP
        if self._settings.echo_free and (asked or not self._settings.wake):
            turn = UserTurn.opened_at_onset(activity)
            if self._transcriber.recognise(turn, deep=False).is_understood:
                return turn
        return Remark.PASSED

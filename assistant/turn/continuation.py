"""Who goes on after the box has answered: the rest of the sentence, or a word over the reply.

"Turn on the light." "Turned on ..." "... in the bedroom": what is said within a second of the end of a turn
is heard together with it. If the two make one sentence that means something else, it was that one all along.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assistant.audio.format import SAMPLE_RATE
from assistant.hearing.activity import Activity
from assistant.turn.dialogue import Outcome
from assistant.turn.listener import Endpointer, Guess, UserTurn, WakeWord
from assistant.turn.playback import Playback
from assistant.turn.settings import ConversationSettings, Phase
from assistant.understanding.completeness import Completeness


@dataclass
class AnsweredTurn:
    """The last turn, while it may still go on. Positions are samples of the stream.

    Attributes:
        turn_id: of the turn.
        begins: where its audio begins, the wake word included if it was one breath with it.
        wake: the wake word that leads that audio, if one does.
        committed: where the stream was when the turn was taken for finished.
        outcome: what became of it.
        sounds_from: where the stream was when the reply began to sound; None while it does not.
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
        """Whether what is heard may be the rest of the sentence.

        Without a microphone that is free of our own voice, speech that begins while the reply sounds is that.

        Args:
            activity: what is heard.
            within_ms: so soon after the commit it must begin.
            echo_free: our own voice does not come back through the microphone.
            sounding: a reply is being spoken.
        """
        if activity.onset is None or activity.last_speech is None:
            return False
        if activity.onset - self.committed > within_ms * SAMPLE_RATE // 1000:
            return False
        if echo_free or not sounding or self.sounds_from is None:
            return True
        return activity.onset <= self.sounds_from

    def joined_turn(self, position: int) -> UserTurn:
        """The turn and what followed it, as one; made when first asked for, at that position."""
        if self.joined is None:
            self.joined = UserTurn(position, self.begins, self.wake, begins=self.begins)
        return self.joined

    def is_changed_by(self, guess: Guess) -> bool:
        """Whether the whole means something else than its beginning did."""
        if not guess.is_understood or guess.plan is None or guess.plan.parse is None:
            return False
        before, now = self.outcome.parse, guess.plan.parse
        return before is None or (before.intent, dict(before.slots)) != (now.intent, dict(now.slots))


class Remark(Enum):
    """What was said over a reply."""

    #: Nothing yet, or not all of it.
    NOTHING = "nothing"
    #: It is over, and was nothing for us: a cough, other people, our own voice.
    PASSED = "passed"
    STOP = "stop"


class Continuation:
    """Judges what is said after a turn was taken for finished. The caller holds the conversation's lock.

    Args:
        listener: of the stream.
        playback: is lowered while somebody speaks over it.
        settings: of the stream.
    """

    def __init__(self, listener: Endpointer, playback: Playback, settings: ConversationSettings) -> None:
        self._listener = listener
        self._playback = playback
        self._settings = settings
        self._answered: AnsweredTurn | None = None

    def answered(self, turn: UserTurn, activity: Activity, position: int, outcome: Outcome) -> AnsweredTurn:
        """A turn was answered at that position of the stream; what follows may belong to it."""
        wake = turn.wake if turn.is_one_breath(activity) else None
        begins = self._listener.breath_of(turn, activity)
        self._answered = AnsweredTurn(turn.id, begins, wake, position, outcome)
        return self._answered

    def forget(self) -> None:
        """What follows belongs to something else."""
        self._answered = None

    def follows(self, activity: Activity) -> AnsweredTurn | None:
        """The turn that what is heard may be the rest of."""
        before, settings = self._answered, self._settings
        if before is not None and before.is_followed_by(
            activity, settings.correction_ms, echo_free=settings.echo_free, sounding=self._playback.speaking
        ):
            return before
        return None

    def correction(self, before: AnsweredTurn, activity: Activity) -> Guess | None:
        """The whole sentence, once it is complete and means something else than its beginning."""
        guess = self._listener.settled(before.joined_turn(activity.position), activity)
        return guess if guess is not None and before.is_changed_by(guess) else None

    def may_come(self, before: AnsweredTurn, activity: Activity, phase: Phase) -> bool:
        """Whether more of the sentence may come, so that nothing else is to be made of what is heard."""
        if phase is Phase.LISTENING or activity.ended_silence_ms > self._settings.correction_ms:
            return False
        if activity.is_speech:
            self._lower()
            return True
        so_far = before.joined_turn(activity.position).current_guess(activity)
        return so_far is not None and (
            so_far.completeness is Completeness.UNFINISHED or before.is_changed_by(so_far)
        )

    def over_reply(self, activity: Activity, *, asked: bool) -> Remark | UserTurn:
        """What was said over the reply: a turn of its own if it is a sentence that may be said now.

        Args:
            activity: what is heard.
            asked: the reply asks for an answer, which needs no wake word.
        """
        if activity.last_speech is None or activity.onset is None:
            return Remark.NOTHING
        if activity.is_speech:
            self._lower()
            return Remark.NOTHING
        if activity.speech_ms <= self._settings.stop_word_ms and self._listener.said_stop(activity):
            return Remark.STOP
        if self._settings.echo_free and (asked or not self._settings.wake):
            turn = UserTurn(activity.onset, activity.onset)
            if self._listener.recognise(turn, activity, search=False).is_understood:
                return turn
        return Remark.PASSED

    def _lower(self) -> None:
        if self._settings.echo_free and self._playback.speaking:
            self._playback.duck(self._settings.duck_to)

"""The dialogue with the speaker of one stream: planned while the turn is heard, carried out at the commit."""

from __future__ import annotations

import uuid

from assistant.skills.common_lines import STOP
from assistant.speech.spoken import spoken
from assistant.turn.dialogue import Dialogue, Outcome, Plan
from assistant.turn.user_turn import Interpretation
from assistant.turn.utterance import Voice
from assistant.understanding.answers import WithAnswers
from assistant.understanding.grammar import Grammar


class Planner:
    """The dialogue with one speaker.

    Args:
        dialogue: of the box.
        voice: prepares the replies of plans.
    """

    def __init__(self, dialogue: Dialogue, voice: Voice) -> None:
        self._dialogue = dialogue
        self._voice = voice
        self._speaker = uuid.uuid4().hex

    def grammar(self) -> Grammar | WithAnswers:
        """What the speaker may say now."""
        return self._dialogue.grammar_for(self._speaker)

    def foresee(self, text: str) -> Plan:
        """Plan the reply to `text`, without side effects, and begin to synthesise it."""
        plan = self._dialogue.plan(text, speaker=self._speaker)
        if plan.reply.text:
            self._voice.prepare(spoken(plan.reply.text))
        return plan

    def carry_out(self, interpretation: Interpretation) -> Outcome:
        """Carry out what was said, with the plan of the interpretation if it is still current."""
        plan = interpretation.plan
        if plan is None or not self._dialogue.is_current(plan, self._speaker):
            plan = self._dialogue.plan(interpretation.text, speaker=self._speaker)
        return self._dialogue.carry_out(plan)

    def correct(self, before: Outcome, text: str) -> Outcome:
        """The speaker meant `text` all along; see `Dialogue.correct`."""
        return self._dialogue.correct(before, text, speaker=self._speaker)

    def stop(self) -> None:
        """The speaker has said "stop" over a reply."""
        stop = self._dialogue.replies.words(STOP)[0]
        self._dialogue.respond(stop, speaker=self._speaker)

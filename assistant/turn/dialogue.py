"""From words to an answer: parse, act, reply. The only step with side effects."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from time import perf_counter

from assistant.skills.choice import spoken_names
from assistant.skills.common_lines import NOT_UNDERSTOOD
from assistant.skills.contract import Reply, Request
from assistant.skills.registry import Skills
from assistant.skills.replies import Replies
from assistant.understanding.answers import WithAnswers, while_asked
from assistant.understanding.grammar import Grammar
from assistant.understanding.parse import Parse

log = logging.getLogger(__name__)

#: A plan is made anew after so many seconds: what it answers from (a clock, a lamp) may have changed.
STALE_S = 1.5
#: Questions whose grammar is remembered.
_QUESTIONS = 4


@dataclass(frozen=True)
class Plan:
    """What a text would lead to; nothing of it is done yet.

    Attributes:
        parse: what it means; None when it is outside the grammar, or answers what was not asked.
        request: put to the skills; None with no parse.
        reply: as it will be if its acts succeed.
        key: of the grammar that understood it.
        made_at: `perf_counter` value.
        stages_ms: "parse" and "plan".
    """

    parse: Parse | None
    request: Request | None
    reply: Reply
    key: str
    made_at: float
    stages_ms: Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """What became of a text. `parse` is None when it is outside the grammar (nothing was done).

    `decided_at` and `acted_at` are `perf_counter` values: when the intent was known, and when the last
    command had been handed to its executor (None when there was none). `stages_ms` holds "parse" and
    "act"; what was planned before the commit took none of the time after it.
    """

    parse: Parse | None
    reply: Reply
    decided_at: float
    acted_at: float | None
    stages_ms: dict[str, float]


class Dialogue:
    """Understands one utterance at a time and lets the skills answer it.

    Args:
        grammar: gives the grammar in force now (it may be exchanged while running).
        skills: what the box can do.
        now: the current local time, time-zone aware.
    """

    def __init__(
        self,
        grammar: Callable[[], Grammar],
        skills: Skills,
        now: Callable[[], datetime],
    ) -> None:
        self._grammar = grammar
        self._skills = skills
        self._now = now
        self._silence: tuple[Callable[[], None], ...] = ()
        self._while_asked = lru_cache(maxsize=_QUESTIONS)(while_asked)

    def on_silence(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever somebody, in any stream, asks for silence ("stop", "mute")."""
        self._silence = (*self._silence, callback)

    def rings(self) -> bool:
        """Whether something rings now, which "stop" would silence."""
        return bool(self._skills.rings.ringing(self._now()))

    @property
    def replies(self) -> Replies:
        """What the box says, in its language."""
        return self._skills.replies

    @property
    def grammar(self) -> Grammar:
        """The grammar in force now."""
        return self._grammar()

    def grammar_for(self, speaker: str) -> Grammar | WithAnswers:
        """What a speaker may say now: also the answers to what that speaker is asked."""
        grammar, question = self._grammar(), self._skills.asked(speaker, self._now())
        if question is None:
            return grammar
        return self._while_asked(grammar, question.answers, spoken_names(question.choices))

    def respond(self, text: str, context: Sequence[str] = (), speaker: str = "") -> Outcome:
        """Parse `text` and execute it; outside the grammar it is refused, not guessed at.

        Args:
            text: what was said or typed.
            context: earlier utterances, oldest first.
            speaker: who speaks, so that a "yes" answers the question that was put to the same one.
        """
        return self.carry_out(self.plan(text, context, speaker))

    def plan(self, text: str, context: Sequence[str] = (), speaker: str = "") -> Plan:
        """Understand `text` and work out the answer, without any side effect: safe before the commit.

        Args: as for `respond`.
        """
        started = perf_counter()
        grammar = self.grammar_for(speaker)
        parse = grammar.parse(text)
        parsed = perf_counter()
        stages = {"parse": (parsed - started) * 1e3}
        if parse is None:
            reply = Reply(self.replies.text(NOT_UNDERSTOOD), ok=False)
            return Plan(None, None, reply, grammar.key, parsed, stages)
        request = Request(
            intent=parse.intent,
            slots=parse.slots,
            text=parse.text,
            now=self._now(),
            context=tuple(context),
            speaker=speaker,
        )
        reply = self._skills.plan(request)
        planned = perf_counter()
        if not reply.understood:
            return Plan(None, None, reply, grammar.key, parsed, stages)
        return Plan(parse, request, reply, grammar.key, planned, {**stages, "plan": (planned - parsed) * 1e3})

    def is_current(self, plan: Plan, speaker: str = "") -> bool:
        """Whether a plan for a speaker may still be carried out as it stands."""
        return plan.key == self.grammar_for(speaker).key and perf_counter() - plan.made_at <= STALE_S

    def carry_out(self, plan: Plan) -> Outcome:
        """Do what was planned. The only step with side effects."""
        started = perf_counter()
        stages = {"parse": plan.stages_ms["parse"]}
        if plan.parse is None or plan.request is None:
            return Outcome(None, plan.reply, started, None, stages)
        reply = self._skills.perform(plan.reply, plan.request)
        if reply.stop_speaking:
            for silence in self._silence:
                silence()
        done = perf_counter()
        stages["act"] = (done - started) * 1e3 + plan.stages_ms.get("plan", 0.0)
        return Outcome(plan.parse, reply, started, done if reply.acts else None, stages)

    def correct(self, before: Outcome, text: str, speaker: str = "") -> Outcome:
        """The speaker meant `text` all along: what was done and does not belong to it is taken back.

        Args:
            before: what became of the words that turned out to be the beginning.
            text: the whole.
            speaker: as for `respond`.
        """
        plan = self.plan(text, speaker=speaker)
        wanted = plan.reply.acts
        if self._skills.undo(act for act in before.reply.acts if act not in wanted):
            # What it comes to may depend on the state: "brighter" is brighter than before.
            plan = self.plan(text, speaker=speaker)
        kept = [act for act in before.reply.acts if act in plan.reply.acts]
        rest = tuple(act for act in plan.reply.acts if act not in kept)
        outcome = self.carry_out(replace(plan, reply=replace(plan.reply, acts=rest)))
        if not kept:
            return outcome
        acts = (*kept, *outcome.reply.acts)
        return replace(
            outcome,
            reply=replace(outcome.reply, acts=acts),
            acted_at=outcome.acted_at or before.acted_at,
        )

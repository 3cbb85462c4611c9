"""From words to an answer: parse, act, reply. The only step with side effects."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from assistant.skills.base import Reply, Request, Skills
from assistant.understanding.grammar import Grammar, Parse

log = logging.getLogger(__name__)

NOT_UNDERSTOOD = "Sorry, I did not understand that."
APOLOGY = "Sorry, something went wrong."


@dataclass(frozen=True)
class Outcome:
    """What became of a text. `parse` is None when it is outside the grammar (nothing was done).

    `decided_at` and `acted_at` are `perf_counter` values: when the intent was known, and when the last
    command had been handed to its executor (None when there was none). `stages_ms` holds "parse" and
    "act".
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

    def on_silence(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever somebody, in any stream, asks for silence ("stop", "mute")."""
        self._silence = (*self._silence, callback)

    def rings(self) -> bool:
        """Whether something rings now, which "stop" would silence."""
        return bool(self._skills.ringing(self._now()))

    @property
    def grammar(self) -> Grammar:
        """The grammar in force now."""
        return self._grammar()

    def respond(self, text: str, context: Sequence[str] = (), speaker: str = "") -> Outcome:
        """Parse `text` and execute it; outside the grammar it is refused, not guessed at.

        Args:
            text: what was said or typed.
            context: earlier utterances, oldest first.
            speaker: who speaks, so that a "yes" answers the question that was put to the same one.
        """
        started = perf_counter()
        parse = self.grammar.parse(text)
        parsed = perf_counter()
        if parse is None:
            return Outcome(
                None,
                Reply(NOT_UNDERSTOOD, ok=False),
                parsed,
                None,
                {"parse": (parsed - started) * 1e3},
            )
        reply = self._skills.handle(
            Request(
                intent=parse.intent,
                slots=parse.slots,
                text=parse.text,
                now=self._now(),
                context=tuple(context),
                speaker=speaker,
            )
        )
        if reply.stop_speaking:
            for silence in self._silence:
                silence()
        done = perf_counter()
        return Outcome(
            parse,
            reply,
            parsed,
            done if reply.acts else None,
            {"parse": (parsed - started) * 1e3, "act": (done - parsed) * 1e3},
        )

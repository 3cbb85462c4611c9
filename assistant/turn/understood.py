"""What a sentence was taken for, for those who look at the understanding alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from assistant.turn.dialogue import Plan
from assistant.understanding.parse import By, Value


@dataclass(frozen=True)
class Understood:
    """One sentence, and what it would lead to; nothing of it was done.

    Attributes:
        sentence: as it was written.
        intent: what it means; None if it was not understood.
        slots: values by name.
        by: what understood it.
        probability: that it means this, from 0 to 1; 0 if it was not understood.
        reply: what the box would answer.
        ask_back: what the box asks before it does anything, None if it asks nothing.
    """

    sentence: str
    intent: str | None = None
    slots: Mapping[str, Value] = field(default_factory=dict)
    by: By | None = None
    probability: float = 0.0
    reply: str = ""
    ask_back: str | None = None

    def to_line(self) -> str:
        """A JSON object on one line."""
        return json.dumps(asdict(self), ensure_ascii=False)


def understood(sentence: str, plan: Plan) -> Understood:
    """What a plan makes of a sentence. Pure."""
    reply, parse = plan.reply, plan.parse
    asks = reply.question is not None or reply.if_yes is not None
    ask_back = reply.text if asks else None
    if parse is None:
        return Understood(sentence, reply=reply.text, ask_back=ask_back)
    return Understood(
        sentence,
        parse.intent,
        dict(parse.slots),
        parse.by,
        round(parse.probability, 4),
        reply.text,
        ask_back,
    )

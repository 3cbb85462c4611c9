"""Whether a finished sentence is worth a longer wait, because it could become another one.

Nearly every command could go on: "turn on the kitchen light (in the kitchen) (please)". Waiting for
all of that would make the box slow for nothing. A continuation counts only where it changes what
happens:

1. A value is under way: "living" of "living room", "twenty" of "twenty five", a device whose name
   begins with another device's name.
2. It fills a slot that has not been spoken, and belongs to the same intent: "set a timer for five
   minutes" (and thirty seconds), "turn on the lights" (in the bedroom).
3. It makes another intent out of it, unless the sentence has no slot at all: "open the blinds"
   (to 50 percent); but "stop" acts at once, though "stop the timer" exists.

It never counts that a place follows where a device or a place was named, that free text follows
(the name of a timer), that the whole command could be put off ("in five minutes"), or that someone
says please.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assistant.understanding.automaton import Continuation
from assistant.understanding.blocks import Template
from assistant.understanding.free_text import COMMAND_SLOT
from assistant.understanding.readings import PLACE_SLOTS


def is_extendable(
    intent: str,
    spoken: frozenset[str],
    continuations: Collection[Continuation],
    templates: Sequence[Template],
) -> bool:
    """Whether some continuation changes what the sentence does.

    Args:
        intent: what the sentence means as it stands.
        spoken: the slots that its words fill.
        continuations: how it could go on.
        templates: what the template numbers in them stand for.
    """
    return any(
        _changes(intent, spoken, continuation, templates[continuation.template])
        for continuation in continuations
    )


def _changes(intent: str, spoken: frozenset[str], continuation: Continuation, template: Template) -> bool:
    if COMMAND_SLOT in template.slots and COMMAND_SLOT not in spoken:
        return False
    under_way = continuation.value_under_way
    if under_way is not None and under_way not in template.free_slots:
        return True
    new = continuation.slots - spoken - template.free_slots
    if spoken & PLACE_SLOTS:
        new -= PLACE_SLOTS
    if template.intent == intent:
        return bool(new)
    if template.free_slots - spoken:
        return False
    return bool(spoken)

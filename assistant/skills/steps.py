"""How far "brighter", "a bit dimmer", "much warmer" go."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.skills import slots
from assistant.skills.contract import Request


@dataclass(frozen=True)
class Step:
    """How far one word goes, in the unit of what is changed.

    Attributes:
        little: with "a bit".
        plain: without a word.
        much: with "much".
    """

    little: float
    plain: float
    much: float


#: Percent.
BRIGHTNESS = Step(10, 25, 50)
#: Kelvin; a warmer light has fewer.
COLOR_TEMPERATURE = Step(300, 800, 2000)
#: Degrees, by the unit of the home.
TEMPERATURE = {"celsius": Step(0.5, 1.0, 3.0), "fahrenheit": Step(1.0, 2.0, 5.0)}


def change(request: Request, slot: str, step: Step) -> float | None:
    """The change that a slot "up" or "down" asks for, below zero for "down"; None if it is not there.

    The slot `amount` is "little" or "much" if a word said so; `by` is a number that was said.
    """
    direction = slots.text(request.slots, slot)
    if direction is None:
        return None
    size = slots.number(request.slots, "by")
    if size is None:
        size = {"little": step.little, "much": step.much}.get(str(request.slots.get("amount")), step.plain)
    return -size if direction == "down" else size

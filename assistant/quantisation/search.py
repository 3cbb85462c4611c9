"""Which precision each layer gets: a greedy search, layer by layer, within a budget of accuracy. Pure.

Each layer has options with what they lose alone and what they save. The layers take their best option in the
order of loss for each millisecond (or byte) saved, and a measurement says how far down that order the whole
model stays within the budget: all of it first, then by halving. Layers that are left try their next option.
Losses of single layers only give the order; whatever is accepted was measured as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

#: Layer -> precision, for the layers that are changed.
Plan = dict[str, str]

#: Share of a layer's time that must be saved for it to count as faster.
_FASTER = 0.05
#: Share of the time of all layers that one may become slower by and still count as no slower.
_NO_SLOWER = 0.005
#: Options whose worth differs by no more than this share count as worth the same; timing is not finer.
_ALIKE = 0.1
#: Smallest divisor of a loss, so that options that save nothing come last.
_LEAST_GAIN = 1e-9


@dataclass(frozen=True)
class Option:
    """One precision that a layer may have.

    Attributes:
        precision: its id.
        loss: percentage points of agreement that are lost if this layer alone has it; may be negative.
        saved_ms: milliseconds saved, negative if it is slower.
        saved_bytes: bytes of weights saved.
    """

    precision: str
    loss: float
    saved_ms: float
    saved_bytes: int


@dataclass(frozen=True)
class Candidate:
    """A layer, the time it takes as given, and its options."""

    layer: str
    ms: float
    options: tuple[Option, ...]


#: Layer, option, time of all layers -> what the option is worth; nothing if not positive.
Worth = Callable[[Candidate, Option, float], float]


def _time(layer: Candidate, option: Option, _all_ms: float) -> float:
    return option.saved_ms if option.saved_ms > _FASTER * layer.ms else 0.0


def _bytes_not_slower(_layer: Candidate, option: Option, all_ms: float) -> float:
    return float(option.saved_bytes) if option.saved_ms >= -_NO_SLOWER * all_ms else 0.0


def _bytes(_layer: Candidate, option: Option, _all_ms: float) -> float:
    return float(option.saved_bytes)


#: What is saved -> the stages of the search: "speed" saves time, then bytes where that costs no time.
GOALS: dict[str, tuple[Worth, ...]] = {"speed": (_time, _bytes_not_slower), "size": (_bytes,)}


@dataclass(frozen=True)
class Outcome:
    """What the search found.

    Attributes:
        plan: the layers that are changed.
        loss: of the plan as measured, percentage points; 0 for an empty plan.
        tried: the plans that were measured, with their losses, in order.
    """

    plan: Plan
    loss: float
    tried: tuple[tuple[Plan, float], ...]


@dataclass
class _Measured:
    """Measures plans, each once, and at most so many."""

    measure: Callable[[Plan], float]
    most: int
    tried: list[tuple[Plan, float]] = field(default_factory=list)

    def within(self, plan: Plan, budget: float) -> float | None:
        """The loss of a plan if it is within the budget; None if not, or if no measurement is left."""
        for known, loss in self.tried:
            if known == plan:
                return loss if loss <= budget else None
        if len(self.tried) >= self.most:
            return None
        loss = self.measure(dict(plan))
        self.tried.append((dict(plan), loss))
        return loss if loss <= budget else None


def search(
    candidates: Sequence[Candidate],
    budget: float,
    measure: Callable[[Plan], float],
    goal: str = "speed",
    most_measurements: int = 30,
) -> Outcome:
    """Find a plan that saves much and loses no more than the budget.

    Args:
        candidates: the layers with their options.
        budget: percentage points that may be lost.
        measure: plan -> what it loses as a whole, percentage points.
        goal: one of `GOALS`.
        most_measurements: calls of `measure` at most.
    """
    measured = _Measured(measure, most_measurements)
    plan: Plan = {}
    loss = 0.0
    all_ms = sum(each.ms for each in candidates)
    for worth in GOALS[goal]:
        ranked = {c.layer: _ranked(c, worth, all_ms) for c in candidates if c.layer not in plan}
        depth = max((len(options) for options in ranked.values()), default=0)
        for rank in range(depth):
            moves = [
                (layer, options[rank])
                for layer, options in ranked.items()
                if layer not in plan and rank < len(options)
            ]
            moves.sort(key=lambda move: _price(move[1]))
            steps = [(layer, option.precision) for layer, (option, _) in moves]
            plan, loss = _apply(plan, loss, steps, budget, measured)
    return Outcome(plan, loss, tuple(measured.tried))


def _ranked(layer: Candidate, worth: Worth, all_ms: float) -> list[tuple[Option, float]]:
    """Options that are worth something, the most first, without those that lose more for no more.

    Of options that are worth the same, the one that loses least stays.
    """
    valued = [(option, worth(layer, option, all_ms)) for option in layer.options]
    valued = sorted((v for v in valued if v[1] > 0), key=lambda v: (-v[1], v[0].loss, v[0].precision))
    kept: list[tuple[Option, float]] = []
    for each in valued:
        if kept and each[0].loss >= kept[-1][0].loss:
            continue
        if kept and each[1] >= (1 - _ALIKE) * kept[-1][1]:
            kept.pop()
        kept.append(each)
    return kept


def _price(valued: tuple[Option, float]) -> float:
    option, worth = valued
    return max(option.loss, 0.0) / max(worth, _LEAST_GAIN)


def _apply(
    plan: Plan, loss: float, moves: Sequence[tuple[str, str]], budget: float, measured: _Measured
) -> tuple[Plan, float]:
    """Take the longest run of moves that stays within the budget; leave out the one behind it, and go on."""
    left = list(moves)
    while left:
        taken, found = 0, loss
        low, high = 0, len(left)
        step = high  # all of them first
        while low < high:
            tried = measured.within({**plan, **dict(left[:step])}, budget)
            if tried is None:
                high = step - 1
            else:
                low, taken, found = step, step, tried
            step = (low + high + 1) // 2
        plan, loss = {**plan, **dict(left[:taken])}, found
        left = left[taken + 1 :]
    return plan, loss


def uniform(candidates: Sequence[Candidate], precision: str) -> Plan:
    """Every layer that can have a precision, in it."""
    return {
        each.layer: precision
        for each in candidates
        if any(option.precision == precision for option in each.options)
    }

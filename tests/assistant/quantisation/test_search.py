"""The search stays within the budget whatever is measured; if losses add up, it takes what fits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.quantisation.search import GOALS, Candidate, Option, Plan, search, uniform

_PRECISIONS = ("f16", "int8", "block4")


@st.composite
def _candidates(draw: st.DrawFn) -> tuple[Candidate, ...]:
    layers = []
    for number in range(draw(st.integers(1, 9))):
        names = draw(st.lists(st.sampled_from(_PRECISIONS), unique=True))
        options = tuple(
            Option(name, draw(st.floats(-0.1, 3)), draw(st.floats(-1, 1)), draw(st.integers(1, 1000)))
            for name in names
        )
        layers.append(Candidate(f"layer {number}", draw(st.floats(0.01, 2)), options))
    return tuple(layers)


def _sum(candidates: tuple[Candidate, ...]) -> dict[tuple[str, str], float]:
    return {(c.layer, o.precision): o.loss for c in candidates for o in c.options}


@settings(max_examples=50)
@given(_candidates(), st.floats(0, 5), st.sampled_from(sorted(GOALS)), st.randoms())
def test_what_is_found_was_measured_and_is_within_the_budget(
    candidates: tuple[Candidate, ...], budget: float, goal: str, random: object
) -> None:
    """The measurement is arbitrary here: it has nothing to do with the losses of the layers."""
    measured: dict[str, float] = {}

    def measure(plan: Plan) -> float:
        return measured.setdefault(repr(sorted(plan.items())), random.uniform(-1, 6))  # type: ignore[attr-defined]

    found = search(candidates, budget, measure, goal, most_measurements=12)
    assert found.loss <= budget
    assert not found.plan or measured[repr(sorted(found.plan.items()))] == found.loss
    assert len(found.tried) == len(measured) <= 12
    options = {(c.layer, o.precision) for c in candidates for o in c.options}
    assert set(found.plan.items()) <= options


@settings(max_examples=50)
@given(_candidates(), st.sampled_from(sorted(GOALS)))
def test_without_a_bound_every_layer_takes_what_it_can(candidates: tuple[Candidate, ...], goal: str) -> None:
    found = search(candidates, 1e9, lambda plan: 0.0, goal)
    all_ms = sum(each.ms for each in candidates)
    for each in candidates:
        worth = [[stage(each, o, all_ms) > 0 for stage in GOALS[goal]] for o in each.options]
        assert (each.layer in found.plan) == any(any(stages) for stages in worth)


@settings(max_examples=50)
@given(_candidates(), st.floats(0, 3))
def test_if_losses_add_up_no_layer_that_would_fit_is_left_out(
    candidates: tuple[Candidate, ...], budget: float
) -> None:
    positive = tuple(
        Candidate(
            c.layer,
            c.ms,
            tuple(Option(o.precision, abs(o.loss), o.saved_ms, o.saved_bytes) for o in c.options),
        )
        for c in candidates
    )
    losses = _sum(positive)

    def measure(plan: Plan) -> float:
        return sum(losses[each] for each in plan.items())

    found = search(positive, budget, measure, "size", most_measurements=10_000)
    for each in positive:
        if each.layer not in found.plan and each.options:
            best = max(each.options, key=lambda o: (o.saved_bytes, -o.loss))
            assert found.loss + best.loss > budget


def test_nothing_is_changed_if_everything_loses_and_nothing_may() -> None:
    candidates = [Candidate("a", 1.0, (Option("int8", 0.1, 0.5, 10),))]
    found = search(candidates, 0.0, lambda plan: 0.1 * len(plan))
    assert (found.plan, found.loss) == ({}, 0.0)


def test_a_sensitive_layer_takes_its_next_option() -> None:
    options = (Option("int8", 5.0, 0.6, 30), Option("block8", 0.1, 0.3, 29))
    candidates = [
        Candidate("robust", 1.0, (Option("int8", 0.1, 0.6, 30),)),
        Candidate("sensitive", 1.0, options),
    ]
    losses = _sum(tuple(candidates))
    found = search(candidates, 1.0, lambda plan: sum(losses[each] for each in plan.items()))
    assert found.plan == {"robust": "int8", "sensitive": "block8"}


def test_of_two_options_that_are_as_fast_the_one_that_loses_less_is_taken() -> None:
    options = (Option("int8-static", 0.5, 0.61, 30), Option("int8", 0.1, 0.60, 30))
    found = search([Candidate("a", 1.0, options)], 1.0, lambda plan: 0.0)
    assert found.plan == {"a": "int8"}


def test_time_is_saved_first_and_then_bytes_where_that_costs_no_time() -> None:
    candidates = [
        Candidate("product", 1.0, (Option("int8", 0.1, 0.6, 30),)),
        Candidate("table", 0.01, (Option("int8", 0.1, 0.0, 900), Option("f16", 0.0, 0.0, 600))),
        Candidate("slow", 1.0, (Option("block4", 0.1, -0.5, 900),)),
    ]
    assert search(candidates, 1.0, lambda plan: 0.0, "speed").plan == {"product": "int8", "table": "int8"}
    assert set(search(candidates, 1.0, lambda plan: 0.0, "size").plan) == {"product", "table", "slow"}


def test_a_precision_throughout_is_every_layer_that_can_have_it() -> None:
    candidates = [
        Candidate("a", 1.0, (Option("int8", 0, 0, 1), Option("f16", 0, 0, 1))),
        Candidate("b", 1.0, (Option("f16", 0, 0, 1),)),
    ]
    assert uniform(candidates, "int8") == {"a": "int8"}

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.scheduling.figures import Figure
from assistant.scheduling.preference import fastest, is_faster
from tests.assistant.scheduling.machines import CPU, figure

_figures = st.lists(
    st.tuples(st.floats(0.1, 100), st.floats(0, 5), st.booleans()), min_size=1, max_size=5
).map(
    lambda rows: [
        figure("ears", CPU, f"engine-{n}", p50, noise_ms=noise, reason="" if right else "wrong")
        for n, (p50, noise, right) in enumerate(rows)
    ]
)
_in_use = st.sampled_from(["", *(f"engine-{n}" for n in range(5))])


@given(_figures, _in_use)
def test_whatever_is_in_use_nothing_right_is_faster_by_more_than_the_noise(
    figures: list[Figure], in_use: str
) -> None:
    chosen = fastest(figures, in_use)
    right = [each for each in figures if each.right]
    if chosen is None:
        assert not right
        return
    assert chosen.right
    assert not any(is_faster(each, chosen) for each in right)


@given(_figures, _in_use)
def test_a_choice_stands_until_something_changes(figures: list[Figure], in_use: str) -> None:
    chosen = fastest(figures, in_use)
    if chosen is not None:
        assert fastest(figures, chosen.placement.engine) == chosen


@given(_figures)
def test_at_first_the_lowest_median_counts(figures: list[Figure]) -> None:
    chosen = fastest(figures)
    if chosen is not None:
        assert chosen.p50_ms == min(each.p50_ms for each in figures if each.right)


def test_noise_does_not_flip_the_choice() -> None:
    first = [figure("ears", CPU, "a", 10.0, noise_ms=0.5), figure("ears", CPU, "b", 10.2, noise_ms=0.5)]
    again = [figure("ears", CPU, "a", 10.3, noise_ms=0.5), figure("ears", CPU, "b", 10.0, noise_ms=0.5)]
    chosen = fastest(first)
    assert chosen is not None
    kept = fastest(again, chosen.placement.engine)
    assert kept is not None
    assert kept.placement.engine == chosen.placement.engine == "a"

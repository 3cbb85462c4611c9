"""Choosing among several things, whatever they are."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.choice import Choice, chosen, spoken_names

NOW = datetime(2026, 11, 22, 16, 35, tzinfo=UTC)
_seconds = st.sampled_from([60.0, 300.0, 600.0, 3600.0])
_choices = st.lists(
    st.builds(
        Choice,
        id=st.uuids().map(str),
        names=st.lists(st.sampled_from(["pizza", "tea", "front door", "back door"]), max_size=2).map(tuple),
        places=st.lists(st.sampled_from(["kitchen", "hall"]), max_size=1).map(tuple),
        length_s=st.none() | _seconds,
        left_s=st.none() | _seconds,
        made=st.integers(1, 5),
    ),
    min_size=1,
    max_size=6,
).map(tuple)
_answers = st.fixed_dictionaries(
    {},
    optional={
        "which": st.sampled_from(["all", "any"]),
        "name": st.sampled_from(["0", "1", "0,2"]),
        "area": st.sampled_from(["0", "1,2"]),
        "minutes": st.sampled_from([1, 5, 10]),
        "left": st.just("yes"),
        "by": st.sampled_from(["longest", "shortest", "oldest", "newest", "soonest", "latest"]),
        "rank": st.integers(-1, 7).filter(bool),
    },
)


@given(_choices, _answers)
def test_whatever_is_said_nothing_else_is_chosen(
    choices: tuple[Choice, ...], answer: dict[str, object]
) -> None:
    found = chosen(choices, answer, NOW)
    assert [choice for choice in choices if choice in found] == list(found)


@given(_choices, st.integers(1, 6))
def test_a_rank_counts_in_the_order_in_which_they_were_named(choices: tuple[Choice, ...], rank: int) -> None:
    expected = choices[rank - 1 : rank]
    assert chosen(choices, {"rank": rank}, NOW) == expected
    assert chosen(choices, {"rank": -1}, NOW) == choices[-1:]


@given(_choices)
def test_all_are_all_and_any_is_one(choices: tuple[Choice, ...]) -> None:
    assert chosen(choices, {"which": "all"}, NOW) == choices
    assert chosen(choices, {"which": "any"}, NOW) == choices[:1]


@given(_choices, st.sampled_from(["longest", "shortest", "oldest", "newest", "soonest", "latest"]))
def test_there_is_always_a_most(choices: tuple[Choice, ...], by: str) -> None:
    found = chosen(choices, {"by": by}, NOW)
    assert found
    if by == "longest":
        assert all((each.length_s or 0) <= (found[0].length_s or 0) for each in choices)
    if by == "oldest":
        assert all(each.made >= found[0].made for each in choices)


@given(_choices)
def test_every_name_stands_for_those_that_have_it(choices: tuple[Choice, ...]) -> None:
    for device in spoken_names(choices).devices:
        found = chosen(choices, {"name": device.value}, NOW)
        (name,) = device.spoken
        assert found
        assert all(any(name in own for own in choice.names) for choice in found)


def test_what_all_names_have_in_common_may_be_left_out() -> None:
    choices = (Choice("f", ("front door",)), Choice("b", ("back door",)))
    spoken = {device.spoken[0]: device.value for device in spoken_names(choices).devices}
    assert spoken == {"front door": "0", "front": "0", "back door": "1", "back": "1"}

"""Following accelerators over time: what appears, changes, vanishes; the Coral stick that comes back."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assistant.hardware.follow import GONE_S, Change, View, follow
from assistant.hardware.ladder import Rung, Standing, Stop
from assistant.hardware.scan import Accelerator
from assistant.hardware.table import load_table

READY = Standing(Rung.OPENABLE, Stop.NO_RUNTIME, "not installed")


def accelerator(name: str, place: str) -> Accelerator:
    entry = load_table().entry(name)
    assert entry is not None
    return Accelerator(entry, place, "", (), (), READY)


CORAL, HAILO = accelerator("coral-usb", "1-1"), accelerator("hailo-8", "0000:01:00.0")


def whats(changes: tuple[Change, ...]) -> list[tuple[str, str]]:
    return [(change.what, change.accelerator.place) for change in changes]


def test_what_is_there_at_first_appears_once() -> None:
    view, changes = follow(View(), (CORAL,), 0.0)
    assert whats(changes) == [("appeared", "1-1")]
    assert follow(view, (CORAL,), 1.0)[1] == ()


def test_a_stick_that_comes_back_in_time_was_never_away() -> None:
    view, _ = follow(View(), (CORAL, HAILO), 0.0)
    view, away = follow(view, (HAILO,), 10.0)
    view, back = follow(view, (CORAL, HAILO), 10.0 + GONE_S - 0.1)
    assert (away, back) == ((), ())
    assert view == View((CORAL, HAILO))


def test_a_stick_that_comes_back_on_the_fast_bus_is_the_same() -> None:
    view, _ = follow(View(), (CORAL,), 0.0)
    view, changes = follow(view, (replace(CORAL, place="2-1"),), 1.0)
    assert (changes, view.leaving) == ((), ())


def test_what_stays_away_vanishes_once() -> None:
    view, _ = follow(View(), (CORAL,), 0.0)
    view, _ = follow(view, (), 1.0)
    view, changes = follow(view, (), 1.0 + GONE_S)
    assert whats(changes) == [("vanished", "1-1")]
    assert follow(view, (), 99.0)[1] == ()


def test_another_kind_does_not_take_its_place() -> None:
    view, _ = follow(View(), (CORAL,), 0.0)
    _, changes = follow(view, (HAILO,), 1.0)
    assert whats(changes) == [("appeared", HAILO.place)]


def test_another_standing_is_a_change() -> None:
    view, _ = follow(View(), (CORAL,), 0.0)
    denied = replace(CORAL, standing=Standing(Rung.NODE, Stop.DENIED, "permission denied"))
    assert whats(follow(view, (denied,), 1.0)[1]) == [("changed", "1-1")]


places = st.sampled_from(("1-1", "1-2", "2-1"))
looks = st.lists(st.tuples(st.sets(places), st.floats(0.1, 2 * GONE_S)), max_size=12)


@given(looks)
def test_the_changes_add_up_to_what_is_there(some: list[tuple[set[str], float]]) -> None:
    view, now_s, count = View(), 0.0, 0
    for seen, step_s in some:
        now_s += step_s
        view, changes = follow(view, tuple(replace(CORAL, place=place) for place in sorted(seen)), now_s)
        count += sum({"appeared": 1, "vanished": -1, "changed": 0}[change.what] for change in changes)
        assert count == len(view.present) + len(view.leaving)

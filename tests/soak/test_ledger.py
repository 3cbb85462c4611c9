"""What was acknowledged is compared with what is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.soak.ledger import Ledger


def test_an_acknowledged_entry_that_is_gone_is_told_once() -> None:
    ledger = Ledger()
    ledger.begins("apple")
    ledger.is_set("apple")
    assert ledger.compare({"apple"}) == []
    assert ledger.compare(set()) == ["apple was acknowledged and is lost"]
    assert ledger.compare(set()) == []


def test_a_removed_entry_that_is_back_is_told() -> None:
    ledger = Ledger()
    ledger.is_set("apple")
    ledger.is_removed("apple")
    assert ledger.compare({"apple"}) == ["apple was removed and is back"]


def test_an_unanswered_call_may_have_been_carried_out_or_not() -> None:
    for seen in (set[str](), {"apple"}):
        ledger = Ledger()
        ledger.begins("apple")
        assert ledger.compare(seen) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_a_box_that_does_what_it_acknowledges_is_never_blamed(steps: list[tuple[str, bool]]) -> None:
    ledger, box = Ledger(), set[str]()
    for name, wanted in steps:
        ledger.begins(name)
        (box.add if wanted else box.discard)(name)
        (ledger.is_set if wanted else ledger.is_removed)(name)
        assert ledger.compare(box) == []

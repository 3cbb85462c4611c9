"""Faults: reported by source, replaced, bounded."""

from __future__ import annotations

import pytest

from common.errors import GrammarError, InvalidInput
from common.faults import MAX_FAULTS, MAX_TEXT, Fault, Faults, from_json, to_json


def test_a_report_replaces_the_last_one_of_its_source_alone() -> None:
    faults = Faults()
    faults.report("home", [Fault("a", "one")])
    faults.report("sentences", [Fault("b", "two"), Fault("c", "three")])
    faults.report("sentences", [Fault("c", "three")])
    assert [fault.code for fault in faults.all()] == ["a", "c"]
    faults.report("home", [])
    assert [fault.code for fault in faults.all()] == ["c"]


def test_a_listener_hears_of_changes_only() -> None:
    faults, told = Faults(), []
    faults.listen(lambda: told.append(len(faults.all())))
    faults.report("home", [])
    faults.report("home", [Fault("a", "one")])
    faults.report("home", [Fault("a", "one")])
    assert told == [1]


def test_a_source_has_a_bounded_number_of_faults() -> None:
    faults = Faults()
    faults.report("sentences", (Fault("a", str(n)) for n in range(10**9)))
    assert len(faults.all()) == MAX_FAULTS


def test_a_fault_takes_code_message_and_hint_of_an_error() -> None:
    error = GrammarError("kitchen.yaml, line 3: bad", hint="write it well", code="sentences.bad")
    assert Fault.of(error, "The file is left out.") == Fault(
        "sentences.bad", "kitchen.yaml, line 3: bad", "write it well", "The file is left out."
    )


def test_a_source_that_has_reported_none_is_known() -> None:
    faults = Faults()
    faults.report("home", [])
    assert faults.by_source() == {"home": ()}


def test_faults_go_over_a_bus_as_text_and_come_back_bounded() -> None:
    fault = Fault("a", "one", "do", "instead", "home.toml", "devices")
    assert from_json(to_json([fault])) == (fault,)
    (short,) = from_json(to_json([Fault("a", "x\x1b" * 10_000)]))
    assert (len(short.message), short.message.isprintable()) == (MAX_TEXT, True)


@pytest.mark.parametrize("text", ["", "1", "{}", "[1]", '[{"code": "a"}]', "[" * 10_000])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        from_json(text)

"""The evidence ladder: which rung, and why no further."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.hardware.ladder import STOPS, Evidence, Opening, Outcome, Rung, Stop, Trial, climb
from assistant.hardware.table import Entry, Runtime, load_table

NPU = Entry(
    id="npu",
    drivers=("good",),
    paths=("dev/npu*",),
    engines=("onnxruntime",),
    runtimes=(Runtime("Runtime"),),
)
OPEN, SHUT = Opening("/dev/npu0", Outcome.OPENED), Opening("/dev/npu1", Outcome.DENIED, "permission denied")
WHOLE = Evidence(
    driver="good",
    openings=(OPEN,),
    runtimes=("ONNX Runtime",),
    engines=("onnxruntime",),
    trial=Trial(Outcome.RIGHT),
)


@pytest.mark.parametrize(
    ("evidence", "rung", "stop"),
    [
        (Evidence(), Rung.SEEN, Stop.NO_DRIVER),
        (Evidence(loaded=("good",)), Rung.SEEN, Stop.UNBOUND),
        (replace(WHOLE, driver="other"), Rung.SEEN, Stop.OTHER_DRIVER),
        (replace(WHOLE, driver=""), Rung.SEEN, Stop.NO_DRIVER),
        (replace(WHOLE, openings=()), Rung.DRIVER, Stop.NO_NODE),
        (replace(WHOLE, openings=(SHUT,)), Rung.NODE, Stop.DENIED),
        (replace(WHOLE, openings=(replace(SHUT, outcome=Outcome.BUSY),)), Rung.NODE, Stop.BUSY),
        (replace(WHOLE, openings=(replace(SHUT, outcome=Outcome.HANGS),)), Rung.NODE, Stop.HANGS),
        (replace(WHOLE, openings=(replace(SHUT, outcome=Outcome.FAILED),)), Rung.NODE, Stop.NOT_OPENED),
        (replace(WHOLE, runtimes=()), Rung.OPENABLE, Stop.NO_RUNTIME),
        (replace(WHOLE, trial=None), Rung.RUNTIME, Stop.NOT_TRIED),
        (replace(WHOLE, trial=Trial(Outcome.FAILED)), Rung.RUNTIME, Stop.FAILED),
        (replace(WHOLE, trial=Trial(Outcome.HANGS)), Rung.RUNTIME, Stop.FAILED),
        (replace(WHOLE, trial=Trial(Outcome.WRONG)), Rung.RUNTIME, Stop.WRONG),
        (WHOLE, Rung.INFERENCE, Stop.NOTHING),
    ],
)
def test_the_first_missing_evidence_decides(evidence: Evidence, rung: Rung, stop: Stop) -> None:
    standing = climb(NPU, evidence)
    assert (standing.rung, standing.stop) == (rung, stop)


def test_one_node_that_opens_is_enough() -> None:
    assert climb(NPU, replace(WHOLE, openings=(SHUT, OPEN))).rung is Rung.INFERENCE


def test_a_device_that_only_its_driver_makes_speaks_for_the_driver() -> None:
    assert climb(NPU, replace(WHOLE, driver="", made_by_driver=True)).rung is Rung.INFERENCE


def test_an_accelerator_without_driver_and_node_is_judged_by_its_runtime() -> None:
    bare = replace(NPU, drivers=(), paths=())
    assert climb(bare, Evidence()).stop is Stop.NO_RUNTIME


def test_an_accelerator_that_no_engine_serves_never_reaches_the_top() -> None:
    standing = climb(replace(NPU, engines=()), replace(WHOLE, trial=None))
    assert (standing.rung, standing.stop) == (Rung.RUNTIME, Stop.NOT_TRIED)
    assert "no engine" in standing.reason


def test_an_engine_that_is_not_installed_is_named() -> None:
    standing = climb(NPU, replace(WHOLE, runtimes=("Runtime",), engines=(), trial=None))
    assert (standing.rung, standing.stop) == (Rung.RUNTIME, Stop.NOT_TRIED)
    assert standing.reason.endswith("not installed: ONNX Runtime")


def test_what_could_be_installed_is_named() -> None:
    assert climb(NPU, replace(WHOLE, runtimes=())).reason == "not installed: ONNX Runtime or Runtime"


def test_a_closed_node_is_named_with_the_reason() -> None:
    assert (
        climb(NPU, replace(WHOLE, openings=(SHUT,))).reason == "/dev/npu1 cannot be opened: permission denied"
    )


words = st.sampled_from(("", "good", "other"))
openings = st.lists(st.builds(Opening, words, st.sampled_from(Outcome)), max_size=3).map(tuple)
trials = st.none() | st.builds(Trial, st.sampled_from((Outcome.RIGHT, Outcome.WRONG, Outcome.FAILED)))
evidences = st.builds(
    Evidence,
    driver=words,
    made_by_driver=st.booleans(),
    loaded=st.lists(words, max_size=2).map(tuple),
    openings=openings,
    runtimes=st.lists(words, max_size=2).map(tuple),
    trial=trials,
)


@given(st.sampled_from(load_table().accelerator), evidences)
def test_every_stop_belongs_to_its_rung_and_has_a_reason(entry: Entry, evidence: Evidence) -> None:
    standing = climb(entry, evidence)
    assert standing.stop in STOPS[standing.rung]
    assert standing.reason


@given(st.sampled_from(load_table().accelerator), evidences)
def test_more_evidence_never_lowers_the_rung(entry: Entry, evidence: Evidence) -> None:
    more = replace(evidence, openings=(*evidence.openings, OPEN), runtimes=(*evidence.runtimes, "Runtime"))
    assert climb(entry, more).rung >= climb(entry, evidence).rung


def test_a_stop_belongs_to_one_rung() -> None:
    assert sorted(stop for stops in STOPS.values() for stop in stops) == sorted(Stop)

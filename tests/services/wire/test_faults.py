"""Faults on the wire: what comes back is what was sent, and no more than there may be."""

from __future__ import annotations

import pytest

from common.errors import InvalidInput
from common.faults import MAX_FAULTS, MAX_TEXT, Fault, Faults
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.faults import fault_from_wire, report_of, status_of, take_report


def test_a_report_comes_back_with_its_source() -> None:
    fault = Fault("settings.unknown", "one", "do", "instead", "gateway.toml", "hots")
    faults = Faults()
    take_report(report_of("gatewayd", [fault]), faults)
    (told,) = status_of(faults).faults
    assert told.source == "gatewayd"
    assert fault_from_wire(told) == fault


def test_a_report_replaces_the_last_one() -> None:
    faults = Faults()
    take_report(report_of("connectord", [Fault("a", "one")]), faults)
    take_report(report_of("connectord", []), faults)
    assert faults.by_source() == {"connectord": ()}


def test_a_stranger_cannot_report() -> None:
    with pytest.raises(InvalidInput) as caught:
        take_report(report_of("home", [Fault("a", "one")]), Faults())
    assert caught.value.code == "faults.daemon"


def test_a_report_is_bounded_by_who_takes_it() -> None:
    faults = Faults()
    request = pb.ReportFaultsRequest(daemon="gatewayd", faults=[pb.Fault(message="x" * 10**5)] * 1000)
    take_report(request, faults)
    assert len(faults.all()) == MAX_FAULTS
    assert len(faults.all()[0].message) == MAX_TEXT


def test_a_text_that_is_no_unicode_is_sent_all_the_same() -> None:
    assert report_of("gatewayd", [Fault("a", "\udcff")]).faults[0].message == "?"

"""The metrics of the assistant and of the daemons that report to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc
import pytest

from common.metrics import Counter, Registry
from common.process_metrics import MEMORY
from services.assistantd.metric_reports import FRESH_S, MetricReports
from services.daemon.metrics_report import MetricsReporter
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.proto.sotto.v1 import metrics_pb2
from services.wire.metrics import metrics_to_wire
from services.wire.status import from_rpc
from tests.services.conftest import Box


def _report(daemon: str) -> metrics_pb2.DaemonMetrics:
    registry = Registry()
    Counter("a_total", "some", registry=registry).inc()
    return metrics_to_wire(daemon, registry.families())


def test_a_daemon_that_reports_no_more_is_absent() -> None:
    now = 0.0
    reports = MetricReports(lambda: now)
    reports.put(_report("updated"))
    now = FRESH_S
    told = {daemon.daemon: daemon for daemon in reports.read().daemons}
    assert told["updated"] == _report("updated")
    assert not told["connectord"].up
    now = FRESH_S + 1
    told = {daemon.daemon: daemon for daemon in reports.read().daemons}
    assert (told["updated"].up, len(told["updated"].families)) == (False, 0)
    assert told["assistantd"].up


def test_the_metrics_of_powerd_come_from_the_bus() -> None:
    registry = Registry()
    Counter("a_total", "some", registry=registry).inc()
    reports = MetricReports()
    reports.take_power(registry.families())
    told = {daemon.daemon: daemon for daemon in reports.read().daemons}
    assert told["powerd"] == _report("powerd")


@pytest.fixture
def stub(box: Box) -> Iterator[rpc.AssistantStub]:
    with grpc.insecure_channel(f"unix:{box.socket}") as channel:
        yield rpc.AssistantStub(channel)


def _read(stub: rpc.AssistantStub, daemon: str = "assistantd") -> dict[str, list[metrics_pb2.MetricSample]]:
    daemons = stub.ReadMetrics(metrics_pb2.ReadMetricsRequest()).daemons
    return {
        family.name: list(family.samples)
        for one in daemons
        if one.daemon == daemon
        for family in one.families
    }


def _count(stub: rpc.AssistantStub, metric: str, *labels: str) -> float:
    samples = _read(stub).get(metric, [])
    return sum(s.value for s in samples if tuple(label.value for label in s.labels) == labels)


def test_turns_are_counted_by_what_became_of_them(stub: rpc.AssistantStub) -> None:
    accepted = _count(stub, "sotto_turns_total", "ask", "accepted")
    rejected = _count(stub, "sotto_turns_total", "ask", "rejected")
    parsed = _count(stub, "sotto_turn_stage_seconds", "parse")
    for query in ("what time is it", "what day is it", "please order a coffee with milk"):
        assert list(stub.Ask(pb.AskRequest(query=query)))
    assert _count(stub, "sotto_turns_total", "ask", "accepted") == accepted + 2
    assert _count(stub, "sotto_turns_total", "ask", "rejected") == rejected + 1
    assert _count(stub, "sotto_turn_stage_seconds", "parse") > parsed
    assert _count(stub, "sotto_events_total", "reply") >= 3


def test_errors_are_counted_by_their_code(stub: rpc.AssistantStub) -> None:
    before = _count(stub, "sotto_rpc_errors_total", "ask.empty")
    with pytest.raises(grpc.RpcError):
        list(stub.Ask(pb.AskRequest(query=" ")))
    assert _count(stub, "sotto_rpc_errors_total", "ask.empty") == before + 1


def test_memory_is_that_of_the_process(stub: rpc.AssistantStub) -> None:
    (sample,) = _read(stub)[MEMORY.name]
    assert 50e6 < sample.value < 2e9


def test_another_daemon_reports(box: Box, stub: rpc.AssistantStub) -> None:
    reporter = MetricsReporter("updated", box.socket)
    reporter.start()
    try:
        while MEMORY.name not in _read(stub, "updated"):
            threading.Event().wait(0.05)
    finally:
        reporter.stop()


@pytest.mark.parametrize("daemon", ["assistantd", "powerd", "", "stranger"])
def test_only_known_daemons_report(stub: rpc.AssistantStub, daemon: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.ReportMetrics(metrics_pb2.ReportMetricsRequest(metrics=_report(daemon)))
    assert from_rpc(caught.value).code == "metrics.daemon"

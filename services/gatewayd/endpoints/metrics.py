"""The metrics of all daemons, for Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from starlette.responses import Response

from common.errors import SottoError
from common.exposition import CONTENT_TYPE, labelled, merged, render
from common.metrics import REGISTRY, Family, Gauge
from services.gatewayd.endpoint import Call, Endpoint
from services.gatewayd.upstream import Upstream, one
from services.proto.sotto.v1 import metrics_pb2 as pb
from services.wire.metrics import DAEMONS, metrics_from_wire

log = logging.getLogger(__name__)

#: Seconds that the assistant gets to answer.
_READ_S = 2.0
_ASSISTANT = Gauge("sotto_assistant_up", "Whether the assistant answers")
_UP = Gauge("sotto_daemon_up", "Whether a daemon answers, or has reported within two minutes", ("daemon",))


async def metrics(call: Call[None]) -> Response:
    """The gateway's own metrics as they are; those of other daemons with the label `daemon`."""
    gathered = await gather(call.gateway.upstream)
    return Response(render(merged([*REGISTRY.families(), *gathered])), media_type=CONTENT_TYPE)


async def gather(upstream: Upstream) -> list[Family]:
    """The metrics of the other daemons. One that is absent or sends what cannot be used has none."""
    answers = await upstream.answers()
    _ASSISTANT.set(answers)
    reports: dict[str, pb.DaemonMetrics] = {}
    if answers:
        try:
            answer = await one(upstream.stub.ReadMetrics(pb.ReadMetricsRequest(), timeout=_READ_S))
            reports = {report.daemon: report for report in answer.daemons}
        except SottoError as error:
            log.warning("the metrics of the assistant are not there: %s", error)
    for daemon in DAEMONS:
        _UP.set(daemon in reports and reports[daemon].up, daemon)
    return usable(reports.values())


def usable(reports: Iterable[pb.DaemonMetrics]) -> list[Family]:
    """The metrics of reports, with the label `daemon`. A report that cannot be used is left out."""
    families: list[Family] = []
    for report in reports:
        try:
            families += [labelled(family, "daemon", report.daemon) for family in metrics_from_wire(report)]
        except SottoError as error:
            log.warning("metrics are left out: %s", error)
    return families


ENDPOINTS = (
    Endpoint(
        "GET",
        "/metrics",
        metrics,
        "Metrics of all daemons in the text format of Prometheus",
        media=("text/plain",),
    ),
)

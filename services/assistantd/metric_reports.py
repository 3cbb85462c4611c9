"""Metrics of this daemon, and those that other daemons have reported here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from common.errors import InvalidInput
from common.metrics import REGISTRY, Family
from services.proto.sotto.v1 import metrics_pb2 as pb
from services.wire.metrics import (
    ASSISTANT,
    DAEMONS,
    POWER,
    REPORT_S,
    REPORTERS,
    metrics_from_wire,
    metrics_to_wire,
)

#: Seconds after which a daemon that reports nothing counts as absent.
FRESH_S = 2 * REPORT_S


class MetricReports:
    """The last report of each daemon that reports.

    Args:
        now: monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._reports: dict[str, tuple[float, pb.DaemonMetrics]] = {}

    def put(self, report: pb.DaemonMetrics) -> None:
        """Keep a report in place of the one before.

        Raises:
            InvalidInput, TooLarge: it cannot be used.
        """
        if report.daemon not in REPORTERS:
            raise InvalidInput(
                f"{report.daemon[:40]!r} is no daemon that reports metrics",
                hint=f"known: {', '.join(REPORTERS)}",
                code="metrics.daemon",
            )
        metrics_from_wire(report)
        self._keep(report)

    def take_power(self, families: list[Family]) -> None:
        """Keep the metrics of powerd, which do not come over the wire."""
        self._keep(metrics_to_wire(POWER, families))

    def _keep(self, report: pb.DaemonMetrics) -> None:
        with self._lock:
            self._reports[report.daemon] = (self._now(), report)

    def read(self) -> pb.ReadMetricsResponse:
        """The metrics of this process as they are now, and the last report of each other that is up."""
        with self._lock:
            reports = dict(self._reports)
        fresh = {name: report for name, (came, report) in reports.items() if self._now() - came <= FRESH_S}
        fresh[ASSISTANT] = metrics_to_wire(ASSISTANT, REGISTRY.families())
        return pb.ReadMetricsResponse(
            daemons=[fresh.get(name) or pb.DaemonMetrics(daemon=name) for name in DAEMONS]
        )

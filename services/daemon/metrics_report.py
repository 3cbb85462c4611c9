"""Reports metrics and faults of a process to the assistant, for daemons without a socket for the gateway."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import grpc

from common.faults import Faults
from common.metrics import REGISTRY
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.proto.sotto.v1 import metrics_pb2 as pb
from services.wire.faults import report_of
from services.wire.metrics import REPORT_S, metrics_to_wire

log = logging.getLogger(__name__)

#: Seconds until the next one when a report could not be sent: the assistant may just have started.
_RETRY_S = 10.0
_CALL_S = 2.0


class MetricsReporter:
    """Sends a report now, every `REPORT_S` seconds and when the faults change, from a thread of its own.

    A report that cannot be sent is dropped: the assistant may be absent.

    Args:
        daemon: one of `services.wire.metrics.REPORTERS`.
        socket: of assistantd.
        faults: those that there are now; None for a daemon that reports none.
    """

    def __init__(self, daemon: str, socket: Path, faults: Faults | None = None) -> None:
        self._daemon = daemon
        self._socket = socket
        self._faults = faults
        self._news = threading.Event()
        if faults is not None:
            faults.listen(self._news.set)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._news.set()
        self._thread.join(_CALL_S + 1)

    def _run(self) -> None:
        with grpc.insecure_channel(f"unix:{self._socket}") as channel:
            stub = rpc.AssistantStub(channel)
            while not self._stop.is_set():
                self._news.clear()
                report = metrics_to_wire(self._daemon, REGISTRY.families())
                wait_s = REPORT_S
                try:
                    if self._faults is not None:
                        stub.ReportFaults(report_of(self._daemon, self._faults.all()), timeout=_CALL_S)
                    stub.ReportMetrics(pb.ReportMetricsRequest(metrics=report), timeout=_CALL_S)
                except grpc.RpcError as error:
                    log.debug("metrics or faults were not reported: %s", error)
                    wait_s = _RETRY_S
                self._news.wait(wait_s)

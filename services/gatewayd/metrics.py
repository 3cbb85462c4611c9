"""What the gateway counts, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

#: Seconds; the gateway's own part is milliseconds, an answer with speech a tenth of a second.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one gateway; a registry of its own, so that two may live in one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "sotto_http_requests",
            "Requests by endpoint and status",
            ("endpoint", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "sotto_http_request_seconds",
            "Time to the first byte of an answer",
            ("endpoint",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.streams = Gauge(
            "sotto_conversations", "Open conversations over WebSocket", registry=self._registry
        )
        self.assistant = Gauge("sotto_assistant_up", "Whether the assistant answers", registry=self._registry)

    def text(self) -> bytes:
        """All of them."""
        return generate_latest(self._registry)

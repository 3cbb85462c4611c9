"""Metrics as messages: there and back, and within bounds."""

from __future__ import annotations

import math

import pytest

from common.errors import InvalidInput, TooLarge
from common.metrics import Counter, Family, Histogram, Kind, Registry, Sample
from services.proto.sotto.v1 import metrics_pb2 as pb
from services.wire.metrics import MAX_FAMILIES, MAX_SAMPLES, metrics_from_wire, metrics_to_wire


def test_there_and_back() -> None:
    registry = Registry()
    Counter("a_total", "some", ("who",), registry=registry).inc("x")
    Histogram("b_seconds", "some", registry=registry).observe(0.3)
    families = registry.families()
    message = metrics_to_wire("updated", families)
    assert metrics_from_wire(pb.DaemonMetrics.FromString(message.SerializeToString())) == families


def test_what_cannot_be_encoded_is_replaced() -> None:
    family = Family("a", Kind.GAUGE, "some", (Sample("", (("who", "\ud800"),), math.inf),))
    (back,) = metrics_from_wire(metrics_to_wire("updated", [family]))
    assert back.samples[0] == Sample("", (("who", "?"),), math.inf)


@pytest.mark.parametrize(
    "family",
    [
        pb.MetricFamily(name="a b", kind="gauge"),
        pb.MetricFamily(name="a\nb 1.0", kind="gauge"),
        pb.MetricFamily(name="", kind="gauge"),
        pb.MetricFamily(name="a", kind="summary"),
        pb.MetricFamily(name="a", kind="gauge", samples=[pb.MetricSample(suffix="_sum")]),
        pb.MetricFamily(
            name="a",
            kind="gauge",
            samples=[pb.MetricSample(labels=[pb.MetricLabel(name='x="1"} 5\nb{y', value="")])],
        ),
    ],
)
def test_what_the_text_format_does_not_have_is_refused(family: pb.MetricFamily) -> None:
    with pytest.raises(InvalidInput) as caught:
        metrics_from_wire(pb.DaemonMetrics(daemon="updated", families=[family]))
    assert caught.value.code == "metrics.format"


@pytest.mark.parametrize(
    "families",
    [
        [pb.MetricFamily(name="a", kind="gauge")] * (MAX_FAMILIES + 1),
        [pb.MetricFamily(name="a", kind="gauge", samples=[pb.MetricSample()] * (MAX_SAMPLES + 1))],
    ],
)
def test_a_report_is_bounded(families: list[pb.MetricFamily]) -> None:
    with pytest.raises(TooLarge):
        metrics_from_wire(pb.DaemonMetrics(daemon="updated", families=families))

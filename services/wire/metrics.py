"""Between the metrics of a process and the messages of the wire contract."""

from __future__ import annotations

from collections.abc import Iterable

from common.errors import InvalidInput, TooLarge
from common.metrics import Family, Kind, Sample
from services.proto.sotto.v1 import metrics_pb2 as pb

ASSISTANT = "assistantd"
#: Daemons that report their metrics to the assistant, because the gateway may not use a socket of theirs.
REPORTERS = ("connectord", "remoted", "updated")
#: Its metrics are read by the assistant, from the system bus.
POWER = "powerd"
#: All whose metrics the gateway gathers.
DAEMONS = (ASSISTANT, *REPORTERS, POWER)
#: Seconds between two reports of a daemon.
REPORT_S = 60.0
MAX_FAMILIES = 300
MAX_SAMPLES = 5000
_MAX_TEXT = 200
_SUFFIXES = {
    Kind.COUNTER: frozenset({""}),
    Kind.GAUGE: frozenset({""}),
    Kind.HISTOGRAM: frozenset({"_bucket", "_count", "_sum"}),
}


def metrics_to_wire(daemon: str, families: Iterable[Family]) -> pb.DaemonMetrics:
    """The metrics of a daemon that is up, as a message."""
    return pb.DaemonMetrics(
        daemon=daemon,
        up=True,
        families=[
            pb.MetricFamily(
                name=family.name,
                kind=family.kind.value,
                about=family.about,
                samples=[
                    pb.MetricSample(
                        suffix=sample.suffix,
                        labels=[
                            pb.MetricLabel(name=name, value=_encodable(value))
                            for name, value in sample.labels
                        ],
                        value=sample.value,
                    )
                    for sample in family.samples
                ],
            )
            for family in families
        ],
    )


def metrics_from_wire(message: pb.DaemonMetrics) -> list[Family]:
    """A message as metrics.

    Raises:
        TooLarge: more than `MAX_FAMILIES` metrics or `MAX_SAMPLES` samples.
        InvalidInput: a name, a kind or a suffix that the text format does not have.
    """
    samples = sum(len(family.samples) for family in message.families)
    if len(message.families) > MAX_FAMILIES or samples > MAX_SAMPLES:
        raise TooLarge(
            f"{message.daemon[:40]!r} has {len(message.families)} metrics with {samples} samples; "
            f"the limits are {MAX_FAMILIES} and {MAX_SAMPLES}",
            hint="use labels with few values",
            code="metrics.too-many",
        )
    try:
        return [_family(family) for family in message.families]
    except ValueError as error:
        raise InvalidInput(
            f"the metrics of {message.daemon[:40]!r} cannot be used: {error}",
            hint="see services/proto/sotto/v1/metrics.proto",
            code="metrics.format",
        ) from error


def _family(message: pb.MetricFamily) -> Family:
    kind = Kind(message.kind)
    for sample in message.samples:
        if sample.suffix not in _SUFFIXES[kind]:
            raise ValueError(f"{message.name[:100]}{sample.suffix[:40]} is no sample of a {kind}")
    return Family(
        message.name,
        kind,
        message.about[:_MAX_TEXT],
        tuple(
            Sample(
                sample.suffix,
                tuple((label.name, label.value[:_MAX_TEXT]) for label in sample.labels),
                sample.value,
            )
            for sample in message.samples
        ),
    )


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")

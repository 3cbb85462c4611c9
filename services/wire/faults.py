"""Between faults and the messages of the wire contract."""

from __future__ import annotations

from collections.abc import Iterable

from common.errors import InvalidInput
from common.faults import MAX_FAULTS, Fault, Faults, bounded
from services.proto.sotto.v1 import assistant_pb2 as pb

#: Daemons that report their faults to the assistant. It reads those of powerd from the system bus.
REPORTERS = ("connectord", "gatewayd", "remoted")


def fault_to_wire(fault: Fault, source: str = "") -> pb.Fault:
    """A fault as a message."""
    short = bounded(fault)
    return pb.Fault(
        code=short.code,
        message=short.message,
        hint=short.hint,
        effect=short.effect,
        file=short.file,
        key=short.key,
        source=source,
    )


def fault_from_wire(message: pb.Fault) -> Fault:
    """A message as a fault."""
    return bounded(
        Fault(message.code, message.message, message.hint, message.effect, message.file, message.key)
    )


def report_of(daemon: str, faults: Iterable[Fault]) -> pb.ReportFaultsRequest:
    """All faults of a daemon; those above `MAX_FAULTS` are left out."""
    return pb.ReportFaultsRequest(
        daemon=daemon, faults=[fault_to_wire(fault) for fault in list(faults)[:MAX_FAULTS]]
    )


def take_report(request: pb.ReportFaultsRequest, faults: Faults) -> None:
    """Keep the report of a daemon in `faults`.

    Raises:
        InvalidInput: no such daemon reports.
    """
    if request.daemon not in REPORTERS:
        raise InvalidInput(
            f"{request.daemon[:40]!r} is no daemon that reports faults",
            hint=f"known: {', '.join(REPORTERS)}",
            code="faults.daemon",
        )
    faults.report(request.daemon, map(fault_from_wire, request.faults[:MAX_FAULTS]))


def status_of(faults: Faults) -> pb.BoxStatusResponse:
    """All faults that there are now."""
    return pb.BoxStatusResponse(
        faults=[
            fault_to_wire(fault, source) for source, found in faults.by_source().items() for fault in found
        ]
    )

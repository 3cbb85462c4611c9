"""Pairing by the code, over gRPC. The gateway answers it itself; it needs no token."""

from __future__ import annotations

from collections.abc import Callable

from services.gatewayd import pairing_calls
from services.gatewayd.gateway import Gateway
from services.proto.sotto.v1 import gateway_pb2 as gw

#: From a message, which can be read, and the address of its caller ("" for none) to the answer.
Answer = Callable[[bytes, str], bytes]

_SERVICE = gw.DESCRIPTOR.services_by_name["Pairing"]
_START, _CONFIRM = (f"/{_SERVICE.full_name}/{name}" for name in ("Start", "Confirm"))
#: The methods, by their paths.
PAIRING = frozenset((_START, _CONFIRM))


def pairing_answers(gateway: Gateway) -> dict[str, Answer]:
    """What answers each method; it raises what `pairing_calls` raises."""

    def start(message: bytes, address: str) -> bytes:
        request = gw.PairStartRequest.FromString(message)
        return pairing_calls.start(gateway, request, address).SerializeToString()

    def confirm(message: bytes, _address: str) -> bytes:
        return pairing_calls.confirm(gateway, gw.PairConfirmRequest.FromString(message)).SerializeToString()

    return {_START: start, _CONFIRM: confirm}

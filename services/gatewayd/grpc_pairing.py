"""Pairing by the code, over gRPC. The gateway answers it itself; it needs no token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from common.errors import SottoError
from services.gatewayd import pairing_calls
from services.gatewayd.gateway import Gateway
from services.gatewayd.tls_pipe import address_of
from services.proto.sotto.v1 import gateway_pb2 as gw
from services.wire.status import status_of

_SERVICE = gw.DESCRIPTOR.services_by_name["Pairing"].full_name
_Request = TypeVar("_Request", bound=Message)


def pairing_service(gateway: Gateway) -> grpc.GenericRpcHandler:  # type: ignore[type-arg]  # generic in stubs only
    """The handlers of `sotto.v1.Pairing`."""

    def start(request: gw.PairStartRequest, context: Any) -> Message:
        return pairing_calls.start(gateway, request, address_of(context.peer()))

    def confirm(request: gw.PairConfirmRequest, _context: Any) -> Message:
        return pairing_calls.confirm(gateway, request)

    return grpc.method_handlers_generic_handler(
        _SERVICE,
        {"Start": _handler(gw.PairStartRequest, start), "Confirm": _handler(gw.PairConfirmRequest, confirm)},
    )


def _handler(
    kind: type[_Request], work: Callable[[_Request, Any], Message]
) -> grpc.RpcMethodHandler[Any, Any]:
    async def answer(request: _Request, context: Any) -> Message:
        try:
            return work(request, context)
        except SottoError as error:
            code, message, details = status_of(error)
            await context.abort(code, message, (("grpc-status-details-bin", details),))
            raise AssertionError("an aborted call goes no further") from error

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=kind.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )

"""The one place where typed errors become gRPC statuses, and back."""

from __future__ import annotations

from typing import cast

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from common.errors import ErrorKind, SottoError
from common.metrics import Counter
from services.proto.sotto.v1 import assistant_pb2 as pb

_CODES: dict[ErrorKind, int] = {
    ErrorKind.INVALID: code_pb2.INVALID_ARGUMENT,
    ErrorKind.NOT_FOUND: code_pb2.NOT_FOUND,
    ErrorKind.TOO_LARGE: code_pb2.OUT_OF_RANGE,
    ErrorKind.UNAVAILABLE: code_pb2.UNAVAILABLE,
    ErrorKind.CONFLICT: code_pb2.ALREADY_EXISTS,
    ErrorKind.PRECONDITION: code_pb2.FAILED_PRECONDITION,
    ErrorKind.STORAGE: code_pb2.RESOURCE_EXHAUSTED,
    ErrorKind.UNAUTHENTICATED: code_pb2.UNAUTHENTICATED,
    ErrorKind.DENIED: code_pb2.PERMISSION_DENIED,
    ErrorKind.INTERNAL: code_pb2.INTERNAL,
}
_MAX_TEXT = 500
ERRORS = Counter("sotto_rpc_errors_total", "gRPC calls that ended with an error, by its code", ("code",))
_KINDS = {code: kind for kind, code in _CODES.items()}


class RemoteError(SottoError):
    """An error that the daemon reported; carries the daemon's code, hint and kind."""

    def __init__(self, message: str, *, hint: str, code: str, kind: ErrorKind) -> None:
        super().__init__(message, hint=hint, code=code)
        self.kind = kind


def abort(context: grpc.ServicerContext, error: SottoError) -> None:
    """End the call with the status that belongs to `error`; code and hint travel in the details."""
    ERRORS.inc(error.code)
    context.abort_with_status(rpc_status.to_status(_status(error)))


def status_of(error: SottoError) -> tuple[grpc.StatusCode, str, bytes]:
    """Code, message and serialised details of an error, for servers that have no `abort_with_status`."""
    status = _status(error)
    return rpc_status.to_status(status).code, status.message, status.SerializeToString()


def _status(error: SottoError) -> status_pb2.Status:
    detail = any_pb2.Any()
    # Details travel as metadata, of which gRPC allows 16 kB; messages may quote what the client sent.
    detail.Pack(pb.ErrorDetail(code=error.code, hint=_short(error.hint)))
    return status_pb2.Status(code=_CODES[error.kind], message=_short(error.message), details=[detail])


def _short(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."


def from_rpc(error: grpc.RpcError) -> RemoteError:
    """The typed error inside a failed call."""
    # The errors that calls raise are calls themselves, which the stubs do not say.
    call = cast(grpc.Call, error)
    status = rpc_status.from_call(call)
    if status is not None:
        detail = pb.ErrorDetail()
        for packed in status.details:
            packed.Unpack(detail)
        return RemoteError(
            status.message,
            hint=detail.hint,
            code=detail.code or "remote",
            kind=_KINDS.get(status.code, ErrorKind.INTERNAL),
        )
    if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return RemoteError(
            f"the assistant refused the call: {call.details()}",
            hint="send less at once",
            code="daemon.refused",
            kind=ErrorKind.TOO_LARGE,
        )
    if call.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return RemoteError(
            "the assistant went away during the call",
            hint="is assistantd still running?",
            code="daemon.gone",
            kind=ErrorKind.UNAVAILABLE,
        )
    return RemoteError(call.details() or str(error), hint="", code="remote", kind=ErrorKind.INTERNAL)

"""Typed errors as HTTP answers."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from common.errors import ErrorKind, InvalidInput, SottoError
from services.gatewayd.wire_json import to_line
from services.inbound import memory
from services.proto.sotto.v1 import gateway_pb2 as gw

STATUS: dict[ErrorKind, int] = {
    ErrorKind.INVALID: 400,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.DENIED: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.PRECONDITION: 412,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.STORAGE: 507,
    ErrorKind.INTERNAL: 500,
}


#: Errors with a status of their own instead of that of their kind.
_STATUS_OF_CODE = {"pairing.wait": 429, "access.host": 421, "access.share": 429, memory.SHARE: 429}
#: Seconds until a refused caller may try again, by the code of the error.
_RETRY_S = {memory.SHARE: memory.RETRY_S, memory.FULL: memory.RETRY_S}


def status_of(error: SottoError) -> int:
    """The status of an error."""
    return _STATUS_OF_CODE.get(error.code, STATUS[error.kind])


def error_message(error: SottoError) -> gw.Error:
    """An error as a message of the contract."""
    return gw.Error(code=error.code, message=_text(error.message), hint=_text(error.hint))


class WrongParameter(InvalidInput):
    """A parameter of OpenAI's interface has a value that cannot be used.

    Args:
        parameter: its name.
        message: what is wrong; begins with the name.
        hint: what to do.
        code: as of every error.
    """

    def __init__(self, parameter: str, message: str, *, hint: str, code: str) -> None:
        super().__init__(message, hint=hint, code=code)
        self.parameter = parameter


def error_answer(error: SottoError) -> Response:
    """An error as an HTTP answer; also to the handshake of a WebSocket."""
    line = to_line(error_message(error))
    return Response(line, status_of(error), _headers(error), media_type="application/json")


def openai_error_answer(error: SottoError) -> Response:
    """An error in the form that clients of OpenAI's interface expect."""
    status = status_of(error)
    kind = "server_error" if status >= 500 else "invalid_request_error"
    text = _text(f"{error.message}. {error.hint}" if error.hint else error.message)
    parameter = error.parameter if isinstance(error, WrongParameter) else None
    body = {"error": {"message": text, "type": kind, "param": parameter, "code": error.code}}
    return JSONResponse(body, status, _headers(error))


def _headers(error: SottoError) -> dict[str, str]:
    if error.kind is ErrorKind.UNAUTHENTICATED:
        return {"WWW-Authenticate": 'Bearer realm="sotto"'}
    return {"Retry-After": str(_RETRY_S[error.code])} if error.code in _RETRY_S else {}


def _text(text: str) -> str:
    """`text` without lone surrogates: a JSON body may have them, a protobuf string may not."""
    return text.encode("utf-8", "replace").decode("utf-8")

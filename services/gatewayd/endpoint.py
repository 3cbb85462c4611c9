"""One endpoint of the REST interface: path, scope, request and answer.

Routes and the OpenAPI description are both made from these, so they cannot differ.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.errors import InvalidInput, SottoError
from services.gatewayd.access import allow
from services.gatewayd.bodies import read_body
from services.gatewayd.gateway import Gateway
from services.gatewayd.http_errors import error_answer
from services.gatewayd.shares import holding
from services.gatewayd.tokens import Scope
from services.gatewayd.wire_json import from_body, to_line
from services.inbound.memory import Holding

log = logging.getLogger(__name__)

_Body = TypeVar("_Body")

JSON = "application/json"
#: One JSON object a line.
LINES = "application/x-ndjson"
EVENTS = "text/event-stream"
#: Content types of sound files. The assistant looks at the bytes, not at the type.
SOUNDS = ("audio/wav", "audio/flac", "audio/ogg", "audio/mpeg", "audio/pcm", "application/octet-stream")


@dataclass(frozen=True)
class Call(Generic[_Body]):
    """One request whose caller was checked and whose body was read.

    Attributes:
        gateway: everything the handler may use.
        request: path and query parameters.
        body: the message of `takes`, the bytes of a sound, or None.
    """

    gateway: Gateway
    request: Request
    body: _Body


Handler = Callable[[Call[Any]], Awaitable[Response]]


@dataclass(frozen=True)
class Parameter:
    """A parameter in the query or the path; `schema` as in OpenAPI."""

    name: str
    about: str
    schema: dict[str, object]
    place: str = "query"


@dataclass(frozen=True)
class Endpoint:
    """See the module. All fields but the first four have a default.

    More than twelve attributes: a row of a table, in which each states one thing of the OpenAPI description.

    Attributes:
        method, path: of HTTP; the path may have {parameters} of Starlette.
        handler: gives the answer.
        summary: one line for people.
        scope: the scope that a token needs; None for any token.
        takes: the message in the body; None for no body or a sound alone.
        ignore_unknown: ignore fields that `takes` does not have.
        sound: the body is a sound file, of one of `sound_types`; with `takes`, it may be one.
        gives: the message of the answer, or of each line of it.
        media: content types of the answer.
        parameters: in path and query.
        status: of success.
        open: needs no token.
        errors: statuses of errors that not every endpoint has.
        failure: makes the answer of an error.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    scope: Scope | None = None
    takes: type[Message] | None = None
    ignore_unknown: bool = False
    sound: bool = False
    sound_types: tuple[str, ...] = SOUNDS
    gives: type[Message] | None = None
    media: tuple[str, ...] = (JSON,)
    parameters: tuple[Parameter, ...] = ()
    status: int = 200
    open: bool = False
    errors: tuple[int, ...] = ()
    failure: Callable[[SottoError], Response] = error_answer

    @property
    def described(self) -> str:
        """The path as OpenAPI writes it, without Starlette's converters."""
        return self.path.replace(":path}", "}")

    def route(self, gateway: Gateway) -> Route:
        """The route. A typed error becomes its answer, any other error a 500."""

        async def answer(request: Request) -> Response:
            try:
                caller = request.state.caller
                if not self.open:
                    allow(caller, self.scope)
                with holding(gateway, request.scope) as held:
                    body = await self._body(request, gateway, held)
                    return await self.handler(Call(gateway, request, body))
            except SottoError as error:
                return self.failure(error)
            except Exception:
                log.exception("%s %s failed", self.method, self.path)
                return self.failure(SottoError("the gateway failed", hint="its log says why"))

        return Route(self.path, answer, methods=[self.method], name=f"{self.method} {self.path}")

    async def _body(self, request: Request, gateway: Gateway, held: Holding) -> Message | bytes | None:
        limits = gateway.settings.limits
        if self.sound and (self.takes is None or is_sound(request)):
            return await read_body(request, limits.audio_bytes, limits, held)
        if self.takes is None:
            return None
        body = await read_body(request, limits.json_bytes, limits, held)
        return from_body(body, self.takes(), ignore_unknown=self.ignore_unknown)


def is_sound(request: Request) -> bool:
    """Whether the content type of the body is that of a sound."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind in SOUNDS or kind.startswith("audio/")


def message_answer(message: Message, status: int = 200) -> Response:
    """A message as the whole answer."""
    return Response(to_line(message), status, media_type=JSON)


def whole_number(request: Request, name: str, default: int, low: int, high: int) -> int:
    """A whole number from the query.

    Raises:
        InvalidInput: it is no number, or out of range.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and low <= int(text) <= high):
        raise InvalidInput(
            f"{name}={text[:20]!r} is not a number from {low} to {high}",
            hint="/openapi.json describes every parameter",
            code="query.number",
        )
    return int(text)


def yes_or_no(request: Request, name: str) -> bool:
    """A switch from the query; off when it is absent.

    Raises:
        InvalidInput: neither "true" nor "false".
    """
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise InvalidInput(
            f"{name}={text[:20]!r} is neither true nor false",
            hint="/openapi.json describes every parameter",
            code="query.switch",
        )
    return text == "true"

"""Authentication and authorisation of callers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from common.errors import Denied, SottoError, Unauthenticated
from common.metrics import Counter
from services.gatewayd import tokens
from services.gatewayd.http_errors import error_answer
from services.gatewayd.tokens import Token, TokenStore
from services.inbound.addresses import parse_address
from services.inbound.http import LINE

#: The caller on the gateway's Unix socket: the rights of its folder say who may connect.
LOCAL = Token("this machine", frozenset(tokens.Scope), 0.0)
REFUSED = Counter(
    "sotto_callers_refused_total",
    "Calls without a token that is good for them, or for another site, by the error",
    ("code",),
)


@dataclass(frozen=True)
class Gatekeeper:
    """Identifies callers by their tokens.

    Attributes:
        store: the tokens.
        trust_loopback: whether programs on this machine need none.
        now: seconds since the epoch.
    """

    store: TokenStore
    trust_loopback: bool = False
    now: Callable[[], float] = time.time

    def caller(self, authorization: str, address: str) -> Token:
        """The caller of a request.

        Args:
            authorization: the header or metadata of that name; "" for none.
            address: where the call comes from.

        Raises:
            Unauthenticated: no token, a wrong one, or one that has expired.
        """
        if not authorization and self.trust_loopback and is_loopback(address):
            return LOCAL
        kind, _, secret = authorization.partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise Unauthenticated(
                "this needs a token",
                hint="pair first (`sotto pair` tells how), then send 'Authorization: Bearer TOKEN'",
                code="access.no-token",
            )
        token = self.store.find(secret.strip())
        if token is None:
            raise Unauthenticated(
                "the token is not known here: it is wrong, or was revoked",
                hint="pair again",
                code="access.token",
            )
        if not token.holds(self.now()):
            raise expired(token)
        return token


def expired(token: Token) -> Unauthenticated:
    """The error for a token that has expired."""
    return Unauthenticated(
        f"the token of {token.name!r} has expired", hint="pair again", code="access.expired"
    )


def allow(caller: Token, scope: tokens.Scope | None) -> None:
    """Check that the token of `caller` has `scope`; None stands for any token.

    Raises:
        Denied: it has not.
    """
    if scope is not None and not caller.may(scope):
        REFUSED.inc("access.scope")
        raise Denied(
            f"the token of {caller.name!r} is not for {scope.value!r}",
            hint=f"pair with the scope {scope.value!r}",
            code="access.scope",
        )


class Access:
    """ASGI middleware: every request needs a token, except on some paths.

    Args:
        app: what is behind; finds the caller in `scope["state"]["caller"]`.
        keeper: identifies callers.
        open_paths: paths that need no token.
        local: the app serves the Unix socket, and every caller is `LOCAL`.
    """

    def __init__(
        self, app: ASGIApp, keeper: Gatekeeper, open_paths: frozenset[str], *, local: bool = False
    ) -> None:
        self._app = app
        self._open_paths = open_paths
        self._keeper = keeper
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] in ("http", "websocket"):
            try:
                caller = self._caller(scope)
            except SottoError as error:
                if scope["path"] not in self._open_paths:
                    REFUSED.inc(error.code)
                    await error_answer(error)(scope, receive, send)
                    return
                caller = None
            state = scope.setdefault("state", {})
            state["caller"] = caller
            if caller is not None and (line := state.get(LINE)) is not None:
                line.vouch()
        await self._app(scope, receive, send)

    def _caller(self, scope: Scope) -> Token:
        if self._local:
            return LOCAL
        address = (scope.get("client") or ("", 0))[0]
        return self._keeper.caller(Headers(scope=scope).get("authorization", ""), str(address))


def is_loopback(address: str) -> bool:
    """Whether an address is a loopback address; False for what is no address."""
    try:
        return parse_address(address).is_loopback
    except ValueError:
        return False

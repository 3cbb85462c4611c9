"""Which names of the box a request may use, and which web sites may send one from a browser.

A browser calls any address that a page names. Without these checks a page from elsewhere could call the box
under a name of its own whose address it changes to that of the box ("DNS rebinding"), or directly.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from common.errors import Denied, InvalidInput, SottoError
from services.gatewayd.access import REFUSED
from services.gatewayd.http_errors import error_answer
from services.inbound.addresses import parse_address

#: The header Host: a name or an address, and perhaps a port.
_HOST = re.compile(r"(\[[^][@/?#\s]+\]|[^][:@/?#\s]+)(:[0-9]*)?")
#: Values of Sec-Fetch-Site for requests that no page of another site caused.
_OWN_FETCHES = ("", "same-origin", "none")


@dataclass(frozen=True)
class Sites:
    """Names and origins that are accepted.

    Attributes:
        own_names: gives names of the box in lower case; asked for at each request, because a name can change.
        origins: other web sites, as browsers name them in the header Origin.
    """

    own_names: Callable[[], frozenset[str]]
    origins: frozenset[str] = frozenset()

    def check(self, headers: Headers, scheme: str) -> None:
        """Return if a request may be answered.

        Any address is accepted as the name of the box: a page whose own host is an address was not found by
        a name, so nobody can lead its name elsewhere.

        Args:
            headers: of the request.
            scheme: "http" or "https".

        Raises:
            InvalidInput: it names no host, or one that is not the box.
            Denied: a browser sent it for a page of another site.
        """
        host = headers.get("host", "")
        if not self._is_own(host):
            raise InvalidInput(
                f"{host[:100]!r} is no name of this box" if host else "the request names no host",
                hint="use the box's address or host name, or add the name to `names` in gateway.toml",
                code="access.host",
            )
        origin = headers.get("origin", "")
        if origin:
            if origin.lower() not in self.origins and origin.lower() != f"{scheme}://{host.lower()}":
                raise _foreign(origin)
        elif (
            headers.get("sec-fetch-site", "") not in _OWN_FETCHES
            and headers.get("sec-fetch-mode") != "navigate"
        ):
            raise _foreign("another site")

    def _is_own(self, host: str) -> bool:
        parts = _HOST.fullmatch(host.lower())
        if parts is None:
            return False
        name = parts[1].strip("[]").rstrip(".")
        if name in self.own_names():
            return True
        try:
            parse_address(name)
        except ValueError:
            return False
        return True


def _foreign(origin: str) -> Denied:
    return Denied(
        f"a page of {origin[:100]!r} may not call this box",
        hint="add the site to `origins` in gateway.toml if you trust it",
        code="access.origin",
    )


def names_of_box(extra: tuple[str, ...]) -> Callable[[], frozenset[str]]:
    """What gives the names of this machine: its host name, also in .local, localhost, and `extra`."""
    others = frozenset(name.lower().rstrip(".") for name in extra)

    def names() -> frozenset[str]:
        host = socket.gethostname().lower()
        short = host.split(".")[0]
        return others | {host, short, f"{short}.local", "localhost"}

    return names


class SiteCheck:
    """ASGI middleware: refuses requests under another name, or of a page of another site.

    Args:
        app: what is behind.
        sites: what is accepted.
    """

    def __init__(self, app: ASGIApp, sites: Sites) -> None:
        self._app = app
        self._sites = sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] in ("http", "websocket"):
            # A WebSocket's scheme is "ws" or "wss"; browsers name the page's own in Origin.
            scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
            try:
                self._sites.check(Headers(scope=scope), scheme)
            except SottoError as error:
                REFUSED.inc(error.code)
                await error_answer(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

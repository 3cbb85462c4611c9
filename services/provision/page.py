"""The set-up page: one form, served only in the box's own network, while that is open.

It runs without rights: it can neither read the set-up file nor control anything. It writes the form to a
file, which root checks again (`services.provision.submission`). The network has a password that the box
speaks, so only somebody in the room reaches the page. A token in the form keeps other web sites from sending
one.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import sys
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from assistant.models.catalogue import WAKE_WORDS
from common.errors import SottoError
from common.files import read_bounded, write_whole
from services.inbound.admission import Admission, Shares
from services.inbound.http import http_protocol
from services.inbound.lines import BACKLOG, Door, Listener, listen
from services.provision.config import Problem, read_table, to_toml
from services.provision.form import FIELDS, FORM, OTHER_SSID, STYLE, Page, form_page, plain_page, thanks_page
from services.provision.keys import ANY_WORD, Setup
from services.provision.places import Places
from services.provision.submission import FORM_LIMIT

log = logging.getLogger(__name__)

#: Seconds that a phone may take to send the form.
_BODY_S = 15.0
#: Seconds for the head of a request.
_HEAD_S = 10.0
#: Connections at once.
_PLACES = 32
_MAX_FIELDS = 20
_FACTS_LIMIT = 64 * 1024
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Refused(Exception):
    """A request that is refused.

    Args:
        status: of HTTP.
        text: what to say.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True)
class Site:
    """The page, and where it writes the form.

    Attributes:
        page: what the form shows.
        folder: only this process writes there.
        token: part of the form; a request without it does not come from this page.
    """

    page: Page
    folder: Path
    token: str

    async def answer(self, request: Request) -> Response:
        """Answer any request; other paths lead to the page, because phones look for a log-in page."""
        try:
            response = await self._answer(request)
        except Refused as refused:
            response = HTMLResponse(plain_page("That did not work", refused.text), refused.status)
        except ClientDisconnect:
            response = Response(status_code=400)
        response.headers.update(_HEADERS)
        return response

    async def _answer(self, request: Request) -> Response:
        here = request.headers.get("host", "").removesuffix(":80") == self.page.address
        if request.method == "POST":
            if not here or request.url.path != "/":
                raise Refused(403, "The form belongs to another page.")
            return await self._take(request)
        if not here or request.url.path not in ("/", "/style.css"):
            return RedirectResponse(f"http://{self.page.address}/", 302)
        if request.url.path == "/style.css":
            return PlainTextResponse(STYLE, media_type="text/css")
        self._used()
        return HTMLResponse(form_page(self.page, self.token, self.page.values))

    async def _take(self, request: Request) -> Response:
        form = await _form(request)
        if not hmac.compare_digest(form.pop("token", "").encode("utf-8", "replace"), self.token.encode()):
            raise Refused(
                403, "The form is out of date. Go back, load the page again, and send it once more."
            )
        self._used()
        setup, problems = setup_from(self.page, form)
        if problems:
            return HTMLResponse(form_page(self.page, self.token, form, problems), 422)
        try:
            write_whole(self.folder / "submitted.toml", to_toml(setup).encode(), 0o600)
        except SottoError as error:
            log.error("%s", error)
            raise Refused(503, "The box could not keep this. Try again in a minute.") from error
        return HTMLResponse(thanks_page(setup.wifi.ssid or ""))

    def _used(self) -> None:
        try:
            (self.folder / "used").touch()
        except OSError as error:
            log.warning("%s", error)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, bounded in size, number and time."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused(415, "This is not the form of this page.")
    body = b""
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > FORM_LIMIT:
                    raise Refused(413, "That is too much text.")
    except TimeoutError:
        raise Refused(408, "That took too long. Try again.") from None
    try:
        text = body.decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"))
    except ValueError:
        raise Refused(400, "This is not the form of this page.") from None


def setup_from(page: Page, form: Mapping[str, str]) -> tuple[Setup, tuple[Problem, ...]]:
    """The set-up that a form asks for, checked exactly as `sotto.toml` is; empty fields are left out."""
    table: dict[str, Any] = {}
    # The network that was typed in comes last, and so counts before the one of the list.
    for name, place in FIELDS.items():
        value = form.get(name, "")
        if value.strip():
            section, _, key = place.rpartition(".")
            (table.setdefault(section, {}) if section else table)[key] = value
    if table.get("wake_word") == ANY_WORD:
        table["wake_word"] = list(WAKE_WORDS)
    if form.get(OTHER_SSID, "").strip():
        # This network may not announce its name; to ask for it by name does no harm.
        table["wifi"]["hidden"] = True
    report = read_table(table)
    problems = list(report.problems)
    wifi_said = report.setup.wifi
    # A network that was set before keeps its password, which the page does not know.
    new = wifi_said.ssid != page.values.get("ssid")
    if new and not wifi_said.password and dict(page.networks).get(wifi_said.ssid or "") and not problems:
        problems.append(
            Problem(
                "wifi.password",
                "the Wi-Fi password is missing",
                "This network wants a password",
                "type the one that other devices of the house use",
            )
        )
    return report.setup, tuple(problems)


def page_from(data: bytes) -> Page:
    """The page from the facts that root wrote.

    Raises:
        ValueError, KeyError, TypeError: it is damaged.
    """
    facts = json.loads(data)
    words = facts["wake_word"] or list(WAKE_WORDS)
    # Several words, but not all, are no choice of the form; the empty choice keeps them.
    several = ANY_WORD if set(words) == set(WAKE_WORDS) else ""
    zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and "Etc/" not in zone)
    values = {name: str(facts.get(name, "")) for name, form in FORM.items() if form.prefilled}
    return Page(
        address=str(facts["address"]),
        networks=[(str(seen["ssid"]), bool(seen["secured"])) for seen in facts["networks"]],
        values={
            **values,
            "timezone": values["timezone"] or "UTC",
            "wake_word": words[0] if len(words) == 1 else several,
        },
        zones=["UTC", *zones],
        failure=str(facts["failure"]),
    )


def application(site: Site) -> Starlette:
    """The page as an ASGI application; every path leads to it."""
    methods = ["GET", "HEAD", "POST"]
    return Starlette(routes=[Route("/{path:path}", site.answer, methods=methods)])


def listener_for(site: Site, port: int) -> Listener:
    """A socket on the address of the own network only. Nobody has a token there; one phone has a few places.

    Raises:
        OSError: it cannot be bound.
    """
    shares = Shares(_PLACES, strangers=_PLACES, stranger=_PLACES // 4, known=0)
    return listen(site.page.address, port, Door(Admission(shares, lambda _address: False)))


def server_for(site: Site, door: Door) -> uvicorn.Server:
    """The web server, for connections that have a place."""
    return uvicorn.Server(
        uvicorn.Config(
            application(site),
            # Strangers could fill the log with warnings of invalid requests.
            log_level="error",
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=3,
            http=http_protocol(_HEAD_S, _BODY_S, door),
            loop="asyncio",
            ws="none",
            lifespan="off",
            proxy_headers=False,
        )
    )


def main() -> int:
    """Entry point; serves until it is stopped."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    places = Places()
    try:
        data = read_bounded(places.setup_run / "page.json", _FACTS_LIMIT)
        if data is None:
            print("sotto-setup-page: there is nothing to show; sotto-setup starts this", file=sys.stderr)
            return 3
        page = page_from(data)
    except (SottoError, ValueError, KeyError, TypeError) as error:
        print(f"sotto-setup-page: {error}", file=sys.stderr)
        return 2
    site = Site(page, places.page_run, secrets.token_urlsafe(16))
    try:
        listener = listener_for(site, 80)
    except OSError as error:
        print(f"sotto-setup-page: port 80 on {page.address}: {error}", file=sys.stderr)
        return 1
    server_for(site, listener.door).run([listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The description of the interface, for programs and for people.

It is made from the endpoints and says nothing about this box. It needs no token, because it also describes
how to pair.
"""

from __future__ import annotations

from starlette.responses import HTMLResponse, JSONResponse, Response

from services.gatewayd.docs_page import page_of
from services.gatewayd.endpoint import Call, Endpoint
from services.gatewayd.openapi import describe

#: The page has no scripts and fetches nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def with_description(endpoints: tuple[Endpoint, ...], version: str) -> tuple[Endpoint, ...]:
    """`endpoints`, and two more that describe all of them.

    Args:
        endpoints: all other endpoints.
        version: of the interface.
    """

    async def openapi(_call: Call[None]) -> Response:
        return JSONResponse(document)

    async def docs(_call: Call[None]) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})

    everything = (
        *endpoints,
        Endpoint("GET", "/openapi.json", openapi, "This description, OpenAPI 3.1", open=True),
        Endpoint("GET", "/docs", docs, "This description as a page to read", media=("text/html",), open=True),
    )
    document = describe(everything, version)
    page = page_of(document)
    return everything

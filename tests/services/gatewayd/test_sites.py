"""Names of the box, and pages of other sites."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.datastructures import Headers

from common.errors import SottoError
from services.gatewayd.sites import Sites, names_of_box
from tests.services.gatewayd.conftest import Gate

SITES = Sites(
    lambda: frozenset({"kitchen", "kitchen.local", "localhost", "box.example"}),
    frozenset({"https://panel.example"}),
)


def _code(**headers: str) -> str:
    """The code of the refusal of a request with these headers; "" if it is answered."""
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    try:
        SITES.check(named, "https")
    except SottoError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    "host",
    [
        "kitchen",
        "kitchen.local",
        "Kitchen.Local.",
        "kitchen.local:8443",
        "box.example",
        "localhost:8443",
        "192.168.1.20",
        "192.168.1.20:8443",
        "[fe80::1]:8443",
        "[::1]",
        "[fe80::1%25eth0]:8443",
    ],
)
def test_a_name_of_the_box_is_answered(host: str) -> None:
    assert _code(host=host) == ""


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "kitchen.evil.example",
        "kitchen.local.evil.example:8443",
        "192.168.1.20.evil.example",
        "localhost.evil.example",
        "evil.example@kitchen",
        "kitchen/evil.example",
        "[kitchen",
        "[kitchen.evil.example]",
        "300.1.1.1",
    ],
)
def test_another_name_is_not(host: str) -> None:
    assert _code(host=host) == "access.host"


@pytest.mark.parametrize("origin", ["https://kitchen:8443", "https://Panel.example", ""])
def test_the_own_site_and_those_of_the_settings_may_call(origin: str) -> None:
    assert _code(host="kitchen:8443", origin=origin) == ""


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://kitchen:8443", "https://kitchen", "https://panel.example.evil"],
)
def test_other_sites_may_not(origin: str) -> None:
    assert _code(host="kitchen:8443", origin=origin) == "access.origin"


def test_what_another_site_fetches_without_an_origin_is_refused_and_a_link_to_the_box_is_not() -> None:
    assert _code(host="kitchen", sec_fetch_site="cross-site", sec_fetch_mode="no-cors") == "access.origin"
    assert _code(host="kitchen", sec_fetch_site="cross-site", sec_fetch_mode="navigate") == ""
    assert _code(host="kitchen", sec_fetch_site="none", sec_fetch_mode="navigate") == ""


def test_names_of_this_machine() -> None:
    short = socket.gethostname().split(".")[0].lower()
    assert {short, f"{short}.local", "localhost", "box.example"} <= names_of_box(("Box.Example.",))()


@pytest.fixture
def trusting(own_gate: Gate) -> Iterator[Gate]:
    """A gateway that trusts this machine; its assistant is not there."""
    own_gate.box.state.mkdir(parents=True)
    own_gate.start(trust_loopback=True, names=["box.example"], origins=["https://panel.example"])
    yield own_gate
    assert own_gate.stop()[0] == 0


def test_a_page_in_a_browser_of_this_machine_asks_nothing(trusting: Gate) -> None:
    def asked(**headers: str) -> tuple[int, str]:
        with trusting.client() as client:
            answer: httpx.Response = client.get("/v1/turns", headers=headers)
        return answer.status_code, answer.json()["code"]

    assert asked() == (503, "daemon.gone")
    assert asked(host="box.example") == (503, "daemon.gone")
    assert asked(origin="https://panel.example") == (503, "daemon.gone")
    assert asked(host="rebound.example") == (421, "access.host")
    assert asked(origin="https://rebound.example") == (403, "access.origin")

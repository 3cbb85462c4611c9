"""The set-up page as a phone meets it."""

from __future__ import annotations

import json
import re
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from assistant.models import catalogue
from services.provision.config import read
from services.provision.form import FIELDS, Page, form_page
from services.provision.keys import ANY_WORD, Setup
from services.provision.page import Site, application, listener_for, page_from, server_for, setup_from
from services.provision.submission import FORM_LIMIT, overlay

WAKE_WORDS = tuple(catalogue.WAKE_WORDS)
PAGE = Page(
    address="10.42.0.1",
    networks=[("Home", True), ("Guests", False), ("<b>&", True)],
    values={"name": "Box", "ssid": "Before", "timezone": "UTC"},
    zones=["UTC", "Europe/Berlin"],
    failure='"Before": the password was not accepted',
)
GOOD = {
    "token": "secret",
    "name": "Kitchen",
    "timezone": "Europe/Berlin",
    "ssid": "Home",
    "password": "12345678",
}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    site = Site(PAGE, tmp_path, "secret")
    with TestClient(application(site), base_url="http://10.42.0.1", follow_redirects=False) as client:
        yield client


class _Form(HTMLParser):
    """Collects labels and the controls that they are for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.labels: list[str] = []
        self.controls: dict[str, dict[str, str | None]] = {}
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag == "label":
            self.labels.append(values["for"] or "")
        if tag in ("input", "select", "textarea") and values.get("type") != "hidden":
            self.controls[values["name"] or ""] = values


def test_every_field_has_a_label_and_no_script_is_needed(client: TestClient) -> None:
    form = _Form(client.get("/").text)
    assert set(form.controls) == set(FIELDS) == set(form.labels)
    assert all(values["id"] == name for name, values in form.controls.items())
    assert "script" not in form.tags


def test_the_form_shows_what_is_set_and_why_it_failed(client: TestClient) -> None:
    text = client.get("/").text
    assert 'value="Box"' in text
    assert "the password was not accepted" in text
    assert "&lt;b&gt;&amp;" in text
    assert "<b>&" not in text


def test_a_good_form_is_handed_over(client: TestClient, tmp_path: Path) -> None:
    answer = client.post("/", data=GOOD)
    assert answer.status_code == 200
    assert "Home" in answer.text
    path = tmp_path / "submitted.toml"
    setup = read(path.read_bytes()).setup
    assert (setup.name, setup.timezone, setup.wifi.ssid) == ("Kitchen", "Europe/Berlin", "Home")
    assert setup.wifi.password == "12345678"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"password": "short"}, "8 to 63"),
        ({"password": ""}, "wants a password"),
        ({"timezone": "Moon/Crater"}, "not known"),
        ({"ssid": "", "other_ssid": "x" * 33}, "33 bytes"),
        ({"ssid": "", "other_ssid": ""}, "no ssid"),
        ({"ssh_key": "nonsense"}, ".pub"),
        ({"country": "XX"}, "country"),
        ({"wake_word": "computer"}, "okay_nabu"),
    ],
)
def test_a_mistake_is_shown_and_nothing_is_handed_over(
    client: TestClient, tmp_path: Path, change: dict[str, str], says: str
) -> None:
    answer = client.post("/", data={**GOOD, **change})
    assert answer.status_code == 422
    assert says in answer.text
    assert 'role="alert"' in answer.text
    assert 'value="Kitchen"' in answer.text, "what was typed must not be lost"
    assert "12345678" not in answer.text, "a password is not sent back"
    assert not (tmp_path / "submitted.toml").exists()


@pytest.mark.parametrize(("ssid", "password"), [("Guests", ""), ("Before", "")])
def test_no_password_is_fine_where_none_is_needed(client: TestClient, ssid: str, password: str) -> None:
    assert client.post("/", data={**GOOD, "ssid": ssid, "password": password}).status_code == 200


def test_a_network_that_is_typed_in_may_be_hidden(tmp_path: Path) -> None:
    setup, problems = setup_from(PAGE, {"other_ssid": "Secret", "password": "12345678"})
    assert not problems
    assert setup.wifi.hidden


@pytest.mark.parametrize("token", ["", "wrong", "s\u00e9cret"])
def test_a_form_from_elsewhere_is_refused(client: TestClient, tmp_path: Path, token: str) -> None:
    assert client.post("/", data={**GOOD, "token": token}).status_code == 403
    assert not (tmp_path / "submitted.toml").exists()


def test_another_host_name_is_refused(client: TestClient) -> None:
    assert client.post("/", data=GOOD, headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("captive.apple.com", "/hotspot-detect.html"),
        ("www.msftconnecttest.com", "/connecttest.txt"),
        ("detectportal.firefox.com", "/canonical.html"),
        ("10.42.0.1", "/anything"),
    ],
)
def test_what_phones_ask_leads_to_the_page(client: TestClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"host": host})
    assert answer.status_code == 302
    assert answer.headers["location"] == "http://10.42.0.1/"


def test_too_much_text_is_refused(client: TestClient) -> None:
    assert client.post("/", data={**GOOD, "ssh_key": "x" * (FORM_LIMIT + 1)}).status_code == 413


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"a=1&" * 50, "application/x-www-form-urlencoded", 400),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
def test_what_is_no_form_is_refused(client: TestClient, body: bytes, kind: str, status: int) -> None:
    assert client.post("/", content=body, headers={"content-type": kind}).status_code == status


def test_nothing_is_kept_or_framed(client: TestClient) -> None:
    headers = client.get("/").headers
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_use_of_the_page_is_noted(client: TestClient, tmp_path: Path) -> None:
    client.get("/generate_204", headers={"host": "x"})
    assert not (tmp_path / "used").exists(), "a phone that only looks is no person at the page"
    client.get("/")
    assert (tmp_path / "used").exists()


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    site = Site(PAGE, tmp_path / "missing", "secret")
    with TestClient(application(site), base_url="http://10.42.0.1") as client:
        assert client.post("/", data=GOOD).status_code == 503


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*FIELDS, "token", "more"]), st.text(max_size=50)))
def test_no_form_breaks_the_page(client: TestClient, form: dict[str, str]) -> None:
    safe = {key: value.encode("utf-8", "replace").decode() for key, value in form.items()}
    assert client.post("/", data={**safe, "token": "secret"}).status_code in (200, 422)


FACTS = {
    "address": "10.42.0.1",
    "failure": "",
    "networks": [{"ssid": "Home", "signal": 80, "secured": True}],
    "name": "Box",
    "timezone": "Europe/Berlin",
    "wake_word": ["alexa"],
    "ssid": "Home",
    "country": "DE",
}


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ([], WAKE_WORDS),
        (list(WAKE_WORDS), WAKE_WORDS),
        (["alexa"], ("alexa",)),
        (["alexa", "okay_nabu"], None),
    ],
)
def test_a_form_that_is_sent_as_it_is_shown_changes_no_wake_word(
    words: list[str], sent: tuple[str, ...] | None
) -> None:
    page = page_from(json.dumps(FACTS | {"wake_word": words}).encode())
    _, _, select = form_page(page, "secret", page.values).partition('<select id="wake_word"')
    options = re.findall(r'<option value="(\w*)"( selected)?', select.partition("</select>")[0])
    # As a browser does: what is selected, else the first.
    shown = next((value for value, selected in options if selected), options[0][0])
    assert setup_from(page, {"wake_word": shown})[0].wake_word == sent


def test_any_word_undoes_a_single_one(client: TestClient, tmp_path: Path) -> None:
    client.post("/", data={**GOOD, "wake_word": ANY_WORD})
    setup = read((tmp_path / "submitted.toml").read_bytes()).setup
    assert overlay(Setup(wake_word=("alexa",)), setup).wake_word == WAKE_WORDS


def test_what_root_wrote_is_shown() -> None:
    page = page_from(json.dumps(FACTS).encode())
    assert page.networks == [("Home", True)]
    assert page.values["wake_word"] == "alexa"
    assert "Europe/Berlin" in page.zones


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The page on a real socket."""
    site = Site(replace(PAGE, address="127.0.0.1"), tmp_path, "secret")
    listener = listener_for(site, 0)
    number: int = listener.getsockname()[1]
    server = server_for(site, listener.door)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
        assert thread.is_alive()
    yield number
    server.should_exit = True
    thread.join(10)


def _exchange(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        return connection.recv(65536)


def test_a_real_browser_is_answered(port: int) -> None:
    answer = _exchange(port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"server:" not in answer.lower()


def test_endless_headers_are_refused(port: int) -> None:
    assert _exchange(port, b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000).startswith(b"HTTP/1.1 400")


def test_a_crowd_of_one_phone_leaves_room_for_another(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            with suppress(OSError):  # one too many is cut off
                line = socket.create_connection(("127.0.0.1", port), 10, source_address=("127.0.0.2", 0))
                stack.enter_context(line)
        test_a_real_browser_is_answered(port)


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Content-Length: 0\r\nContent-Length: 0"]
)
def test_a_request_that_says_twice_where_it_ends_is_refused(port: int, framing: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + framing + b"\r\n\r\n0\r\n\r\n"
    assert _exchange(port, head).startswith(b"HTTP/1.1 400")

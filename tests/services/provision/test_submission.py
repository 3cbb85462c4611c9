"""From the page to the set-up file: what is taken over, what is kept, what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.provision.config import read, to_toml
from services.provision.keys import Access, HubSection, Setup, Wifi
from services.provision.places import Places
from services.provision.submission import adopt, overlay
from services.provision.text_file import LIMIT_BYTES
from tests.services.provision.test_config import ED25519


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places(tmp_path)
    places.esp.mkdir()
    places.page_run.mkdir(parents=True)
    return places


def _in_file(places: Places) -> Setup:
    report = read(places.setup_file.read_bytes())
    assert report.problems == ()
    return report.setup


def test_a_form_becomes_the_set_up_file(places: Places) -> None:
    form = Setup(name="Kitchen", timezone="Europe/Berlin", wifi=Wifi("net", 'pass"\\word'))
    places.submitted.write_text(to_toml(form))
    assert adopt(places, Setup()) == []
    assert _in_file(places) == form
    assert not places.submitted.exists()


def test_what_the_page_does_not_ask_stays_and_the_old_file_is_kept(places: Places) -> None:
    places.setup_file.write_text('# mine\nname = "Old"\n[hub]\naddress = "10.0.0.2"\n')
    places.submitted.write_text('[wifi]\nssid = "net"\n')
    adopt(places, Setup())
    assert _in_file(places) == Setup(name="Old", wifi=Wifi("net"), hub=HubSection("10.0.0.2"))
    assert "# mine" in places.setup_file.with_name("sotto.toml.old").read_text()


def test_a_broken_set_up_file_gives_way_to_what_held_before(places: Places) -> None:
    places.setup_file.write_text("name = ")
    places.submitted.write_text('[wifi]\nssid = "net"\n')
    adopt(places, Setup(hub=HubSection("10.0.0.2")))
    assert _in_file(places).hub.address == "10.0.0.2"


@pytest.mark.parametrize(
    "content", ["name = ", 'timezone = "x"', "[wifi]\npassword = 5", "x" * (LIMIT_BYTES + 1)]
)
def test_a_bad_form_changes_nothing_and_does_not_come_again(places: Places, content: str) -> None:
    places.setup_file.write_text('name = "Old"\n')
    places.submitted.write_text(content)
    assert adopt(places, Setup())
    assert places.setup_file.read_text() == 'name = "Old"\n'
    assert not places.submitted.exists()


def test_a_link_in_place_of_the_form_is_not_followed(places: Places, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('name = "secret"\n')
    places.submitted.symlink_to(secret)
    assert adopt(places, Setup())
    assert not places.setup_file.exists()
    assert secret.exists()


def test_a_pipe_in_place_of_the_form_holds_nothing_up(places: Places) -> None:
    os.mkfifo(places.submitted)
    assert adopt(places, Setup())
    assert not places.submitted.exists()


def test_the_same_network_without_a_password_keeps_it() -> None:
    present = Setup(wifi=Wifi("net", "12345678", "DE"))
    assert overlay(present, Setup(wifi=Wifi("net"))).wifi == Wifi("net", "12345678", "DE")
    assert overlay(present, Setup(wifi=Wifi("other"))).wifi == Wifi("other", None, "DE")


def test_the_same_network_stays_hidden() -> None:
    present = Setup(wifi=Wifi("net", "12345678", hidden=True))
    assert overlay(present, Setup(wifi=Wifi("net", "new password"))).wifi == Wifi(
        "net", "new password", hidden=True
    )
    assert overlay(present, Setup(wifi=Wifi("other"))).wifi == Wifi("other")


def test_a_key_does_not_open_ports_that_were_closed() -> None:
    present = Setup(access=Access(api=False))
    assert overlay(present, Setup(access=Access((ED25519,)))).access == Access((ED25519,), api=False)


@given(st.booleans(), st.booleans())
def test_an_empty_form_changes_nothing(with_wifi: bool, with_keys: bool) -> None:
    present = Setup(
        name="a",
        wifi=Wifi("net", "12345678", "DE", True) if with_wifi else Wifi(),
        access=Access((ED25519,)) if with_keys else Access(),
    )
    assert overlay(present, Setup()) == present

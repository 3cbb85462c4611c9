"""sotto-setup with a NetworkManager that is played: what it is told, and what others are told of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.provision.network import (
    Answer,
    NetworkManager,
    fields,
    has_radio,
    is_online,
    is_open,
    run,
    why,
)
from services.provision.places import Places
from services.provision.setup import PAGE, Watch

_AIR = "Home:80:WPA2\nCaf\\:e:40:--\nHome:20:WPA2\n:90:WPA2\n"


@dataclass
class Played:
    """A box with one radio, in a house whose network may or may not take it."""

    root: Path
    joins: str = ""
    opens: bool = True
    cable: bool = False
    up: str = ""
    now: float = 1000.0
    ran: list[str] = field(default_factory=list)
    provisions: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.places = Places(self.root)
        folders = (self.places.profiles, self.places.setup_run, self.places.page_run, self.places.state)
        for folder in (*folders, self.places.config):
            folder.mkdir(parents=True)
        self.watch = Watch(
            self.places, self.run, lambda: self.now, lambda: self.now, sleep=lambda seconds: None
        )

    def run(self, command: Sequence[str], limit_s: float) -> Answer:
        line = " ".join(command)
        self.ran.append(line)
        if "device status" in line:
            cable = "eth0:ethernet:connected:Wired\n" if self.cable else "eth0:ethernet:unavailable:\n"
            radio = f"wlan0:wifi:{'connected' if self.up else 'disconnected'}:{self.up}\n"
            return Answer(0, cable + radio + "lo:loopback:connected (externally):lo\n")
        if "wifi list" in line:
            return Answer(0, _AIR)
        if "connection up sotto-wifi" in line:
            self.up = "" if self.joins else "sotto-wifi"
            return Answer(4, "", self.joins) if self.joins else Answer(0)
        if "connection up sotto-setup" in line:
            self.up = "sotto-setup" if self.opens else ""
            return Answer(0 if self.opens else 4)
        if "connection down" in line:
            self.up = ""
        if "restart sotto-provision" in line:
            self.places.submitted.unlink()
            self.provisions()
            self.know()
        return Answer(0)

    def know(self) -> None:
        (self.places.profiles / "sotto-wifi.nmconnection").touch()

    def after(self, seconds: float) -> float:
        self.now += seconds
        return self.watch.turn()

    def told(self) -> dict[str, str]:
        told: dict[str, str] = json.loads((self.places.setup_run / "state.json").read_text())
        return told

    def did(self, text: str) -> bool:
        return any(text in line for line in self.ran)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return Played(tmp_path)


def test_with_a_cable_it_ends_and_opens_nothing(played: Played) -> None:
    played.cable = True
    assert played.after(1) == 0
    assert not played.did("connection up")


def test_without_a_network_it_opens_its_own_with_a_password_that_it_tells(played: Played) -> None:
    played.after(30)
    assert not played.did("connection up")
    played.after(31)
    profile = (played.places.profiles / "sotto-setup.nmconnection").read_text()
    password = played.places.own_password.read_text().strip()
    assert len(password) == 12 and password.isdigit()
    assert f"psk={password}\n" in profile
    assert played.places.own_password.stat().st_mode & 0o777 == 0o640
    assert played.ran[-1] == f"systemctl restart {PAGE}"
    told = played.told()
    assert told["stage"] == "open"
    assert told["network"].startswith("Sotto ")


def test_the_page_gets_the_networks_in_the_air_and_no_secret(played: Played) -> None:
    played.places.previous.write_text('{"name": "Box", "wifi": {"ssid": "net", "password": "topsecret"}}')
    played.after(61)
    text = (played.places.setup_run / "page.json").read_text()
    facts = json.loads(text)
    assert facts["networks"] == [
        {"ssid": "Home", "signal": 80, "secured": True},
        {"ssid": "Caf:e", "signal": 40, "secured": False},
    ]
    assert facts["name"] == "Box"
    assert "topsecret" not in text


def test_a_form_is_taken_over_and_the_network_joined(played: Played) -> None:
    played.after(61)
    played.places.submitted.touch()
    assert played.after(2) > 0
    order = ("stop " + PAGE, "connection down sotto-setup", "restart sotto-provision", "up sotto-wifi")
    places = [next(i for i, line in enumerate(played.ran) if part in line) for part in order]
    assert places == sorted(places)
    assert played.after(2) == 0
    assert played.told()["stage"] == "done"


def test_when_joining_fails_the_own_network_comes_back_and_tells_why(played: Played) -> None:
    played.after(61)
    played.joins = "Error: Connection activation failed: Secrets were required, but not provided."
    played.places.submitted.touch()
    played.after(2)
    assert played.told() == {"stage": "joining", "network": "", "failure": "the password was not accepted"}
    played.after(61)
    assert played.up == "sotto-setup"
    assert played.told()["stage"] == "open"
    assert "the password was not accepted" in (played.places.setup_run / "page.json").read_text()


def test_a_known_network_that_fails_is_tried_once_more_to_learn_why(played: Played) -> None:
    played.know()
    played.joins = "Error: no suitable device found: network could not be found"
    played.after(61)
    assert played.told()["failure"] == "the network is not in reach"
    assert played.up == "sotto-setup"


def test_a_router_that_starts_late_is_joined(played: Played) -> None:
    played.know()
    played.joins = "timeout"
    played.after(61)
    played.joins = ""
    played.after(301)
    assert played.after(2) == 0


def test_nobody_is_thrown_out_of_the_page(played: Played) -> None:
    played.know()
    played.joins = "timeout"
    played.after(61)
    used = played.places.page_run / "used"
    used.touch()
    os.utime(used, (played.now + 290, played.now + 290))
    played.after(301)
    assert played.up == "sotto-setup"


def test_an_own_network_that_does_not_open_is_not_told_of(played: Played) -> None:
    played.opens = False
    played.after(61)
    assert played.told()["network"] == ""
    played.opens = True
    played.after(21)
    assert played.told()["network"]


def _restarted(played: Played, provisions: Callable[[], object]) -> list[str]:
    """Units that are restarted for a form which changes the box so."""
    played.provisions = provisions
    played.after(61)
    played.places.submitted.touch()
    played.after(2)
    return [word for line in played.ran if "try-restart" in line for word in line.split() if "sotto-" in word]


def test_for_a_form_that_changes_nothing_no_service_is_restarted(played: Played) -> None:
    assert _restarted(played, lambda: None) == []


def test_the_assistant_is_restarted_for_new_settings(played: Played) -> None:
    settings = played.places.config / "assistant.toml"
    assert _restarted(played, settings.touch) == ["sotto-assistantd.service"]


def test_a_new_time_zone_restarts_what_reads_the_clock(played: Played) -> None:
    played.places.localtime.symlink_to("/usr/share/zoneinfo/UTC")

    def moved() -> None:
        played.places.localtime.unlink()
        played.places.localtime.symlink_to("/usr/share/zoneinfo/Europe/Berlin")

    assert _restarted(played, moved) == ["sotto-assistantd.service", "sotto-updated.service"]


def test_a_new_name_restarts_who_tells_it_to_the_network(played: Played) -> None:
    named = played.places.previous
    assert _restarted(played, lambda: named.write_text('{"name": "Box"}')) == ["sotto-gatewayd.service"]


def test_the_password_of_the_own_network_goes_with_it_and_is_another_at_each_start(
    tmp_path: Path, played: Played
) -> None:
    played.after(61)
    first = played.places.own_password.read_text()
    played.cable = True
    assert played.after(2) == 0
    assert not played.places.own_password.exists()
    again = Played(tmp_path / "again")
    again.after(61)
    assert again.places.own_password.read_text() != first


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_terse_fields_come_back(values: list[str]) -> None:
    line = ":".join(value.replace("\\", "\\\\").replace(":", "\\:") for value in values)
    assert fields(line) == values


@pytest.mark.parametrize("out", ["", "\n", "wlan0", "a:b:c:d:e", "wlan0:wifi:connected", "\\", "x" * 9999])
def test_nonsense_of_nmcli_is_no_device(out: str) -> None:
    assert NetworkManager(lambda command, limit_s: Answer(0, out)).devices() == ()


@pytest.mark.parametrize(
    ("state", "online"),
    [("connected", True), ("connected (externally)", True), ("connecting (getting IP)", False)],
)
def test_a_cable_counts_once_it_is_connected(state: str, online: bool) -> None:
    manager = NetworkManager(lambda command, limit_s: Answer(0, f"eth0:ethernet:{state}:Wired\n"))
    assert is_online(manager.devices()) is online


def test_an_own_network_is_no_way_into_the_house() -> None:
    manager = NetworkManager(lambda command, limit_s: Answer(0, "wlan0:wifi:connected:sotto-setup\n"))
    devices = manager.devices()
    assert (is_online(devices), is_open(devices), has_radio(devices)) == (False, True, True)


def test_a_switched_off_radio_is_none() -> None:
    manager = NetworkManager(lambda command, limit_s: Answer(0, "wlan0:wifi:unavailable:\n"))
    assert not has_radio(manager.devices())


@pytest.mark.parametrize("command", [["sleep", "9"], ["/nonexistent/program"]])
def test_a_program_that_hangs_or_is_missing_is_an_answer(command: list[str]) -> None:
    answer = run(command, 0.1)
    assert answer.code in (124, 127)
    assert why(answer.error, answer.code)

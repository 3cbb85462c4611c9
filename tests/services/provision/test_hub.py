"""[hub] of the set-up file on a machine: settings, secret and way out of the connector."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from assistant.settings import load_settings
from services.connectord.settings import load_connector_settings
from services.provision.hub import hub_rules
from tests.services.provision.test_provision import Machine

TOKEN = '[hub]\naddress = "10.0.0.2"\nkind = "home-assistant"\ntoken = "abc.def"\narea = "Kitchen"\n'


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def _settings(machine: Machine) -> Path:
    return machine.places.config / "connector.toml"


def _way_out(machine: Machine) -> str:
    return (machine.places.firewall / "hub.nft").read_text()


def test_a_token_makes_a_connector_to_home_assistant(machine: Machine) -> None:
    assert machine.boot(TOKEN).failures == []
    settings = load_connector_settings(_settings(machine))
    assert (settings.kind, settings.url, settings.box_area) == (
        "home-assistant",
        "http://10.0.0.2:8123",
        "Kitchen",
    )
    assert load_settings(machine.settings).hub
    assert _way_out(machine) == "add element inet sotto hub4 { 10.0.0.2 . 8123 }\n"


def test_the_token_is_the_connector_s_alone(machine: Machine) -> None:
    machine.boot(TOKEN)
    secret = machine.places.state / "hub-secret"
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == ("abc.def\n", 0o600)
    assert secret.stat().st_uid == os.getuid()
    assert "abc.def" not in _settings(machine).read_text()


def test_a_broker_is_reached_where_its_address_says(machine: Machine) -> None:
    machine.boot('[hub]\naddress = "fd00::2"\nkind = "mqtt"\nuser = "sotto"\npassword = "p"\n')
    settings = load_connector_settings(_settings(machine))
    assert (settings.host, settings.port, settings.user) == ("fd00::2", 1883, "sotto")
    assert _way_out(machine) == "add element inet sotto hub6 { fd00::2 . 1883 }\n"


def test_a_name_is_looked_for_on_the_local_network_alone(machine: Machine) -> None:
    machine.boot('[hub]\nkind = "mqtt"\nurl = "mqtts://broker.local"\n')
    assert _way_out(machine) == "".join(hub_rules(None, 8883))
    assert "192.168.0.0/16 . 8883" in _way_out(machine)


def test_without_a_token_home_assistant_has_no_connector(machine: Machine) -> None:
    machine.boot('[hub]\naddress = "10.0.0.2"\nkind = "home-assistant"\n')
    assert not _settings(machine).exists()
    assert not load_settings(machine.settings).hub


def test_a_hub_that_is_taken_out_leaves_nothing(machine: Machine) -> None:
    machine.boot(TOKEN)
    machine.boot("")
    assert not _settings(machine).exists()
    assert not (machine.places.state / "hub-secret").exists()
    assert not (machine.places.firewall / "hub.nft").exists()


def test_an_owner_s_own_settings_stay_and_have_a_way_out(machine: Machine) -> None:
    machine.boot("")
    own = 'kind = "mqtt"\nurl = "mqtt://10.0.0.9"\n'
    _settings(machine).write_text(own)
    outcome = machine.boot(TOKEN)
    assert _settings(machine).read_text() == own
    assert _way_out(machine) == "add element inet sotto hub4 { 10.0.0.9 . 1883 }\n"
    assert any("connector.toml is your own file" in remark for remark in outcome.remarks)


def test_an_owner_s_own_settings_that_are_wrong_have_no_way_out(machine: Machine) -> None:
    machine.boot("")
    _settings(machine).write_text('kind = "nothing"\n')
    assert machine.boot("").failures == []
    assert not (machine.places.firewall / "hub.nft").exists()

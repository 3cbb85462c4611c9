"""[hub] of the set-up file on a machine: settings, secret and way out of the connector."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from assistant.settings import load_settings
from services.hubs.load import load_connector_settings
from services.hubs.tls import tls_context
from services.provision.config import read, to_toml
from services.provision.hub import rules_to
from services.settings.remote import RemoteServer, save_remote_server
from tests.services.connectord.conftest import make_certificate
from tests.services.provision.test_provision import Machine

TOKEN = '[hub]\naddress = "10.0.0.2"\nkind = "home-assistant"\ntoken = "abc.def"\narea = "Kitchen"\n'


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate, as an owner copies it."""
    certificate, _ = make_certificate(tmp_path_factory.mktemp("hub") / "tls")
    return certificate.read_text()


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


def test_an_encrypted_hub_is_trusted_by_its_own_certificate(machine: Machine, pem: str) -> None:
    trusting = f'[hub]\nkind = "mqtt"\nurl = "mqtts://10.0.0.2"\ncertificate = """\n{pem}"""\n'
    assert machine.boot(trusting).failures == []
    file = machine.places.state / "hub-certificate.pem"
    assert file.read_text() == pem
    assert f'ca_file = "/{file.relative_to(machine.places.root)}"' in _settings(machine).read_text()
    tls_context(file)
    machine.boot(trusting.partition("certificate")[0])
    assert not file.exists()
    assert load_connector_settings(_settings(machine)).ca_file is None


@pytest.mark.parametrize(
    ("url", "certificate", "said"),
    [
        ("mqtts://10.0.0.2", "hello", "hub.certificate: this is no certificate"),
        ("mqtts://10.0.0.2", "caf\u00e9", "hub.certificate: this is no certificate"),
        ("mqtts://10.0.0.2", "x" * 20_000, "hub.certificate: this is no certificate"),
        ("mqtt://10.0.0.2", None, "hub.certificate: a certificate belongs to an encrypted"),
    ],
)
def test_a_certificate_that_is_of_no_use_is_told(
    pem: str, url: str, certificate: str | None, said: str
) -> None:
    text = f'[hub]\nkind = "mqtt"\nurl = "{url}"\ncertificate = """{certificate or pem}"""\n'
    assert [problem.message for problem in read(text.encode()).problems if said in problem.message]


def test_a_certificate_survives_the_set_up_page(pem: str) -> None:
    text = f'[hub]\nkind = "mqtt"\nurl = "mqtts://10.0.0.2"\ncertificate = """{pem}"""\n'
    setup = read(text.encode()).setup
    assert read(to_toml(setup).encode()).setup == setup


def test_a_name_is_looked_for_on_the_local_network_alone(machine: Machine) -> None:
    machine.boot('[hub]\nkind = "mqtt"\nurl = "mqtts://broker.local"\n')
    assert _way_out(machine) == "".join(rules_to("hub", None, 8883))
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


def test_the_paired_machine_that_recognises_has_a_way_out_and_no_other(machine: Machine) -> None:
    machine.boot("")
    file, opening = machine.places.config / "remote.toml", machine.places.firewall / "remote.nft"
    assert not opening.exists()
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    for address, rule in (
        ("10.0.0.7", "add element inet sotto remote4 { 10.0.0.7 . 8444 }\n"),
        ("fd00::7", "add element inet sotto remote6 { fd00::7 . 8444 }\n"),
        ("attic.local", "".join(rules_to("remote", None, 8444))),
    ):
        save_remote_server(RemoteServer(address, 8444, "sotto_x", pem), file)
        assert machine.boot("").failures == []
        assert opening.read_text() == rule
    file.chmod(0o666)
    assert machine.boot("").failures == []
    assert not opening.exists(), "others may have written it"

"""The boot step in a folder that stands for the device: what it writes, for whom, and how whole."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assistant.settings import load_settings
from common.files import Owner
from services.provision import apply as applying
from services.provision.apply import Device, Outcome
from services.provision.main import load_previous, provision
from services.provision.places import Places
from services.settings.gateway import GatewaySettings
from services.sound.wish import read_wish
from tests.services.provision.test_config import ED25519


@dataclass
class Machine:
    """A root folder, what is on its boot partition, and the programs that were started."""

    root: Path
    ran: list[Sequence[str]] = field(default_factory=list)
    works: bool = True

    def __post_init__(self) -> None:
        for folder in (
            "boot", "var/lib", "run", "proc/sys/kernel", "sys/module/cfg80211",
            "usr/share/zoneinfo/Europe",
        ):  # fmt: skip
            (self.root / folder).mkdir(parents=True)
        (self.root / "usr/share/zoneinfo/UTC").touch()
        (self.root / "usr/share/zoneinfo/Europe/Berlin").touch()
        self.host_name.write_text("sotto\n")

    @property
    def places(self) -> Places:
        return Places(self.root)

    @property
    def host_name(self) -> Path:
        return self.root / "proc/sys/kernel/hostname"

    @property
    def profile(self) -> Path:
        return self.places.profiles / "sotto-wifi.nmconnection"

    @property
    def settings(self) -> Path:
        return self.places.config / "assistant.toml"

    def run(self, command: Sequence[str]) -> bool:
        self.ran.append(command)
        if command[0] == "ssh-keygen" and self.works:
            Path(command[-1]).write_text("-----END OPENSSH PRIVATE KEY-----\n")
        return self.works

    def boot(self, text: str | None = None) -> Outcome:
        if text is not None:
            self.places.setup_file.write_text(text)
        return provision(self.places, Device(self.run, Owner(os.getuid(), os.getgid())))

    def spoken(self) -> list[str]:
        problems: list[str] = json.loads(self.places.announce.read_text())["problems"]
        return problems


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_a_file_the_box_comes_up_with_defaults(machine: Machine) -> None:
    assert machine.boot().failures == []
    assert machine.host_name.read_text() == "sotto\n"
    assert str(machine.places.localtime.readlink()) == "/usr/share/zoneinfo/UTC"
    assert not machine.profile.exists()
    assert not machine.places.problems_file.exists()
    assert load_settings(machine.settings).language == "en"


def test_a_file_makes_the_box_what_it_says(machine: Machine) -> None:
    outcome = machine.boot(
        'name = "Kitchen Box"\ntimezone = "Europe/Berlin"\nwake_word = "hey_jarvis"\n'
        '[wifi]\nssid = "net"\npassword = "12345678"\ncountry = "DE"\n'
        '[hub]\naddress = "10.0.0.2"\n[update]\nsource = "https://u.example"\n[sound]\nspeaker = "USB"\n'
    )
    assert outcome.failures == []
    assert machine.host_name.read_text() == "sotto-kitchen-box\n"
    assert str(machine.places.localtime.readlink()) == "/usr/share/zoneinfo/Europe/Berlin"
    assert "psk=12345678" in machine.profile.read_text()
    assert _mode(machine.profile) == 0o600
    assert ["iw", "reg", "set", "DE"] in machine.ran
    assert "ieee80211_regdom=DE" in (machine.places.modprobe / "sotto-wifi.conf").read_text()
    settings = load_settings(machine.settings)
    assert list(settings.wake.thresholds()) == ["hey_jarvis"]
    wish, problems = read_wish(machine.places.config)
    assert (wish.speaker, problems) == ("USB", ())
    assert json.loads((machine.places.state / "hub.json").read_text()) == {"address": "10.0.0.2"}
    assert json.loads((machine.places.state / "update.json").read_text()) == {"source": "https://u.example"}


def test_a_second_boot_writes_nothing_new(machine: Machine) -> None:
    text = 'name = "Box"\n[wifi]\nssid = "net"\npassword = "12345678"\n'
    machine.boot(text)
    kept = {p: p.stat().st_mtime_ns for p in machine.root.rglob("*") if p.is_file() and "run" not in p.parts}
    machine.boot()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_the_pairing_code_is_made_once(machine: Machine) -> None:
    machine.boot()
    code = machine.places.pairing_code.read_text()
    assert len(code.strip()) == 8
    assert code.strip().isdigit()
    assert _mode(machine.places.pairing_code) == 0o640
    machine.boot()
    assert machine.places.pairing_code.read_text() == code


def test_a_damaged_pairing_code_is_made_anew(machine: Machine) -> None:
    machine.boot()
    machine.places.pairing_code.write_bytes(b"")
    machine.boot()
    assert len(machine.places.pairing_code.read_text()) == 9


def test_mistakes_are_written_and_told_and_go_away_when_mended(machine: Machine) -> None:
    machine.boot('timezone = "Europe/Berln"\n[wifi]\nssid = "net"\npassword = "topsec!"\n')
    written = machine.places.problems_file.read_bytes()
    assert b"Europe/Berlin" in written
    assert b"topsec!" not in written
    assert machine.spoken() == ["the time zone is not known", "the Wi-Fi password is too short"]
    machine.boot('timezone = "Europe/Berlin"\n')
    assert not machine.places.problems_file.exists()
    assert machine.spoken() == []


def test_the_file_of_problems_is_only_written_on_change(machine: Machine) -> None:
    machine.boot('timezone = "x"')
    before = machine.places.problems_file.stat()
    machine.boot()
    assert machine.places.problems_file.stat().st_ino == before.st_ino


def test_a_broken_file_leaves_all_as_it_was(machine: Machine) -> None:
    machine.boot('name = "Box"\n[wifi]\nssid = "net"\npassword = "12345678"\n')
    machine.boot("name = ")
    assert machine.host_name.read_text() == "sotto-box\n"
    assert "psk=12345678" in machine.profile.read_text()


def test_what_is_taken_out_of_the_file_no_longer_holds(machine: Machine) -> None:
    machine.boot(f'[wifi]\nssid = "net"\npassword = "12345678"\n[access]\nssh_keys = "{ED25519}"\n')
    machine.boot('name = "Box"\n')
    assert not machine.profile.exists()
    assert not (machine.places.ssh / "authorized_keys").exists()
    assert not (machine.places.firewall / "ssh.nft").exists()


def test_without_a_key_nobody_can_log_in(machine: Machine) -> None:
    machine.boot('name = "Box"\n')
    assert not machine.places.ssh.exists()
    assert not any(command[0] == "ssh-keygen" for command in machine.ran)


def test_a_key_opens_the_port_and_makes_the_key_of_the_host_once(machine: Machine) -> None:
    text = f'[access]\nssh_keys = "{ED25519}"\n'
    machine.boot(text)
    machine.boot(text)
    assert (machine.places.ssh / "authorized_keys").read_text() == ED25519 + "\n"
    assert (machine.places.firewall / "ssh.nft").read_text() == "add element inet sotto open_tcp { 22 }\n"
    assert sum(command[0] == "ssh-keygen" for command in machine.ran) == 1


def test_the_ports_of_the_local_api_are_open_unless_the_owner_says_no(machine: Machine) -> None:
    opening = machine.places.firewall / "api.nft"
    machine.boot('name = "Box"\n')
    settings = GatewaySettings()
    ports = f"{settings.port}, {settings.grpc_port}, {settings.wyoming_port}, {settings.satellite_port}"
    assert opening.read_text() == f"add element inet sotto open_tcp {{ {ports} }}\n"
    machine.boot("[access]\napi = false\n")
    assert not opening.exists()


def test_a_source_of_updates_on_another_port_has_a_way_out(machine: Machine) -> None:
    opening = machine.places.firewall / "update.nft"
    machine.boot('[update]\nsource = "https://u.example:8443/sotto"\n')
    assert opening.read_text() == "add element inet sotto update_tcp { 8443 }\n"
    assert ["nft", "-f", str(opening)] in machine.ran
    machine.boot('[update]\nsource = "https://u.example/sotto"\n')
    assert not opening.exists()


def test_a_set_up_that_held_before_with_a_channel_goes_on_holding(machine: Machine) -> None:
    machine.boot("")
    machine.places.setup_file.unlink()
    source = "https://u.example"
    machine.places.previous.write_text(json.dumps({"update": {"source": source, "channel": "stable"}}))
    assert machine.boot().failures == []
    assert json.loads((machine.places.state / "update.json").read_text()) == {"source": source}


def test_half_a_host_key_is_made_anew(machine: Machine) -> None:
    text = f'[access]\nssh_keys = "{ED25519}"\n'
    machine.boot(text)
    (machine.places.ssh / "ssh_host_ed25519_key").write_text("-----BEGIN")
    machine.boot(text)
    assert sum(command[0] == "ssh-keygen" for command in machine.ran) == 2


def test_without_a_host_key_no_port_is_opened(machine: Machine) -> None:
    machine.works = False
    outcome = machine.boot(f'[access]\nssh_keys = "{ED25519}"\n')
    assert outcome.failures
    assert not (machine.places.firewall / "ssh.nft").exists()


def test_the_owners_own_settings_are_left_alone(machine: Machine) -> None:
    machine.boot()
    machine.settings.write_text('language = "en"\n')
    outcome = machine.boot('wake_word = "alexa"\n')
    assert machine.settings.read_text() == 'language = "en"\n'
    assert "your own file" in outcome.remarks[0]
    assert b"your own file" in machine.places.problems_file.read_bytes()


def test_our_settings_can_be_made_the_owners_own(machine: Machine) -> None:
    machine.boot('[hub]\naddress = "10.0.0.2"\nkind = "mqtt"\n')
    files = [machine.places.config / f"{name}.toml" for name in ("assistant", "sound", "connector")]
    assert [_mode(path) for path in files] == [0o660] * 3


def test_our_settings_are_replaced(machine: Machine) -> None:
    machine.boot('wake_word = "alexa"\n')
    machine.boot('wake_word = "okay_nabu"\n')
    assert list(load_settings(machine.settings).wake.thresholds()) == ["okay_nabu"]


def test_all_wake_words_are_the_settings_of_none(machine: Machine) -> None:
    machine.boot("")
    before = machine.settings.read_text()
    machine.boot('wake_word = ["okay_nabu", "hey_jarvis", "hey_mycroft", "alexa"]\n')
    assert machine.settings.read_text() == before


def test_one_step_that_fails_does_not_keep_the_others_from_being_done(machine: Machine) -> None:
    machine.host_name.unlink()
    outcome = machine.boot('timezone = "Europe/Berlin"\n')
    assert len(outcome.failures) == 1
    assert str(machine.places.localtime.readlink()).endswith("Berlin")


def test_a_link_cannot_lead_a_write_elsewhere(machine: Machine, tmp_path: Path) -> None:
    machine.boot()
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "assistant.toml").write_text(applying.OURS)
    shutil.rmtree(machine.places.config)
    machine.places.config.symlink_to(victim)
    outcome = machine.boot('wake_word = "alexa"\n')
    assert outcome.failures
    assert (victim / "assistant.toml").read_text() == applying.OURS


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_a_set_up_file_that_is_no_file_is_told(machine: Machine, kind: str) -> None:
    path = machine.places.setup_file
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/etc/hostname")
    machine.boot()
    assert machine.spoken() == ["the set-up file cannot be read"]


def test_a_damaged_memory_of_the_last_boot_is_no_obstacle(machine: Machine) -> None:
    machine.boot('name = "Box"\n')
    machine.places.previous.write_text('{"name": 7, "wifi": []}')
    assert load_previous(machine.places).name is None
    machine.places.previous.write_text("{")
    assert machine.boot().failures == []


class _PowerCut(BaseException):
    """Nothing catches it, like a power cut."""


@pytest.mark.parametrize("survives", range(12))
def test_a_power_cut_at_any_write_leaves_each_file_old_or_new(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    machine.boot('name = "Old"\n[wifi]\nssid = "old"\npassword = "old-password"\n')
    before = {p: p.read_bytes() for p in machine.root.rglob("*") if p.is_file()}
    new = 'name = "New"\ntimezone = "x"\n[wifi]\nssid = "new"\npassword = "new-password"\n'
    new += '[hub]\naddress = "10.0.0.2"\n'
    real, left = os.rename, [survives]

    def rename(*args: Any, **kwargs: Any) -> None:
        if not left[0]:
            raise _PowerCut
        left[0] -= 1
        real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename)
        with contextlib.suppress(_PowerCut):
            machine.boot(new)
    half = {p: p.read_bytes() for p in machine.root.rglob("*") if p.is_file()}
    machine.boot()
    after = {p: p.read_bytes() for p in machine.root.rglob("*") if p.is_file()}
    for path, data in half.items():
        if not path.name.startswith(".") and path != machine.places.previous:
            assert data in (before.get(path), after.get(path)), path
    assert machine.host_name.read_text() == "sotto-new\n"
    assert "psk=new-password" in machine.profile.read_text()

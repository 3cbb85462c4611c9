"""Applying a set-up. All paths come from `Places`; applying it twice changes nothing."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from assistant.models.catalogue import DEFAULT_LANGUAGE, WAKE_WORDS
from common.errors import NotFound, SottoError
from common.files import Owner, make_folder, read_bounded, remove, write_whole
from common.toml_text import toml_value
from services.hubs.kinds import KINDS
from services.hubs.load import load_usable_connector_settings
from services.provision import keyfile, names
from services.provision.hub import host_address, hub_url, plain_address, rules_to, settings_text
from services.provision.keys import HubSection, Setup
from services.provision.places import Places
from services.settings.gateway import GatewaySettings
from services.settings.remote import load_remote_server

log = logging.getLogger(__name__)

#: The first line of an assistant.toml that is ours to replace.
OURS = "# written from sotto.toml; take this line away to keep your own changes\n"
_GATEWAY = GatewaySettings()
#: The ports on which gatewayd listens by default.
API_PORTS = (_GATEWAY.port, _GATEWAY.grpc_port, _GATEWAY.wyoming_port, _GATEWAY.satellite_port)
#: The ports to which the firewall always allows updates: the set update_tcp in rootfs/etc/nftables.conf.
WEB_PORTS = (80, 443)
_UTC = "UTC"
_SETTINGS_LIMIT = 256 * 1024
#: Mode of settings: the owner, who is in the group, may edit them.
_OWNERS_TOO = 0o660


@dataclass(frozen=True)
class Device:
    """The parts of the machine that are not files.

    Attributes:
        run: start a program and wait for it; returns whether it succeeded.
        sotto: user and group of the assistant.
        connector: user of the connection to a hub.
    """

    run: Callable[[Sequence[str]], bool]
    sotto: Owner
    connector: Owner = field(default_factory=Owner)


@dataclass
class Outcome:
    """The result of applying a set-up.

    Attributes:
        remarks: what the owner should know although nothing is wrong.
        failures: steps that failed, for the journal.
    """

    remarks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def apply(setup: Setup, places: Places, device: Device) -> Outcome:
    """Apply all values of `setup`; if one step fails, the others are done all the same."""
    outcome = Outcome()
    steps: tuple[Callable[[], str | None], ...] = (
        lambda: _host_name(setup, places),
        lambda: _time_zone(setup, places),
        lambda: _country(setup, places, device),
        lambda: _wifi(setup, places),
        lambda: _assistant(setup, places, device),
        lambda: _ssh(setup, places, device),
        lambda: _pairing_code(places, device),
        lambda: _api(setup, places, device),
        lambda: _connector(setup.hub, places, device),
        lambda: _remote(places, device),
        lambda: _facts(places.state / "hub.json", {"address": setup.hub.address, "kind": setup.hub.kind}),
        lambda: _facts(places.state / "update.json", {"source": setup.update.source}),
        lambda: _update_port(setup.update.source, places, device),
    )
    for step in steps:
        try:
            if remark := step():
                outcome.remarks.append(remark)
        except (SottoError, OSError) as error:
            outcome.failures.append(str(error))
    return outcome


def _host_name(setup: Setup, places: Places) -> None:
    """Written straight to the kernel: /etc is read-only, and the message bus has not started yet."""
    target = places.root / "proc/sys/kernel/hostname"
    name = names.host_name(setup.name)
    if target.read_text("ascii", "replace").strip() != name:
        target.write_text(f"{name}\n", "ascii")


def _time_zone(setup: Setup, places: Places) -> None:
    """Replace the link to which /etc/localtime of the image points."""
    zone = setup.timezone or _UTC
    if not (places.zoneinfo / zone).is_file():
        log.warning("the time zone %s is not on this box; using UTC", zone)
        zone = _UTC
    target = f"/usr/share/zoneinfo/{zone}"
    link = places.localtime
    with contextlib.suppress(OSError):
        if str(link.readlink()) == target:
            return
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def _country(setup: Setup, places: Places, device: Device) -> None:
    """The Wi-Fi country: set in the kernel now, and as an option of a module that is loaded later.

    Both are needed: drivers of built-in radios are loaded before this, those of USB sticks after.
    """
    code = setup.wifi.country
    option = places.modprobe / "sotto-wifi.conf"
    if code is None:
        remove(option)
        return
    write_whole(option, f"options cfg80211 ieee80211_regdom={code}\n".encode())
    if (places.root / "sys/module/cfg80211").is_dir() and not device.run(["iw", "reg", "set", code]):
        log.warning("the Wi-Fi country could not be set to %s", code)


def _wifi(setup: Setup, places: Places) -> None:
    profile = places.profiles / f"{keyfile.HOME}.nmconnection"
    if setup.wifi.ssid:
        write_whole(profile, keyfile.home_profile(setup.wifi).encode(), 0o600)
    else:
        remove(profile)


def _assistant(setup: Setup, places: Places, device: Device) -> str | None:
    """Write the settings of the assistant and of the sound service, but not over files of the owner."""
    # tmpfiles.d has made both; the owner may write into the second.
    for folder in (places.config.parent, places.config):
        make_folder(folder, 0o750, device.sotto)
    kept = [
        f"/{path.relative_to(places.root)} is your own file, so {what} of sotto.toml is not used. "
        "Remove it, or set it there."
        for path, what, text, said in (
            (places.config / "assistant.toml", "language and wake word", _settings(setup),
             setup.language or setup.wake_word),
            (places.config / "sound.toml", "[sound]", _sound(setup),
             setup.sound.microphone or setup.sound.speaker),
        )
        if not _write_ours(path, text, device) and said
    ]  # fmt: skip
    return "\n".join(kept) or None


def _write_ours(path: Path, text: str, device: Device) -> bool:
    """Write a settings file unless the owner has a file there; returns whether it was written."""
    there = read_bounded(path, _SETTINGS_LIMIT)
    if there is not None and not there.startswith(OURS.encode()):
        return False
    write_whole(path, text.encode(), _OWNERS_TOO, device.sotto)
    return True


def _settings(setup: Setup) -> str:
    lines = [OURS, f"language = {toml_value(setup.language or DEFAULT_LANGUAGE)}\n"]
    if off := [word for word in WAKE_WORDS if setup.wake_word and word not in setup.wake_word]:
        lines.append(f"\n[wake]\noff = {toml_value(off)}\n")
    return "".join(lines)


def _sound(setup: Setup) -> str:
    """Devices by a part of their names. The assistant opens the devices that the sound service has chosen."""
    names = (("microphone", setup.sound.microphone), ("speaker", setup.sound.speaker))
    return OURS + "".join(f"{key} = {toml_value(name)}\n" for key, name in names if name)


def _ssh(setup: Setup, places: Places, device: Device) -> None:
    """Write the keys of the owner. Without keys there is no file, and the server does not start."""
    authorized, opening = places.ssh / "authorized_keys", places.firewall / "ssh.nft"
    keys = setup.access.ssh_keys or ()
    if not keys:
        remove(authorized)
        remove(opening)
        return
    make_folder(places.ssh, 0o755, Owner())
    host_key = places.ssh / "ssh_host_ed25519_key"
    if not _is_whole(host_key):
        # After a power cut a part of the key may be there; ssh-keygen would ask whether to overwrite it.
        remove(host_key)
        remove(host_key.with_suffix(".pub"))
        if not device.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(host_key)]):
            raise SottoError("the SSH key of this box could not be made", hint="is the disk full?")
    make_folder(places.firewall, 0o755, Owner())
    write_whole(opening, b"add element inet sotto open_tcp { 22 }\n")
    write_whole(authorized, "".join(f"{key}\n" for key in keys).encode())
    # At boot the firewall includes this file when it starts; later this command is needed.
    device.run(["nft", "-f", str(opening)])


def _is_whole(key: Path) -> bool:
    data = read_bounded(key, 16 * 1024) or b""
    return data.rstrip().endswith(b"-----END OPENSSH PRIVATE KEY-----")


def _pairing_code(places: Places, device: Device) -> None:
    """Make the pairing code once; make it again only if it is damaged."""
    there = read_bounded(places.pairing_code, 64) or b""
    if not re.fullmatch(rb"\d{8}\n", there):
        code = f"{secrets.randbelow(10**8):08d}\n"
        write_whole(places.pairing_code, code.encode(), 0o640, Owner(group=device.sotto.group))


def _api(setup: Setup, places: Places, device: Device) -> None:
    """Open the ports of gatewayd; every request to it needs a pairing token."""
    opening = places.firewall / "api.nft"
    if setup.access.api is False:
        remove(opening)
        return
    make_folder(places.firewall, 0o755, Owner())
    ports = ", ".join(map(str, API_PORTS))
    write_whole(opening, f"add element inet sotto open_tcp {{ {ports} }}\n".encode())
    # As with SSH: at boot the firewall includes this file itself.
    device.run(["nft", "-f", str(opening)])


def _connector(hub: HubSection, places: Places, device: Device) -> str | None:
    """The connector's settings, secret, trusted certificate and firewall rules; none if there is no hub."""
    path, secret_file = places.config / "connector.toml", places.state / "hub-secret"
    trust_file = places.state / "hub-certificate.pem"
    opening = places.firewall / "hub.nft"
    there = read_bounded(path, _SETTINGS_LIMIT)
    ours = there is None or there.startswith(OURS.encode())
    url = hub_url(hub)
    if hub.kind is None or url is None:
        remove(secret_file)
        remove(trust_file)
        if ours:
            remove(path)
        remove(opening)
        if not ours:
            _own_connector(path, opening, places, device)
        return None
    if not ours:
        _own_connector(path, opening, places, device)
        name = path.relative_to(places.root)
        return f"/{name} is your own file, so [hub] of sotto.toml is not used for devices."
    kind = KINDS[hub.kind]
    secret = {"token": hub.token, "password": hub.password}[kind.secret.key]
    files = {
        "secret_file": _for_connector(secret_file, secret, places, device),
        "ca_file": _for_connector(trust_file, hub.certificate, places, device),
    }
    text = OURS + settings_text(hub.kind, url, hub.user, hub.area, files)
    write_whole(path, text.encode(), _OWNERS_TOO, device.sotto)
    _open(opening, rules_to("hub", host_address(url), kind.url.port(url)), places, device)
    return None


def _for_connector(path: Path, content: str | None, places: Places, device: Device) -> str | None:
    """Write a file that only the connector reads; returns its name on the device. None without content."""
    if not content:
        remove(path)
        return None
    write_whole(path, f"{content}\n".encode(), 0o600, device.connector)
    return f"/{path.relative_to(places.root)}"


def _own_connector(path: Path, opening: Path, places: Places, device: Device) -> None:
    """Firewall rules for an owner's own `connector.toml`: the hub that it names."""
    settings, faults = load_usable_connector_settings(path)
    for fault in faults:
        log.warning("%s %s", fault.message, fault.effect)
    if settings is None:
        remove(opening)
        return
    _open(opening, rules_to("hub", host_address(settings.url), settings.port), places, device)


def _remote(places: Places, device: Device) -> None:
    """Firewall rules for the machine that the owner's `remote.toml` names."""
    opening = places.firewall / "remote.nft"
    try:
        server = load_remote_server(places.config / "remote.toml")
    except SottoError as error:
        if not isinstance(error, NotFound):
            log.warning("no way to the remote recogniser is opened: %s", error)
        remove(opening)
        return
    _open(opening, rules_to("remote", plain_address(server.address), server.port), places, device)


def _update_port(source: str | None, places: Places, device: Device) -> None:
    """Open the port of the source of updates, unless it is one that is always open."""
    opening = places.firewall / "update.nft"
    port = urlsplit(source or "").port
    if port in (None, *WEB_PORTS):
        remove(opening)
    else:
        _open(opening, [f"add element inet sotto update_tcp {{ {port} }}\n"], places, device)


def _open(opening: Path, rules: Sequence[str], places: Places, device: Device) -> None:
    make_folder(places.firewall, 0o755, Owner())
    write_whole(opening, "".join(rules).encode())
    # As with SSH: at boot the firewall includes this file itself.
    device.run(["nft", "-f", str(opening)])


def _facts(path: Path, facts: dict[str, str | None]) -> None:
    """Write a JSON file for another daemon; no file if all values are None."""
    said = {key: value for key, value in facts.items() if value is not None}
    if said:
        write_whole(path, (json.dumps(said, indent=1) + "\n").encode())
    else:
        remove(path)

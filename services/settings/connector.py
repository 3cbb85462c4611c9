"""Settings of the connector, from `connector.toml`; without that file there is no connector."""

from __future__ import annotations

import dataclasses
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from common.errors import InvalidInput, NotFound
from common.paths import config_dir
from common.settings_file import fill, read_table

HOME_ASSISTANT, MQTT = "home-assistant", "mqtt"
#: Kind -> the schemes its address may have, with their ports and whether they are TLS.
SCHEMES: dict[str, dict[str, tuple[int, bool]]] = {
    HOME_ASSISTANT: {"http": (8123, False), "https": (8123, True)},
    MQTT: {"mqtt": (1883, False), "mqtts": (8883, True)},
}
UNITS = ("celsius", "fahrenheit")
MQTT_VERSIONS = ("5", "3.1.1")
#: A token of Home Assistant has about 180 characters.
_MAX_SECRET = 4096


@dataclass(frozen=True)
class ConnectorSettings:
    """Everything an owner can set about the way to a hub. Relative paths start at the file's folder.

    Attributes:
        kind: "home-assistant" or "mqtt".
        url: of the hub: "http://192.168.1.20:8123", "mqtt://192.168.1.20", with an s for TLS.
        secret_file: holds the token or the password, and nobody but its owner may read it.
        user: of the MQTT broker; "" for none.
        ca_file: certificate of the hub or of who signed it, where no public authority did.
        box_area: name or id of the area that the box stands in, as the hub knows it.
        discovery: where Home Assistant's discovery payloads are, by topic; "" looks for none.
        zigbee2mqtt: base topic of zigbee2mqtt; "" looks for none.
        unit: of temperatures over MQTT; Home Assistant tells its own.
        mqtt_version: "5", or "3.1.1" for a broker that knows no other; with it messages of any size are read
            up to their limit before they are thrown away.
    """

    kind: str = ""
    url: str = ""
    secret_file: Path | None = None
    user: str = ""
    ca_file: Path | None = None
    box_area: str = ""
    discovery: str = "homeassistant"
    zigbee2mqtt: str = "zigbee2mqtt"
    unit: str = "celsius"
    mqtt_version: str = "5"

    @property
    def address(self) -> SplitResult:
        """The parts of `url`."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """Name or address of the hub."""
        return self.address.hostname or ""

    @property
    def port(self) -> int:
        """Of the hub: what stands in `url`, or the usual one."""
        return self.address.port or SCHEMES[self.kind][self.address.scheme][0]

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return SCHEMES[self.kind][self.address.scheme][1]


def settings_file() -> Path:
    """Where the settings lie when no other file is named."""
    return config_dir() / "connector.toml"


def load_connector_settings(path: Path | None = None) -> ConnectorSettings:
    """Settings from `path`, or from `connector.toml` in the settings folder.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no TOML, has an unknown key, or a value that cannot be used.
    """
    file = path or settings_file()
    if not file.is_file():
        raise NotFound(
            f"there is no {file}: no hub is set",
            hint="docs/hub.md shows what stands in it",
            code="connector.missing",
        )
    settings: ConnectorSettings = fill(ConnectorSettings, read_table(file), file)
    _check(settings, file)
    folder = file.parent
    return dataclasses.replace(
        settings,
        secret_file=folder / settings.secret_file if settings.secret_file else None,
        ca_file=folder / settings.ca_file if settings.ca_file else None,
    )


def _check(settings: ConnectorSettings, file: Path) -> None:
    _one_of(settings.kind, tuple(SCHEMES), file, "kind")
    _one_of(settings.unit, UNITS, file, "unit")
    _one_of(settings.mqtt_version, MQTT_VERSIONS, file, "mqtt_version")
    if problem := url_problem(settings.kind, settings.url):
        example = "http://192.168.1.20:8123" if settings.kind == HOME_ASSISTANT else "mqtt://192.168.1.20"
        raise InvalidInput(f"{file}: url {problem}", hint=f'as in url = "{example}"', code="connector.url")
    if settings.kind == HOME_ASSISTANT and settings.secret_file is None:
        raise InvalidInput(
            f"{file}: secret_file is missing",
            hint="make a long-lived access token in Home Assistant (your profile, Security); name its file",
            code="connector.secret",
        )
    for name in ("discovery", "zigbee2mqtt"):
        topic = getattr(settings, name)
        if not topic.isprintable() or set(topic) & {"+", "#"} or topic.endswith("/") or len(topic) > 200:
            raise InvalidInput(
                f"{file}: {name} = {topic[:60]!r} is no base topic",
                hint='as in "zigbee2mqtt", without / at its end; "" looks for none',
                code="connector.topic",
            )


def _one_of(value: str, known: tuple[str, ...], file: Path, key: str) -> None:
    if value not in known:
        raise InvalidInput(
            f"{file}: {key} = {value[:40]!r} is none of {', '.join(known)}",
            hint=f"set {key} to one of them",
            code=f"connector.{key}",
        )


def url_problem(kind: str, url: str) -> str | None:
    """What is wrong with the address of a hub, as the end of a sentence; None if nothing is. Pure."""
    schemes = SCHEMES[kind]
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"is no address: {error}"
    if parts.scheme not in schemes:
        return f"does not begin with {' or '.join(f'{name}://' for name in schemes)}"
    if parts.username is not None or parts.password is not None:
        return "holds a user or a password; those go into settings of their own"
    if not host or not url.isprintable() or " " in url or len(url) > 300:
        return "names no host"
    if parts.query or parts.fragment or (kind == MQTT and parts.path.strip("/")):
        return "has more than a host and a port"
    return None


def read_secret(path: Path) -> str:
    """The token or password in a file that is its owner's alone.

    Raises:
        InvalidInput: it is not there, others may read it, or what is in it is no secret.
    """

    def wrong(what: str, hint: str) -> InvalidInput:
        return InvalidInput(f"{path} {what}", hint=hint, code="connector.secret")

    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}", "put the token or password into it") from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise wrong("is no plain file", "put the token or password into a file")
        if status.st_mode & 0o077:
            raise wrong("can be read by others", f"chmod 600 {path}")
        data = file.read(_MAX_SECRET + 1)
    try:
        secret = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        secret = ""
    if not secret or not secret.isprintable() or len(data) > _MAX_SECRET:
        raise wrong("holds no token or password", "one line, and nothing else")
    return secret

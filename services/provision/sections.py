"""What the set-up file can say, section by section."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wifi:
    """The network of the house; None where nothing was said."""

    ssid: str | None = None
    #: None or empty: an open network. Never shown.
    password: str | None = field(default=None, repr=False)
    country: str | None = None
    hidden: bool | None = None


@dataclass(frozen=True)
class Access:
    """Who may come in from the network.

    Attributes:
        ssh_keys: who may log in: public keys, one OpenSSH line each; none means nobody.
        api: whether the ports of the local API are open, for who is paired; they are unless it is False.
    """

    ssh_keys: tuple[str, ...] | None = None
    api: bool | None = None


@dataclass(frozen=True)
class HubSection:
    """The smart-home hub beside the box.

    Attributes:
        address: of who may speak Wyoming with the box.
        kind: "home-assistant", "mqtt" or "other": what its devices are reached by.
        url: where its devices are reached; made of `address` where it is not there.
        token: of Home Assistant. Never shown.
        user, password: of an MQTT broker. Never shown.
        area: the room that the box stands in, as the hub calls it.
        certificate: of the hub or of who signed it, PEM, where the connection is encrypted and no public
            authority signed it.
    """

    address: str | None = None
    kind: str | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    area: str | None = None
    certificate: str | None = None


@dataclass(frozen=True)
class Update:
    """Where newer versions come from; None means nowhere."""

    source: str | None = None


@dataclass(frozen=True)
class Sound:
    """Devices by a part of their name; None lets the box choose."""

    microphone: str | None = None
    speaker: str | None = None


@dataclass(frozen=True)
class Setup:
    """All that the file can say; None where it says nothing."""

    name: str | None = None
    language: str | None = None
    timezone: str | None = None
    wake_word: tuple[str, ...] | None = None
    wifi: Wifi = field(default_factory=Wifi)
    access: Access = field(default_factory=Access)
    hub: HubSection = field(default_factory=HubSection)
    update: Update = field(default_factory=Update)
    sound: Sound = field(default_factory=Sound)

"""The table of all keys of the set-up file. Checks, set-up page, example file and documents are made from it.

To add a key, add its field here, and use its value in `services.provision.apply`. Then run `make docs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.models.catalogue import DEFAULT_LANGUAGE, LANGUAGES, WAKE_WORDS
from common.toml_text import toml_value
from services.hubs.kinds import KINDS
from services.provision import checks, hub_checks
from services.provision.key_field import FormField, key, section

#: On the set-up page, as the wake word: all of them. An empty value would keep the one that was set before.
ANY_WORD = "any"


@dataclass(frozen=True)
class Wifi:
    """The network of the house. A password that is None or empty means an open network."""

    ssid: str | None = key(
        checks.ssid,
        "the name of the Wi-Fi network",
        example='"My network"',
        help="The name of the Wi-Fi network.",
        default="no Wi-Fi",
        form=FormField("Wi-Fi network", order=20),
    )
    password: str | None = key(
        checks.wifi_password,
        "the Wi-Fi password",
        secret=True,
        example='"at least eight characters"',
        help=r"Its password. One with a backslash goes between single quotes, as in 'back\slash'.",
        default="an open network",
        also=("psk", "passphrase"),
        form=FormField(
            "Wi-Fi password",
            "Leave it empty for an open network, or to keep the one set before",
            order=30,
            attributes="type=password maxlength=64",
            prefilled=False,
        ),
    )
    country: str | None = key(
        checks.country,
        "the Wi-Fi country",
        example='"DE"',
        help="The country, two letters; it decides which channels are allowed.",
        default="only channels that are allowed everywhere",
        form=FormField(
            "Country",
            "Two letters, such as DE; Wi-Fi may use other channels elsewhere",
            order=40,
            attributes="maxlength=2 size=2",
        ),
    )
    hidden: bool | None = key(
        checks.switch,
        "the Wi-Fi setting hidden",
        example="true",
        help="true for a network that does not announce its name.",
        default="false",
    )


@dataclass(frozen=True)
class Access:
    """Who has access over the network."""

    ssh_keys: tuple[str, ...] | None = key(
        checks.ssh_keys,
        "the key for remote access",
        example='["ssh-ed25519 AAAA... me"]',
        help="The line of your .pub file, or a list of several; for the user owner over SSH.",
        default="nobody can log in from elsewhere",
        also=("key", "keys", "ssh_key"),
        form=FormField(
            "Public SSH key",
            "Only if you want to log in to the box; most people leave it empty",
            order=80,
            name="ssh_key",
            prefilled=False,
        ),
    )
    api: bool | None = key(
        checks.switch,
        "the switch of the local interface",
        example="true",
        help="Paired programs and hubs may use the box over the network, on ports 8443, 8444, 10400 and "
        "10700. false closes these ports.",
        default="true",
    )


@dataclass(frozen=True)
class HubSection:
    """The smart-home hub on the same network."""

    address: str | None = key(
        hub_checks.address,
        "the address of the hub",
        example='"192.168.1.20"',
        help="The IP address of the hub, without http:// and port. The hub may then use the box as ears and "
        "voice.",
        default="no hub uses the box",
        also=("ip", "host"),
    )
    kind: str | None = key(
        hub_checks.kind,
        "the kind of the hub",
        example='"home-assistant"',
        help=f"{', '.join(map(toml_value, KINDS))} or {toml_value(hub_checks.OTHER)}. With "
        f"{toml_value(hub_checks.OTHER)} the box does not control the devices of the hub.",
        default="the box controls no devices of a hub",
    )
    url: str | None = key(
        hub_checks.url,
        "the web address of the hub",
        example='"https://192.168.1.20:8443"',
        help="Only if the port is not the usual one, or the connection is encrypted (https or mqtts).",
        default="it is made from the address",
    )
    token: str | None = key(
        hub_checks.token,
        "the token for the hub",
        secret=True,
        example='"eyJhbGciOi..."',
        help="For Home Assistant: a long-lived access token of an administrator (your profile there, "
        '"Security").',
    )
    user: str | None = key(
        hub_checks.user,
        "the user name for the hub",
        example='"sotto"',
        help="For MQTT, only if the broker asks for a user.",
    )
    password: str | None = key(
        hub_checks.password,
        "the password for the hub",
        secret=True,
        example='"..."',
        help="For MQTT, only if the broker asks for a password.",
        also=("psk", "passphrase"),
    )
    area: str | None = key(
        hub_checks.area,
        "the room of the box",
        example='"Kitchen"',
        help='The room in which the box stands, as the hub calls it. It decides what "the lights" means.',
    )
    certificate: str | None = key(
        hub_checks.certificate,
        "the certificate of the hub",
        example='"""\n-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----"""',
        help="For an encrypted connection: the certificate of the hub or of its issuer, in PEM form, "
        "if no public authority signed it.",
        default="public authorities are trusted",
    )


@dataclass(frozen=True)
class Update:
    """Where newer versions come from."""

    source: str | None = key(
        checks.update_source,
        "the source of updates",
        example='"https://updates.example.org/sotto"',
        help="Where newer versions lie: an address that begins with https://, or the path of a folder.",
        default="the box never asks",
        also=("url",),
    )


@dataclass(frozen=True)
class Sound:
    """Sound devices by a part of their name."""

    microphone: str | None = key(
        checks.sound_device,
        "the microphone",
        example='"USB"',
        help="A part of the microphone's name, if the box chooses the wrong one.",
        default="the box chooses",
        also=("mic",),
    )
    speaker: str | None = key(
        checks.sound_device,
        "the loudspeaker",
        example='"HDMI"',
        help="A part of the loudspeaker's name, if the box chooses the wrong one.",
        default="the box chooses",
    )


@dataclass(frozen=True)
class Setup:
    """All that the file can say. A value is None if the file does not say it."""

    name: str | None = key(
        checks.name,
        "the name of the box",
        example='"Kitchen Box"',
        help="What the box is called, also on the network: this one is sotto-kitchen-box.local there.",
        default="sotto",
        set_in_example=True,
        also=("hostname",),
        form=FormField("Name of the box", "For example Kitchen", order=10, attributes="maxlength=40"),
    )
    language: str | None = key(
        checks.language,
        "the language",
        example=toml_value(DEFAULT_LANGUAGE),
        help="The language that the box understands and speaks: "
        + ", ".join(f'"{code}" ({name})' for code, name in LANGUAGES.items())
        + ".",
        default=toml_value(DEFAULT_LANGUAGE),
        set_in_example=True,
        also=("lang",),
        form=FormField("Language", order=60, choices=tuple(LANGUAGES.items())),
    )
    timezone: str | None = key(
        checks.timezone,
        "the time zone",
        example='"Europe/Berlin"',
        help='Continent and city, as in "America/New_York".',
        default="UTC",
        set_in_example=True,
        also=("time_zone", "tz"),
        form=FormField("Time zone", order=50),
    )
    wake_word: tuple[str, ...] | None = key(
        checks.wake_words,
        "the wake word",
        example=toml_value(list(WAKE_WORDS)[:2]),
        help=f"One wake word, or a list of several: {', '.join(map(toml_value, WAKE_WORDS))}.",
        default="all of them",
        set_in_example=True,
        also=("wakeword", "wake_words"),
        form=FormField(
            "Word that wakes it",
            order=70,
            choices=((ANY_WORD, "Any of these"), *((word, each.title) for word, each in WAKE_WORDS.items())),
        ),
    )
    wifi: Wifi = field(default_factory=Wifi, metadata=section("the Wi-Fi part", also=("wi-fi", "wlan")))
    access: Access = field(default_factory=Access, metadata=section("the access part", also=("ssh",)))
    hub: HubSection = field(default_factory=HubSection, metadata=section("the hub part"))
    update: Update = field(default_factory=Update, metadata=section("the update part"))
    sound: Sound = field(default_factory=Sound, metadata=section("the sound part"))

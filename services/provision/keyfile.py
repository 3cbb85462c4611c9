"""Connection profiles of NetworkManager, in the format of nm-settings-keyfile(5)."""

from __future__ import annotations

import uuid

from services.provision.keys import Wifi

#: Names under which NetworkManager knows the two networks.
HOME = "sotto-wifi"
OWN = "sotto-setup"
#: Address of the box in its own network; dnsmasq's snippet and the firewall name it, too.
OWN_ADDRESS = "10.42.0.1"

_NAMESPACE = uuid.UUID("2b9f6c1e-56a5-4f0e-9a1c-7d5c0a3be1f4")


def home_profile(wifi: Wifi) -> str:
    """The profile that joins the network of the house.

    Raises:
        ValueError: the network has no name.
    """
    if not wifi.ssid:
        raise ValueError("a network without a name")
    return _text(
        {
            "connection": {**_connection(HOME), "autoconnect-retries": "0"},
            "wifi": {
                "mode": "infrastructure",
                "ssid": _bytes(wifi.ssid),
                **({"hidden": "true"} if wifi.hidden else {}),
            },
            **_security(wifi.password or ""),
            "ipv4": {"method": "auto"},
            "ipv6": {"method": "auto", "addr-gen-mode": "stable-privacy"},
        }
    )


def own_profile(ssid: str, password: str) -> str:
    """The profile of the box's own network; it comes up only by command."""
    return _text(
        {
            "connection": {**_connection(OWN), "autoconnect": "false"},
            "wifi": {"mode": "ap", "band": "bg", "ssid": _bytes(ssid)},
            **_security(password, {"proto": "rsn", "pairwise": "ccmp", "group": "ccmp"}),
            "ipv4": {"method": "shared", "address1": f"{OWN_ADDRESS}/24"},
            "ipv6": {"method": "disabled"},
        }
    )


def _connection(name: str) -> dict[str, str]:
    return {"id": name, "uuid": str(uuid.uuid5(_NAMESPACE, name)), "type": "wifi"}


def _security(password: str, more: dict[str, str] | None = None) -> dict[str, dict[str, str]]:
    """`wpa-psk` stands for WPA2 and WPA3 alike; no section at all is an open network."""
    if not password:
        return {}
    return {"wifi-security": {"key-mgmt": "wpa-psk", **(more or {}), "psk": _escaped(password)}}


def _bytes(ssid: str) -> str:
    """A list of bytes: the only form in which every network name is read correctly."""
    return "".join(f"{byte};" for byte in ssid.encode())


def _escaped(value: str) -> str:
    """`value` for GLib, which drops spaces at both ends unless they are escaped, and reads backslashes."""
    return value.replace("\\", "\\\\").replace(" ", "\\s")


def _text(sections: dict[str, dict[str, str]]) -> str:
    parts = []
    for section, values in sections.items():
        parts.append(f"[{section}]\n" + "".join(f"{key}={value}\n" for key, value in values.items()))
    return "\n".join(parts)

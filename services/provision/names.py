"""The names of the box: on the network, and in the list of Wi-Fi networks."""

from __future__ import annotations

import hashlib
import re
import unicodedata

DEFAULT = "sotto"
_MAX_LABEL = 63
_MAX_SSID_BYTES = 32


def host_name(name: str | None) -> str:
    """A host name of plain letters: "Kitchen Box" -> "sotto-kitchen-box".

    A name without any plain letter, such as one in Chinese, gives four hexadecimal digits made from it.
    """
    if not name:
        return DEFAULT
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    label = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not label:
        label = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:4]
    if label == DEFAULT or label.startswith(f"{DEFAULT}-"):
        return label[:_MAX_LABEL].rstrip("-")
    return f"{DEFAULT}-{label}"[:_MAX_LABEL].rstrip("-")


def network_name(name: str | None, machine_id: str) -> str:
    """The SSID of the box's own network, at most 32 bytes: "Sotto Kitchen Box", or "Sotto 3f9a".

    The four digits are made from the machine id, which cannot be recovered from them.
    """
    tail = name or hashlib.sha256(f"sotto-setup {machine_id}".encode()).hexdigest()[:4]
    full = tail if tail.lower().startswith("sotto") else f"Sotto {tail}"
    while len(full.encode("utf-8", "replace")) > _MAX_SSID_BYTES:
        full = full[:-1]
    return full.strip()

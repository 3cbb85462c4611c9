"""Addresses of hubs: which schemes a kind of hub has, and what is wrong with an address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Scheme:
    """The usual port of a URL scheme, and whether the connection is encrypted."""

    port: int
    tls: bool


@dataclass(frozen=True)
class UrlForm:
    """What the URL of a kind of hub looks like.

    Attributes:
        schemes: by name, as in "mqtt".
        usual: the URL of a hub of which only the address is known, with `{host}` in it.
        path: whether a path may follow host and port.
    """

    schemes: Mapping[str, Scheme]
    usual: str
    path: bool = False

    @property
    def example(self) -> str:
        """A URL to show."""
        return self.at("192.168.1.20")

    @property
    def beginnings(self) -> str:
        """How a URL may begin, for people: "mqtt:// or mqtts://"."""
        return " or ".join(f"{name}://" for name in self.schemes)

    def at(self, address: str) -> str:
        """The usual URL at an address, IPv4 or IPv6."""
        return self.usual.format(host=f"[{address}]" if ":" in address else address)

    def port(self, url: str) -> int:
        """The port of a valid `url`: the one in it, or the usual one."""
        parts = urlsplit(url)
        return parts.port or self.schemes[parts.scheme].port

    def problem(self, url: str) -> str | None:
        """What is wrong with `url`, as the end of a sentence; None if nothing is."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            return f"is no address: {error}"
        if parts.scheme not in self.schemes:
            return f"does not begin with {self.beginnings}"
        if parts.username is not None or parts.password is not None:
            return "holds a user or a password; those go into settings of their own"
        if not host or not url.isprintable() or " " in url or len(url) > _MOST_CHARACTERS:
            return "names no host"
        if parts.query or parts.fragment or (not self.path and parts.path.strip("/")):
            return "has more than a host and a port"
        return None

"""Settings of the connection to a hub that every kind of hub has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import SplitResult, urlsplit

from common.errors import InvalidInput
from services.hubs.url import UrlForm


@dataclass(frozen=True)
class ConnectorSettings:
    """Everything an owner can set about the way to a hub. Relative paths start at the file's folder.

    Each kind of hub has a class of its own below this one, with `url_form` and the keys that only it has.

    Attributes:
        kind: the name of a hub kind, see `services.hubs.kinds`.
        url: of the hub: "http://192.168.1.20:8123", "mqtt://192.168.1.20", with an s for TLS.
        secret_file: holds the token or the password, and nobody but its owner may read it.
        user: that the password belongs to; "" for none.
        ca_file: certificate of the hub or of its issuer, where no public authority signed it.
        box_area: name or id of the area that the box stands in, as the hub knows it.
    """

    url_form: ClassVar[UrlForm]
    kind: str = ""
    url: str = ""
    secret_file: Path | None = None
    user: str = ""
    ca_file: Path | None = None
    box_area: str = ""

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
        """Port of the hub: the one in `url`, or the usual one."""
        return self.url_form.port(self.url)

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.url_form.schemes[self.address.scheme].tls

    def check(self, file: Path) -> None:
        """Check what only this kind knows; the URL is valid already.

        Raises:
            InvalidInput: a value cannot be used; names `file` and key.
        """


def one_of(value: str, known: Sequence[str], file: Path, key: str) -> None:
    """Raises InvalidInput unless `value`, the value of `key` in `file`, is one of `known`."""
    if value not in known:
        raise InvalidInput(
            f"{file}: {key} = {value[:40]!r} is none of {', '.join(known)}",
            hint=f"set {key} to one of them",
            code=f"connector.{key}",
        )

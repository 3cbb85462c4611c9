"""Where updates come from: what the owner set, and what such an address may be."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from common.errors import InvalidInput
from common.toml_file import parse_toml
from services.updated.errors import SourceFailed
from services.updated.places import Places

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.gpg"
SUMS_LIMIT, SIGNATURE_LIMIT = 1024 * 1024, 64 * 1024
_SETTING_LIMIT = 64 * 1024
_ADDRESS_LIMIT = 2000


@dataclass(frozen=True)
class SourceSetting:
    """An address: an absolute folder, or a URL; `insecure_http` allows plain HTTP to any host."""

    address: str
    insecure_http: bool = False


class Source(Protocol):
    """A static folder of update files, near or far."""

    def small(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes; raises SourceFailed."""

    def size(self, name: str) -> int:
        """The size of a file in bytes; raises SourceFailed."""

    def fetch(self, name: str, size: int, sha256: str, target: Path, progress: Callable[[int], None]) -> None:
        """Bring `target` to `size` bytes of file `name`, continuing what is there.

        `progress` gets the bytes that are there so far. The content is not verified.

        Raises:
            SourceFailed: the source gives up, stalls or lies about the size.
            StorageError: `target` cannot be written.
        """


def read_setting(places: Places) -> SourceSetting | None:
    """What the owner set: source.toml, else what the first boot wrote; None where neither names a source.

    Raises:
        InvalidInput: `update.setting` when a file is there and cannot be used.
    """
    for path, parse in ((places.source_file, parse_toml), (places.provision / "update.json", json.loads)):
        try:
            with path.open("rb") as file:
                content = file.read(_SETTING_LIMIT + 1)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error
        if len(content) > _SETTING_LIMIT:
            raise _unusable(path, f"it is larger than {_SETTING_LIMIT // 1024} kB")
        try:
            values = parse(content.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise _unusable(path, str(error)) from error
        if not isinstance(values, dict):
            raise _unusable(path, "it has no keys")
        address, insecure = values.get("source"), values.get("insecure_http", False)
        if address in (None, ""):
            continue
        if not isinstance(address, str):
            raise _unusable(path, "`source` is not a text")
        if not isinstance(insecure, bool):
            raise _unusable(path, "`insecure_http` is neither true nor false")
        return SourceSetting(address, insecure)
    return None


def checked_url(address: str, *, insecure_http: bool) -> str:
    """`address` as the URL of a folder, with a slash at its end.

    Raises:
        InvalidInput: `update.address` when it is no such URL, or plain HTTP to another machine.
    """
    if len(address) > _ADDRESS_LIMIT or not address.isascii() or not address.isprintable() or " " in address:
        raise _bad_address(address, "it is too long or has characters that no address has")
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _bad_address(address, str(error)) from error
    if parts.scheme not in ("http", "https") or not host:
        raise _bad_address(address, "it is neither an https address nor a folder")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _bad_address(address, "names, passwords, queries and fragments are not taken")
    if parts.scheme == "http" and not insecure_http and not _is_loopback(host):
        raise _bad_address(address, "plain http lets others see and delay what is fetched")
    return address if address.endswith("/") else address + "/"


def update_folder(address: str) -> Path:
    """The folder with the update files: `address`, or `sotto-update` in it, as on a USB stick.

    Raises:
        InvalidInput: the address is no absolute path.
        SourceFailed: no update lies there.
    """
    folder = Path(address)
    if not folder.is_absolute() or "\0" in address:
        raise _bad_address(address, "it is neither an https address nor an absolute folder")
    for candidate in (folder, folder / "sotto-update"):
        if (candidate / SUMS).is_file():
            return candidate
    raise SourceFailed(
        f"there is no {SUMS} in {folder} or its folder sotto-update",
        hint="is the stick mounted, and not below /tmp or /home, which updated does not see?",
        code="update.no-folder",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unusable(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"the update setting {path} cannot be used: {why}",
        hint='write source = "https://host/folder/" below [update] in sotto.toml; source.toml counts first',
        code="update.setting",
    )


def _bad_address(address: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"{address[:80]!r} cannot be a source of updates: {why}",
        hint="give an https address or an absolute folder, as below [update] in sotto.toml",
        code="update.address",
    )

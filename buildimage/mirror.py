"""Where packages come from: the mirrors of this machine or of MIRROR=, and an archive of kept packages.

A lock has no addresses; a place to look is derived from it and from what is found here. Nothing in this
module opens a socket.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

from buildimage.locks import Deb
from common.errors import InvalidInput, NotFound

#: The security archive keeps its pool under "updates"; snapshots and merged mirrors do not.
_POOLS = ("pool", "pool/updates")
_TARGET_FORMAT = "$(SITE)|$(REPO_URI)|$(RELEASE)|$(ORIGIN)|$(LABEL)"
_TOOL_TIME_LIMIT_S = 60.0
_SAY_ARCHIVE = "ARCHIVE= is a folder with .deb files below it, or the address of an archive with a pool/."
_SAY_MIRROR = "Say where packages come from: make ... MIRROR=http://<host>/debian"


@dataclass(frozen=True)
class Mirrors:
    """The two archives of Debian: base addresses without a slash at the end."""

    main: str
    security: str

    def __str__(self) -> str:
        return f"{self.main} and {self.security}"


class Source(Protocol):
    """Somewhere a locked package may be."""

    @property
    def name(self) -> str:
        """What to call it in messages."""
        ...

    def places(self, deb: Deb) -> Sequence[str | Path]:
        """Where in it the package may lie, most likely first: addresses and existing files."""
        ...


@dataclass(frozen=True)
class Pool:
    """An archive with Debian's pool layout, by its base address (http, https or file)."""

    base: str

    @property
    def name(self) -> str:
        """Its address."""
        return self.base

    def places(self, deb: Deb) -> Sequence[str | Path]:
        """One place for each layout; of a file: archive, those that exist."""
        paths = [pool_path(deb, layout) for layout in _POOLS]
        parts = urlsplit(self.base)
        if parts.scheme == "file":
            found = (Path(unquote(parts.path)) / path for path in paths)
            return [file for file in found if file.is_file()]
        # A plus sign means a blank to object stores behind some mirrors; apt escapes it as well.
        return [f"{self.base}/{quote(path, safe='/~')}" for path in paths]


@dataclass(frozen=True)
class Folder:
    """A folder with .deb files anywhere below it, named as apt, dpkg or a pool names them."""

    root: Path
    _files: Mapping[str, tuple[Path, ...]] = field(repr=False, compare=False)

    @classmethod
    def scan(cls, root: Path) -> Folder:
        """Look once through the folder; a file added later is not seen.

        Raises:
            NotFound: there is no such folder.
        """
        if not root.is_dir():
            raise NotFound(f"ARCHIVE={root} is not a folder", hint=_SAY_ARCHIVE, code="mirror.archive")
        files: dict[str, list[Path]] = {}
        for file in sorted(root.rglob("*.deb")):
            files.setdefault(_without_epoch(unquote(file.name)), []).append(file)
        return cls(root, {name: tuple(found) for name, found in files.items()})

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.root)

    def places(self, deb: Deb) -> Sequence[str | Path]:
        """Files of the right name and size."""
        # Names may be alike where contents are not, so size sorts out what hashing would.
        return [file for file in self._files.get(deb.filename, ()) if _size(file) == deb.size]


def pool_path(deb: Deb, layout: str = "pool") -> str:
    """Path of a package in an archive (Debian's repository format: pool/component/prefix/source/file)."""
    prefix = deb.source[:4] if deb.source.startswith("lib") else deb.source[:1]
    return f"{layout}/{deb.component}/{prefix}/{deb.source}/{deb.filename}"


def find_mirrors(environment: Mapping[str, str] = os.environ) -> Mirrors:
    """The mirrors of MIRROR= and SECURITY_MIRROR=, else those of this machine's apt.

    Raises:
        InvalidInput: an address cannot be used.
        NotFound: neither is there.
    """
    if environment.get("MIRROR"):
        return chosen_mirrors(environment["MIRROR"], environment.get("SECURITY_MIRROR", ""))
    found = mirrors_of_targets(tool_output(["apt-get", "indextargets", "--format", _TARGET_FORMAT]))
    if found is None:
        raise NotFound(
            "this machine's apt knows no mirror of Debian, and MIRROR= is not given",
            hint=_SAY_MIRROR,
            code="mirror.none",
        )
    if environment.get("SECURITY_MIRROR"):
        return Mirrors(found.main, checked_address("SECURITY_MIRROR", environment["SECURITY_MIRROR"]))
    return found


def chosen_mirrors(mirror: str, security: str = "") -> Mirrors:
    """The mirrors of two settings; the security archive lies beside the main one unless it is named."""
    main = checked_address("MIRROR", mirror)
    return Mirrors(main, checked_address("SECURITY_MIRROR", security) if security else f"{main}-security")


def mirrors_of_targets(targets: str) -> Mirrors | None:
    """Mirrors among the lines of `apt-get indextargets`: SITE|REPO_URI|RELEASE|ORIGIN|LABEL.

    The release does not matter: one address serves all of them. None when Debian is not among them. Raises
    `InvalidInput` where apt's address is not of a plain form.
    """
    by_label: dict[str, str] = {}
    for line in targets.splitlines():
        fields = line.split("|")
        if len(fields) != 5:
            continue
        _, address, _, origin, label = fields
        if origin == "Debian" and address.startswith(("http://", "https://", "file:/")):
            by_label.setdefault(label, address)
    if "Debian" not in by_label:
        return None
    checked = {label: checked_address("this machine's apt: MIRROR", each) for label, each in by_label.items()}
    return Mirrors(checked["Debian"], checked.get("Debian-Security", f"{checked['Debian']}-security"))


def archive_sources(archive: str) -> tuple[Source, ...]:
    """What ARCHIVE= names: nothing, a folder, or an archive with a pool.

    Raises:
        InvalidInput: the archive's address cannot be used.
        NotFound: the archive is a folder that does not exist.
    """
    if not archive:
        return ()
    if "://" in archive:
        return (Pool(checked_address("ARCHIVE", archive)),)
    return (Folder.scan(Path(archive)),)


def checked_address(setting: str, address: str) -> str:
    """An address without its last slash.

    Raises:
        InvalidInput: it is not an http, https or file address of a plain form.
    """
    wrong = ""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise InvalidInput(f"{setting}={address}: {error}", hint=_SAY_MIRROR, code="mirror.address") from None
    if re.search(r"[\s\x00-\x20\x7f]", address):
        wrong = "has blanks in it"
    elif parts.scheme not in ("http", "https", "file"):
        wrong = "is not an http://, https:// or file:// address"
    elif parts.scheme != "file" and not parts.hostname:
        wrong = "names no host"
    elif parts.username is not None or parts.password is not None:
        # It would end up in messages and logs.
        raise InvalidInput(
            f"{setting}= has a user name or password in it",
            hint="Put it behind a local proxy (http_proxy=) instead.",
            code="mirror.address",
        )
    elif parts.query or parts.fragment:
        wrong = "has a query or a fragment"
    if wrong:
        raise InvalidInput(f"{setting}={address} {wrong}", hint=_SAY_MIRROR, code="mirror.address")
    return address.rstrip("/")


def proxies(apt_settings: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Proxies by scheme, as apt sees them: its own configuration first, then the environment.

    Args:
        apt_settings: what `apt-config dump` prints.
        environment: its http_proxy and https_proxy count.
    """
    own: dict[str, str] = {}
    for scheme in ("http", "https"):
        match = re.search(
            rf'^Acquire::{scheme}::Proxy "([^"]*)";$', apt_settings, re.MULTILINE | re.IGNORECASE
        )
        own[scheme] = match.group(1) if match else ""
    # apt.conf(5): https takes http's proxy unless it has one of its own.
    own["https"] = own["https"] or own["http"]
    found = {scheme: proxy or environment.get(f"{scheme}_proxy", "") for scheme, proxy in own.items()}
    return {
        scheme: proxy for scheme, proxy in found.items() if proxy and proxy.upper() not in ("DIRECT", "FALSE")
    }


def tool_output(command: Sequence[str]) -> str:
    """What one of apt's tools prints; nothing where the tool is missing or fails."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TOOL_TIME_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def _without_epoch(filename: str) -> str:
    name, mark, rest = filename.partition("_")
    return name + mark + (rest.partition(":")[2] or rest)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1

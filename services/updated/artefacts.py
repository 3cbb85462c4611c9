"""What a source offers: the signed list of names and hashes, and which update in it fits this box."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from common.errors import InvalidInput
from services.updated.errors import UpdateRefused
from services.updated.versions import VERSION, compare, newest_first

#: More lines than any release has; each costs memory.
_MAX_LINES = 10_000
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._~^+-]{0,199}")


@dataclass(frozen=True)
class Artefact:
    """A file of an update. `uuid` is that of the partition it goes to, 32 hexadecimal digits, or ""."""

    name: str
    sha256: str
    uuid: str = ""


@dataclass(frozen=True)
class Release:
    """All three files of a version."""

    version: str
    verity: Artefact
    root: Artefact
    kernel: Artefact

    @property
    def artefacts(self) -> tuple[Artefact, Artefact, Artefact]:
        """In the order of installation: what makes it bootable comes last."""
        return (self.verity, self.root, self.kernel)


@dataclass(frozen=True)
class Choice:
    """What a source has for this box: a newer release, or why there is none."""

    release: Release | None
    reason: str


@dataclass(frozen=True)
class _Found:
    verity: Artefact | None = None
    root: Artefact | None = None
    kernel: Artefact | None = None


def parse_sums(content: bytes) -> dict[str, str]:
    """File names and hashes of a SHA256SUMS file.

    Raises:
        InvalidInput: `update.sums` where it is anything but hashes and plain file names, each once.
    """
    try:
        lines = content.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise _damaged(f"byte {error.start} is no ASCII") from error
    if len(lines) > _MAX_LINES:
        raise _damaged(f"it has {len(lines)} lines, the limit is {_MAX_LINES}")
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise _damaged(f"line {number} is not a hash and a name")
        digest, name = match.groups()
        if _NAME.fullmatch(name) is None:
            raise _damaged(f"line {number} names {name[:60]!r}, which is no plain file name")
        if sums.setdefault(name, digest) != digest:
            raise _damaged(f"line {number} gives a second hash for {name}")
    return sums


def releases(sums: dict[str, str], arch: str) -> dict[str, Release]:
    """Complete releases for `arch` ("x86-64", "arm64") by version.

    Raises:
        InvalidInput: `update.sums` when a version has two files for the same purpose.
    """
    # xz, as systemd-import of version 257 takes zstd for uncompressed data and writes it as it is.
    pattern = re.compile(
        rf"sotto_(?P<version>{VERSION})\."
        rf"(?:(?P<efi>efi)|root-{re.escape(arch)}(?P<verity>-verity)?_(?P<uuid>[0-9a-f]{{32}})\.raw\.xz)"
    )
    found: dict[str, _Found] = {}
    for name, digest in sums.items():
        match = pattern.fullmatch(name)
        if match is None:
            continue
        version = match["version"]
        field = "kernel" if match["efi"] else "verity" if match["verity"] else "root"
        before = found.get(version, _Found())
        if getattr(before, field) is not None:
            raise _damaged(f"version {version} has two {field} files")
        found[version] = replace(before, **{field: Artefact(name, digest, match["uuid"] or "")})
    return {
        version: Release(version, parts.verity, parts.root, parts.kernel)
        for version, parts in found.items()
        if parts.verity is not None and parts.root is not None and parts.kernel is not None
    }


def choose(offered: dict[str, Release], running: str, rolled_back: Collection[str]) -> Choice:
    """The newest release that is newer than `running` and was not rolled back."""
    newer = [v for v in newest_first(set(offered)) if compare(v, running) > 0]
    for version in newer:
        if version not in rolled_back:
            return Choice(offered[version], f"version {version} is available")
    if newer:
        return Choice(None, f"version {newer[0]} was rolled back on this box and is not offered again")
    if not offered:
        return Choice(None, "the source has no complete update for this kind of box")
    return Choice(None, f"version {running} is up to date")


def choose_named(
    offered: dict[str, Release], wanted: str, running: str, rolled_back: Collection[str]
) -> Release:
    """The release of version `wanted`.

    Raises:
        UpdateRefused: it is not there, not newer, or was rolled back.
    """
    if compare(wanted, running) <= 0:
        raise UpdateRefused(
            f"version {wanted} is not newer than the running version {running}",
            hint="`sotto update rollback` goes back to the version before",
            code="update.downgrade",
        )
    if wanted in rolled_back:
        raise UpdateRefused(
            f"version {wanted} was rolled back on this box",
            hint="wait for a newer version; `sotto update status` says why it was rolled back",
            code="update.rolled-back",
        )
    if wanted not in offered:
        raise UpdateRefused(
            f"the source has no complete version {wanted} for this kind of box",
            hint="`sotto update check` shows what it has",
            code="update.incomplete",
        )
    return offered[wanted]


def _damaged(what: str) -> InvalidInput:
    return InvalidInput(
        f"SHA256SUMS of the source cannot be used: {what}",
        hint="publish the source again",
        code="update.sums",
    )

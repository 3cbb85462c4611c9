"""Python's own locks, requirements/*.lock: which versions, and which hashes they may have."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from buildimage.locks import normalised_name
from buildimage.markers import applies, environment
from common.errors import InvalidInput, NotFound, StorageError, TooLarge

MAX_BYTES = 8 << 20
_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+_-]+)\s*(?:;(?P<marker>.*?))?"
    r"(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})+)\s*\Z"
)


@dataclass(frozen=True)
class Requirement:
    """One pinned distribution: normalised name, version, marker ("" for always) and SHA-256 hashes."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def line(self) -> str:
        """The requirement as pip reads it, without its marker."""
        return f"{self.name}=={self.version} " + " ".join(f"--hash=sha256:{each}" for each in self.hashes)


def read_requirements(path: Path) -> tuple[Requirement, ...]:
    """Read a lock of pinned and hashed requirements.

    Raises:
        NotFound: there is no such file.
        InvalidInput: a line is not one pinned version with its hashes; names file and line.
        TooLarge: it is above `MAX_BYTES`.
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(
            f"there is no lock {path}", hint="Make it with: make lock", code="wheels.lock"
        ) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", code="wheels.lock") from error
    if len(data) > MAX_BYTES:
        raise TooLarge(f"{path} is larger than {MAX_BYTES} bytes", code="wheels.lock")
    found: list[Requirement] = []
    begun, text = 0, ""
    for number, line in enumerate(data.decode(errors="replace").splitlines(), start=1):
        if not line.strip() or (not text and line.lstrip().startswith("#")):
            continue
        begun = begun if text else number
        text += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        match = _PINNED.match(text)
        if match is None:
            raise InvalidInput(
                f"{path}:{begun}: not name==version with its hashes: {text[:80]!r}",
                hint="Make it anew with: make lock",
                code="wheels.lock",
            )
        hashes = tuple(word.removeprefix("--hash=sha256:") for word in match["hashes"].split())
        marker = (match["marker"] or "").strip()
        found.append(Requirement(normalised_name(match["name"]), match["version"], marker, hashes))
        text = ""
    if text:
        raise InvalidInput(
            f"{path}:{begun}: the file ends in the middle of a requirement", code="wheels.lock"
        )
    return tuple(found)


def for_image(
    requirements: tuple[Requirement, ...], architecture: str, names: Collection[str] | None = None
) -> tuple[Requirement, ...]:
    """Those whose markers hold on the image, of all or of the `names` alone.

    Raises:
        InvalidInput: a name is not there, or twice with markers that both hold.
        InvalidInput: a marker cannot be judged.
    """
    values = environment(architecture)
    chosen: dict[str, Requirement] = {}
    for each in requirements:
        if (names is not None and each.name not in names) or (
            each.marker and not applies(each.marker, values)
        ):
            continue
        if each.name in chosen:
            raise InvalidInput(f"{each.name} is locked twice for {architecture}", code="wheels.lock")
        chosen[each.name] = each
    if lost := sorted(set(names or ()) - chosen.keys()):
        raise InvalidInput(f"not locked for {architecture}: {', '.join(lost)}", code="wheels.lock")
    return tuple(chosen.values())

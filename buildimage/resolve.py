"""Resolving: which packages a list needs, asked of apt in a private root.

apt's root lies in a temporary folder. Nothing is downloaded but the indexes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, gettempdir
from urllib.parse import unquote

from buildimage.aptroot import COMPONENTS, KEYRING, RELEASE, AptRoot, complaints
from buildimage.locks import Deb
from buildimage.mirror import Mirrors
from buildimage.progress import Progress, silent
from buildimage.store import storage_errors
from common.errors import InvalidInput, NotFound

#: What mkosi (and mmdebstrap) install before any list; base-files brings os-release.
BASE = ("?essential", "base-files")

_SOLVE_TIME_LIMIT_S = 600.0
_FIELD = re.compile(r"^([A-Za-z0-9-]+): (.*)$", re.MULTILINE)
_URI_LINE = re.compile(r"'(?P<uri>[^']+)' (?P<file>\S+_\S+_\S+\.deb) (?P<size>[0-9]+)(?: (?P<hash>\S+))?\Z")


@dataclass(frozen=True)
class Question:
    """What to solve.

    Args:
        architecture: Debian's word, ``amd64`` or ``arm64``.
        sets: names of packages by the name of the set; each set is solved alone, as mkosi installs it.
        base: what every set begins with.
        components: of the archive.
    """

    architecture: str
    sets: Mapping[str, Sequence[str]]
    base: Sequence[str] = BASE
    components: Sequence[str] = COMPONENTS


def resolve(
    question: Question,
    mirrors: Mirrors,
    *,
    prefix: Sequence[str] = (),
    keyring: Path = KEYRING,
    workdir: Path | None = None,
    progress: Progress = silent,
) -> tuple[Deb, ...]:
    """The union of what the sets of `question` need, as the mirrors have it now, sorted by name.

    Args:
        question: see there.
        mirrors: where the indexes come from.
        prefix: command before apt's tools, to run those of another root; `workdir` and `keyring` must have
            the same path there.
        keyring: signs the archive.
        workdir: folder for the temporary root.
        progress: a step for the indexes and one for each set.

    Raises:
        NotFound: the keyring, or a package that no mirror has.
        Unavailable: a mirror does not answer, its signature is refused, or apt is missing.
        InvalidInput: the sets cannot be installed, or apt's answer is not understood.
    """
    with (
        storage_errors(workdir or Path(gettempdir())),
        TemporaryDirectory(prefix="sotto-apt-", dir=workdir) as folder,
    ):
        root = AptRoot(
            Path(folder),
            question.architecture,
            mirrors,
            keyring=keyring,
            components=question.components,
            prefix=prefix,
        )
        steps = len(question.sets) + 1
        progress(f"reading the indexes for {question.architecture}", 0, steps)
        root.update()
        found: dict[tuple[str, str], Deb] = {}
        for number, (name, packages) in enumerate(question.sets.items(), start=1):
            progress(f"solving {name} for {question.architecture}", number, steps)
            for deb in _solve(root, question, name, packages):
                found[deb.name, deb.architecture] = deb
    return tuple(found[key] for key in sorted(found))


def _solve(root: AptRoot, question: Question, name: str, packages: Sequence[str]) -> tuple[Deb, ...]:
    """What the packages need; raises `NotFound` or `InvalidInput` naming what apt says."""
    wanted = list(dict.fromkeys((*question.base, *packages)))
    done = root.run(["apt-get", "install", "--print-uris", "--yes", *wanted], _SOLVE_TIME_LIMIT_S)
    if done.returncode != 0:
        said = complaints(done.stderr) or complaints(done.stdout)
        unknown = re.findall(
            r"Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation", said
        )
        if unknown:
            names = ", ".join(sorted({first or second for first, second in unknown}))
            raise NotFound(
                f"{RELEASE} ({question.architecture}) lacks packages of the set {name!r}: {names}",
                hint="Correct the list under rootfs/packages.",
                code="resolve.package",
            )
        raise InvalidInput(f"the set {name!r} cannot be installed: {said}", code="resolve.conflict")
    files = uri_files(done.stdout)
    if not files:
        raise InvalidInput(f"apt names no package for the set {name!r}", code="resolve.answer")
    # Whether a list and its lock belong together is told by names, so each must be one that gets locked.
    if virtual := sorted(set(packages) - {package for package, _, _ in files}):
        raise InvalidInput(
            f"the set {name!r} asks for {', '.join(virtual)}, which other packages provide",
            hint="Name the package itself in the list.",
            code="resolve.virtual",
        )
    asked = [f"{package}={version}" for package, version, _ in files]
    shown = root.run(["apt-cache", "show", "--no-all-versions", *asked], _SOLVE_TIME_LIMIT_S)
    if shown.returncode != 0:
        raise InvalidInput(f"apt-cache show: {complaints(shown.stderr)}", code="resolve.answer")
    return pick(files, shown.stdout)


def uri_files(text: str) -> tuple[tuple[str, str, str], ...]:
    """(name, version, architecture) of each line of `apt-get --print-uris` that names a package."""
    found: list[tuple[str, str, str]] = []
    for line in text.splitlines():
        if match := _URI_LINE.match(line.strip()):
            name, version, rest = match.group("file").split("_", 2)
            found.append((name, unquote(version), rest.removesuffix(".deb")))
    return tuple(found)


def pick(files: Iterable[tuple[str, str, str]], stanzas: str) -> tuple[Deb, ...]:
    """Find each (name, version, architecture) among the stanzas of `apt-cache show`.

    Raises:
        InvalidInput: one is missing, or described by stanzas that contradict each other.
    """
    described: dict[tuple[str, str, str], Deb] = {}
    for deb in described_debs(stanzas):
        key = (deb.name, deb.version, deb.architecture)
        if described.setdefault(key, deb).sha256 != deb.sha256:
            raise InvalidInput(f"the mirrors have two different packages {deb}", code="resolve.answer")
    missing = [key for key in files if key not in described]
    if missing:
        raise InvalidInput(f"apt describes no package {' '.join(missing[0])}", code="resolve.answer")
    return tuple(described[key] for key in files)


def described_debs(stanzas: str) -> Iterator[Deb]:
    """The packages of `apt-cache show`; raises as `deb_of` does."""
    for stanza in stanzas.split("\n\n"):
        if fields := dict(_FIELD.findall(stanza)):
            yield deb_of(fields)


def deb_of(fields: Mapping[str, str]) -> Deb:
    """A package of an index's fields; the pool path says component and source.

    Raises:
        InvalidInput: a field is missing or not what it should be.
    """
    try:
        parts = PurePosixPath(fields["Filename"]).parts
        return Deb(
            name=fields["Package"],
            version=fields["Version"],
            architecture=fields["Architecture"],
            sha256=fields["SHA256"],
            size=int(fields["Size"]),
            source=parts[-2],
            component=parts[-4],
        )
    except (KeyError, IndexError, ValueError) as error:
        package = fields.get("Package", "?")
        raise InvalidInput(
            f"the index describes {package} in an unknown form: {error}", code="resolve.answer"
        ) from None

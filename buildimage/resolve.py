"""Resolving: which packages a list needs, asked of apt in a root of its own.

apt gets its own sources, lists, cache and an empty status file in a temporary folder, so neither what is
installed here nor this machine's pinning has a say. Nothing is downloaded but the indexes.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, gettempdir
from urllib.parse import unquote

from buildimage.errors import InvalidInput, NotFound, Unavailable
from buildimage.locks import Deb
from buildimage.mirror import Mirrors, tool_output
from buildimage.progress import Progress, silent
from buildimage.store import storage_errors

RELEASE = "trixie"
COMPONENTS = ("main", "non-free-firmware")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
#: What mkosi (and mmdebstrap) install before any list; base-files brings os-release.
BASE = ("?essential", "base-files")

_UPDATE_TIME_LIMIT_S = 1800.0
_SOLVE_TIME_LIMIT_S = 600.0
# How this machine reaches the network is its own business, and so is how it takes an archive's clock.
_CARRIED = re.compile(
    r"Acquire::(?:https?::|Retries |ForceIPv|Check-Valid-Until |Check-Date )", re.IGNORECASE
)
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
    if not keyring.is_file():
        raise NotFound(
            f"there is no keyring {keyring}",
            hint="Install it: apt-get install debian-archive-keyring",
            code="resolve.keyring",
        )
    with (
        storage_errors(workdir or Path(gettempdir())),
        TemporaryDirectory(prefix="sotto-apt-", dir=workdir) as folder,
    ):
        root = AptRoot(Path(folder), question, mirrors, keyring, prefix)
        steps = len(question.sets) + 1
        progress(f"reading the indexes for {question.architecture}", 0, steps)
        root.update()
        found: dict[tuple[str, str], Deb] = {}
        for number, (name, packages) in enumerate(question.sets.items(), start=1):
            progress(f"solving {name} for {question.architecture}", number, steps)
            for deb in root.solve(name, packages):
                found[deb.name, deb.architecture] = deb
    return tuple(found[key] for key in sorted(found))


class AptRoot:
    """A private apt: own sources, lists, cache and status below `folder`."""

    def __init__(
        self, folder: Path, question: Question, mirrors: Mirrors, keyring: Path, prefix: Sequence[str]
    ) -> None:
        self.folder = folder
        self._question = question
        self._mirrors = mirrors
        self._prefix = tuple(prefix)
        for each in ("lists/partial", "cache/archives/partial", "etc/parts", "log"):
            (folder / each).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "etc/debian.sources").write_text(sources_text(question, mirrors, keyring))
        carried = carried_settings(tool_output(["apt-config", "dump"]))
        (folder / "apt.conf").write_text(settings_text(folder, question.architecture) + carried)

    def update(self) -> None:
        """Fetch the indexes; raises `Unavailable` naming what apt says."""
        done = self._run(["apt-get", "update", "--error-on=any"], _UPDATE_TIME_LIMIT_S)
        if done.returncode == 0:
            return
        said = _complaints(done.stderr)
        hint = "Check the network, or name another mirror with MIRROR= (and SECURITY_MIRROR=)."
        if re.search(
            r"NO_PUBKEY|not signed|signatures? (?:couldn't|could not|were invalid)", said, re.IGNORECASE
        ):
            hint = f"The keyring must know {RELEASE}; bring debian-archive-keyring up to date."
        where = f"{self._mirrors.main} and {self._mirrors.security}"
        raise Unavailable(
            f"the indexes of {where} could not be read: {said}", hint=hint, code="resolve.update"
        )

    def solve(self, name: str, packages: Sequence[str]) -> tuple[Deb, ...]:
        """What the packages need; raises `NotFound` or `InvalidInput` naming what apt says."""
        wanted = list(dict.fromkeys((*self._question.base, *packages)))
        done = self._run(["apt-get", "install", "--print-uris", "--yes", *wanted], _SOLVE_TIME_LIMIT_S)
        if done.returncode != 0:
            said = _complaints(done.stderr) or _complaints(done.stdout)
            unknown = re.findall(
                r"Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation", said
            )
            if unknown:
                names = ", ".join(sorted({first or second for first, second in unknown}))
                raise NotFound(
                    f"{RELEASE} ({self._question.architecture}) lacks packages of the set {name!r}: {names}",
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
        shown = self._run(["apt-cache", "show", "--no-all-versions", *asked], _SOLVE_TIME_LIMIT_S)
        if shown.returncode != 0:
            raise InvalidInput(f"apt-cache show: {_complaints(shown.stderr)}", code="resolve.answer")
        return pick(files, shown.stdout)

    def _run(self, command: Sequence[str], limit_s: float) -> subprocess.CompletedProcess[str]:
        # `env` and not this process's environment: the prefix may start from an empty one.
        words = [*self._prefix, "env", f"APT_CONFIG={self.folder / 'apt.conf'}", "LC_ALL=C", *command]
        try:
            return subprocess.run(
                words,
                env=dict(os.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=limit_s,
                check=False,
            )
        except OSError as error:
            raise Unavailable(f"{words[0]} cannot be run: {error.strerror}", code="resolve.tool") from error
        except subprocess.TimeoutExpired:
            raise Unavailable(
                f"{command[0]} {command[1]} took more than {limit_s:.0f} s",
                hint="Check the network, or name another mirror with MIRROR=.",
                code="resolve.slow",
            ) from None


def sources_text(question: Question, mirrors: Mirrors, keyring: Path) -> str:
    """The sources of the private root, in deb822 form."""
    stanzas = (
        (mirrors.main, f"{RELEASE} {RELEASE}-updates"),
        (mirrors.security, f"{RELEASE}-security"),
    )
    return "\n".join(
        f"Types: deb\nURIs: {address}\nSuites: {suites}\nComponents: {' '.join(question.components)}\n"
        f"Architectures: {question.architecture}\nSigned-By: {keyring}\n"
        for address, suites in stanzas
    )


def settings_text(folder: Path, architecture: str) -> str:
    """apt's settings of the private root; nothing below /etc/apt is read."""
    settings = {
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": f"{folder}/etc/parts",
        "Dir::Etc::sourcelist": f"{folder}/etc/debian.sources",
        "Dir::Etc::sourceparts": f"{folder}/etc/parts",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": f"{folder}/etc/parts",
        "Dir::Etc::trusted": "/dev/null",
        "Dir::Etc::trustedparts": f"{folder}/etc/parts",
        "Dir::State": str(folder),
        "Dir::State::lists": f"{folder}/lists",
        "Dir::State::status": f"{folder}/status",
        "Dir::Cache": f"{folder}/cache",
        "Dir::Log": f"{folder}/log",
        "APT::Architecture": architecture,
        "APT::Install-Recommends": "false",
        "APT::Install-Suggests": "false",
        # The private root belongs to this process alone.
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        # mkosi asks the same: apt itself is not essential on a box.
        "pkgCacheGen::ForceEssential": ",",
    }
    lines = [f'{name} "{value}";' for name, value in settings.items()]
    return "\n".join([*lines, f'APT::Architectures {{ "{architecture}"; }};', ""])


def carried_settings(apt_settings: str) -> str:
    """The lines of `apt-config dump` that say how this machine reaches an archive."""
    return "".join(f"{line}\n" for line in apt_settings.splitlines() if _CARRIED.match(line))


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
    for stanza in stanzas.split("\n\n"):
        fields = dict(_FIELD.findall(stanza))
        if not fields:
            continue
        deb = deb_of(fields)
        key = (deb.name, deb.version, deb.architecture)
        if described.setdefault(key, deb).sha256 != deb.sha256:
            raise InvalidInput(f"the mirrors have two different packages {deb}", code="resolve.answer")
    missing = [key for key in files if key not in described]
    if missing:
        raise InvalidInput(f"apt describes no package {' '.join(missing[0])}", code="resolve.answer")
    return tuple(described[key] for key in files)


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


def _complaints(text: str) -> str:
    lines = [
        line.strip()
        for line in text.splitlines()
        if re.match(r"\s*(E:|W:|Err:|Unsatisfied|\S+ : Depends)", line)
    ]
    return " ".join(lines)[:2000] or text.strip()[-500:]

"""A private root for apt: own sources, lists, cache and status in one folder.

Neither what is installed here nor this machine's pinning has a say; how it reaches the network has.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from buildimage.mirror import Mirrors, tool_output
from common.errors import NotFound, Unavailable

RELEASE = "trixie"
COMPONENTS = ("main", "non-free-firmware")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_UPDATE_TIME_LIMIT_S = 1800.0
# How this machine reaches the network is its own business, and so is how it takes an archive's clock.
_CARRIED = re.compile(
    r"Acquire::(?:https?::|Retries |ForceIPv|Check-Valid-Until |Check-Date )", re.IGNORECASE
)


class AptRoot:
    """apt with all it knows below one folder.

    Args:
        folder: made here, or left by an earlier run; apt then goes on with what it holds.
        architecture: Debian's word, the only one that is asked for.
        mirrors: where the indexes come from.
        keyring: signs the archive.
        components: of the archive.
        prefix: command before apt's tools, to run those of another root.

    Raises:
        NotFound: there is no such keyring.
        OSError: the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        architecture: str,
        mirrors: Mirrors,
        *,
        keyring: Path = KEYRING,
        components: Sequence[str] = COMPONENTS,
        prefix: Sequence[str] = (),
    ) -> None:
        if not keyring.is_file():
            raise NotFound(
                f"there is no keyring {keyring}",
                hint="Install it: apt-get install debian-archive-keyring",
                code="resolve.keyring",
            )
        # apt reads relative paths of its own way.
        self.folder = folder = folder.resolve()
        self._mirrors = mirrors
        self._prefix = tuple(prefix)
        for each in ("lists/partial", "cache/archives/partial", "etc/parts", "log"):
            (folder / each).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "etc/debian.sources").write_text(sources_text(architecture, mirrors, keyring, components))
        carried = carried_settings(tool_output(["apt-config", "dump"]))
        (folder / "apt.conf").write_text(settings_text(folder, architecture) + carried)

    @property
    def archives(self) -> Path:
        """Folder of its own for the packages it downloads."""
        return self.folder / "cache/archives"

    def update(self) -> None:
        """Fetch the indexes; raises `Unavailable` naming what apt says."""
        done = self.run(["apt-get", "update", "--error-on=any"], _UPDATE_TIME_LIMIT_S)
        if done.returncode == 0:
            return
        said = complaints(done.stderr)
        hint = "Check the network, or name another mirror with MIRROR= (and SECURITY_MIRROR=)."
        if re.search(
            r"NO_PUBKEY|not signed|signatures? (?:couldn't|could not|were invalid)", said, re.IGNORECASE
        ):
            hint = f"The keyring must know {RELEASE}; bring debian-archive-keyring up to date."
        raise Unavailable(
            f"the indexes of {self._mirrors} could not be read: {said}", hint=hint, code="resolve.update"
        )

    def command(self, words: Sequence[str]) -> list[str]:
        """The command line that runs one of apt's tools in this root."""
        # `env` and not this process's environment: the prefix may start from an empty one.
        return [*self._prefix, "env", f"APT_CONFIG={self.folder / 'apt.conf'}", "LC_ALL=C", *words]

    def run(self, words: Sequence[str], limit_s: float) -> subprocess.CompletedProcess[str]:
        """Run one of apt's tools to its end; raises `Unavailable` where it is missing or takes too long."""
        line = self.command(words)
        try:
            return subprocess.run(
                line,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=limit_s,
                check=False,
            )
        except OSError as error:
            raise Unavailable(f"{line[0]} cannot be run: {error.strerror}", code="resolve.tool") from error
        except subprocess.TimeoutExpired:
            raise Unavailable(
                f"{words[0]} {words[1]} took more than {limit_s:.0f} s",
                hint="Check the network, or name another mirror with MIRROR=.",
                code="resolve.slow",
            ) from None


def sources_text(
    architecture: str, mirrors: Mirrors, keyring: Path, components: Sequence[str] = COMPONENTS
) -> str:
    """The sources of the private root, in deb822 form."""
    stanzas = (
        (mirrors.main, f"{RELEASE} {RELEASE}-updates"),
        (mirrors.security, f"{RELEASE}-security"),
    )
    return "\n".join(
        f"Types: deb\nURIs: {address}\nSuites: {suites}\nComponents: {' '.join(components)}\n"
        f"Architectures: {architecture}\nSigned-By: {keyring}\n"
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


def complaints(text: str) -> str:
    """What apt complains of in its output, in one bounded line."""
    lines = [
        line.strip()
        for line in text.splitlines()
        if re.match(r"\s*(E:|W:|Err:|Unsatisfied|\S+ : Depends)", line)
    ]
    return " ".join(lines)[:2000] or text.strip()[-500:]

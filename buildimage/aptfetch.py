"""Fetching locked packages from Debian's mirrors by apt, the ordinary client for them.

apt brings proxies, authentication, retries and signed indexes. Its root lies below the store's folder for
what is under way and stays there after an interruption, so that no package is fetched twice; it goes when
all is done.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from buildimage.aptroot import KEYRING, AptRoot, complaints
from buildimage.download import digest_of
from buildimage.locks import Deb
from buildimage.mirror import Mirrors
from buildimage.progress import Progress, silent
from buildimage.resolve import described_debs
from buildimage.store import ContentStore, no_space, storage_errors
from common.errors import Unavailable

_SHOW_TIME_LIMIT_S = 600.0
#: Enough of apt's output to say what went wrong.
_MAX_SAID_LINES = 200
# apt's own errors go to lines of their own; see its progress-reporting document for this one.
_STATUS_LINE = re.compile(r"dlstatus:[0-9]+:([0-9.]+):")
_NO_SPACE = "No space left on device"
# Should this process be killed, apt must not go on writing below the next one's hands.
_TIED = ("setpriv", "--pdeathsig", "TERM")


@dataclass(frozen=True)
class Missing:
    """Why one package could not be had.

    Args:
        deb: the package.
        reasons: what each place that was asked has instead, or how it failed; plain absence gives none.
        gone: every place has answered, so asking again will not help.
    """

    deb: Deb
    reasons: tuple[str, ...] = ()
    gone: bool = True

    def __str__(self) -> str:
        return str(self.deb) + (f" ({'; '.join(self.reasons)})" if self.reasons else "")


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Args:
        missing: the packages that are not in the store now.
        trouble: what apt says of mirrors that it could not read, a line each.
    """

    missing: tuple[Missing, ...]
    trouble: tuple[str, ...] = ()


def fetch(
    store: ContentStore,
    wanted: Sequence[Deb],
    mirrors: Mirrors,
    *,
    keyring: Path = KEYRING,
    progress: Progress = silent,
) -> Outcome:
    """Bring packages into the store that have the locked hash, in one run of apt for each architecture.

    Args:
        store: where to; nobody else fills it now.
        wanted: absent from the store.
        mirrors: whose indexes and packages are used.
        keyring: signs the indexes.
        progress: gets bytes of all that is wanted.

    Raises:
        NotFound: there is no keyring.
        InvalidInput: an index is not understood.
        StorageError: the disk is full or not writable.
    """
    missing: list[Missing] = []
    trouble: list[str] = []
    done, total = 0, sum(deb.size for deb in wanted)

    def advance(more: int) -> None:
        progress("fetching packages", done + more, total)

    for architecture, group in by_architecture(wanted).items():
        progress(f"reading the indexes for {architecture}", done, total)
        run = _Run(store, architecture, group, mirrors, keyring, advance)
        with storage_errors(store.root, total - done):
            try:
                missing += run.fetch()
            except Unavailable as error:
                # Another architecture, or an archive, may still help out.
                run.trouble = error.message
                missing += [Missing(deb, gone=False) for deb in run.left()]
        trouble += [run.trouble] if run.trouble else []
        done += sum(deb.size for deb in group)
    if missing and any(_NO_SPACE in text for text in (*trouble, *(str(each) for each in missing))):
        raise no_space(store.root, sum(each.deb.size for each in missing))
    return Outcome(tuple(missing), tuple(trouble))


def by_architecture(wanted: Iterable[Deb]) -> dict[str, list[Deb]]:
    """Packages by the architecture whose indexes are asked; all of them have those of ``all``."""
    wanted = list(wanted)
    own = sorted({deb.architecture for deb in wanted} - {"all"}) or ["amd64"]
    groups: dict[str, list[Deb]] = {each: [] for each in own}
    for deb in wanted:
        groups[own[0] if deb.architecture == "all" else deb.architecture].append(deb)
    return {architecture: group for architecture, group in groups.items() if group}


def arrived(store: ContentStore) -> int:
    """Bytes of packages that an interrupted run has left."""
    return sum(file.stat().st_size for file in store.root.glob("partial/apt-*/cache/archives/*.deb"))


class _Run:
    """One architecture's packages."""

    def __init__(
        self,
        store: ContentStore,
        architecture: str,
        wanted: Sequence[Deb],
        mirrors: Mirrors,
        keyring: Path,
        advance: Callable[[int], None],
    ) -> None:
        self.trouble = ""
        self._store = store
        self._folder = store.root / "partial" / f"apt-{architecture}"
        self._architecture = architecture
        self._wanted = wanted
        self._mirrors = mirrors
        self._keyring = keyring
        self._advance = advance

    def left(self) -> list[Deb]:
        """What is not in the store."""
        return [deb for deb in self._wanted if self._store.get(deb.sha256, deb.size) is None]

    def fetch(self) -> list[Missing]:
        root = AptRoot(self._folder, self._architecture, self._mirrors, keyring=self._keyring)
        # The store sweeps out what nobody has touched for a day.
        self._folder.touch()
        self._adopt(root.archives)
        missing: list[Missing] = []
        if self.left():
            missing = self._ask(root)
        if not missing:
            shutil.rmtree(self._folder)
        return missing

    def _ask(self, root: AptRoot) -> list[Missing]:
        try:
            root.update()
        except Unavailable as error:
            # Of two mirrors the other may have answered, and then apt has its indexes.
            self.trouble = error.message
        offered = _offered(root, self.left())
        missing: list[Missing] = []
        there: list[Deb] = []
        for deb in self.left():
            hashes = offered.get((deb.name, deb.version, deb.architecture), set())
            if deb.sha256 in hashes:
                there.append(deb)
            elif hashes:
                missing.append(Missing(deb, (f"{self._mirrors}: other content than locked",)))
            else:
                missing.append(Missing(deb, gone=not self.trouble))
        if there:
            said = self._download(root, there)
            self._adopt(root.archives)
            lost = set(self.left()).intersection(there)
            missing += [Missing(deb, (_about(deb, said),), gone=False) for deb in there if deb in lost]
        return missing

    def _download(self, root: AptRoot, debs: Sequence[Deb]) -> list[str]:
        """Let apt download; what it says."""
        before = sum(deb.size for deb in self._wanted) - sum(deb.size for deb in self.left())
        total = sum(deb.size for deb in debs)
        names = [f"{deb.name}={deb.version}" for deb in debs]
        words = [*_TIED, *root.command(["apt-get", "download", "-q=2", "-o", "APT::Status-Fd=1", *names])]
        said: deque[str] = deque(maxlen=_MAX_SAID_LINES)
        try:
            process = subprocess.Popen(
                words,
                cwd=root.archives,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise Unavailable(f"{words[0]} cannot be run: {error.strerror}", code="resolve.tool") from error
        with process:
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    if match := _STATUS_LINE.match(line):
                        # The last byte is counted when the store has it.
                        self._advance(before + min(int(float(match.group(1)) / 100 * total), total - 1))
                    else:
                        said.append(line.strip())
            except BaseException:
                process.terminate()
                raise
        return list(said)

    def _adopt(self, archives: Path) -> None:
        """Move what is complete into the store, and remove what only looks so."""
        named = {(deb.name, deb.version, deb.architecture): deb for deb in self._wanted}
        for file in sorted(archives.glob("*.deb")):
            name, _, rest = unquote(file.name).removesuffix(".deb").partition("_")
            version, _, architecture = rest.rpartition("_")
            deb = named.get((name, version, architecture))
            if deb is None or file.stat().st_size != deb.size:
                continue
            # apt takes a file of the right size for the package; only a hash tells.
            if digest_of(file) == deb.sha256:
                self._store.adopt(file, deb.sha256)
            else:
                file.unlink()
        self._advance(sum(deb.size for deb in self._wanted) - sum(deb.size for deb in self.left()))


def _offered(root: AptRoot, debs: Sequence[Deb]) -> dict[tuple[str, str, str], set[str]]:
    """Hashes that the indexes have by name, version and architecture; of packages that are wanted alone."""
    # Names without versions: apt leaves out what it does not have, instead of refusing all.
    names = sorted({deb.name for deb in debs})
    shown = root.run(["apt-cache", "show", "--all-versions", *names], _SHOW_TIME_LIMIT_S)
    if shown.returncode != 0 and "No packages found" not in shown.stderr:
        raise Unavailable(f"apt-cache show: {complaints(shown.stderr)}", code="resolve.answer")
    found: dict[tuple[str, str, str], set[str]] = {}
    for deb in described_debs(shown.stdout):
        found.setdefault((deb.name, deb.version, deb.architecture), set()).add(deb.sha256)
    return found


def _about(deb: Deb, said: Sequence[str]) -> str:
    """What apt has said of one package, else all of it."""
    own = [line for line in said if f"/{deb.name}_" in line]
    return complaints("\n".join(own or said)) or "apt has not fetched it"

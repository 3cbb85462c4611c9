"""A local apt repository of exactly what a lock names, made of links into the store.

Layout: `pool/<file>.deb`, `dists/trixie/main/binary-<architecture>/Packages[.gz]`, `dists/trixie/Release`.
It is not signed: every file in it was just compared with its lock, and it never leaves the machine.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from buildimage.errors import Damaged
from buildimage.locks import Deb
from buildimage.progress import Progress, silent
from buildimage.store import ContentStore, storage_errors
from common.errors import InvalidInput, NotFound, Unavailable

SUITE = "trixie"
COMPONENT = "main"
#: Debian's longest control stanza has some 30 kB.
MAX_CONTROL_BYTES = 1 << 20
_ORIGIN = b"Origin: Sotto\n"
_TIME_LIMIT_S = 60.0
_THREADS = 2
# What the index says of the file itself; a package's own word for it does not count.
_INDEX_FIELDS = frozenset({"filename", "size", "sha256", "sha1", "md5sum", "sha512"})


def build_repository(
    store: ContentStore,
    debs: Sequence[Deb],
    target: Path,
    architecture: str,
    epoch: int,
    progress: Progress = silent,
) -> Path:
    """Make the repository anew at `target`; the same lock and epoch give the same bytes.

    Args:
        store: has every package of `debs`.
        debs: of `architecture` or of all.
        target: replaced as a whole, if it is such a repository or absent.
        architecture: Debian's word, ``amd64`` or ``arm64``.
        epoch: the date in Release, seconds since 1970.
        progress: gets packages.

    Raises:
        NotFound: a package is not in the store.
        InvalidInput: `target` is something else, or a package has another architecture.
        Damaged: a package is not what its lock says.
        StorageError: the disk is full or not writable.
    """
    foreign = [deb for deb in debs if deb.architecture not in (architecture, "all")]
    if foreign:
        raise InvalidInput(f"{foreign[0]} is not for {architecture}", code="aptrepo.architecture")
    _check_target(target)
    with storage_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            _write(store, sorted(debs, key=lambda deb: deb.filename), scratch, architecture, epoch, progress)
            # A build that runs as another user in a namespace reads it too.
            scratch.chmod(0o755)
            if target.exists():
                shutil.rmtree(target)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target


def control_stanza(store: ContentStore, deb: Deb) -> str:
    """The control fields of a package in the store, kept beside it in `<store>/control` once read.

    Raises:
        NotFound: it is not in the store.
        Damaged: it is not the package that the lock names.
        Unavailable: dpkg-deb is missing.
    """
    cached = store.root / "control" / deb.sha256[:2] / deb.sha256
    try:
        kept = cached.read_bytes()
        sha256, _, stanza = kept.decode().partition("\n")
        if hashlib.sha256(stanza.encode()).hexdigest() == sha256 and _describes(stanza, deb):
            return stanza
    except (OSError, UnicodeDecodeError):
        pass
    path = store.get(deb.sha256, deb.size)
    if path is None:
        raise NotFound(f"{deb} is not in the store", hint="Fill the store first.", code="aptrepo.missing")
    stanza = _read_control(path, deb)
    if not _describes(stanza, deb):
        raise Damaged(
            f"{deb} calls itself something else than its lock does",
            hint="Make the lock anew: make image-lock",
            code="aptrepo.control",
        )
    with storage_errors(store.root):
        cached.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=cached.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(f"{hashlib.sha256(stanza.encode()).hexdigest()}\n{stanza}")
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(cached)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    return stanza


def _write(
    store: ContentStore, debs: Sequence[Deb], root: Path, architecture: str, epoch: int, progress: Progress
) -> None:
    pool = root / "pool"
    binary = root / "dists" / SUITE / COMPONENT / f"binary-{architecture}"
    pool.mkdir()
    binary.mkdir(parents=True)
    with ThreadPoolExecutor(_THREADS) as threads:
        stanzas = list(threads.map(lambda deb: control_stanza(store, deb), debs))
    entries: list[str] = []
    for number, (deb, stanza) in enumerate(zip(debs, stanzas, strict=True), start=1):
        path = store.get(deb.sha256, deb.size)
        if path is None:
            raise NotFound(f"{deb} is not in the store", hint="Fill the store first.", code="aptrepo.missing")
        link_or_copy(path, pool / deb.filename)
        entries.append(f"{stanza}Filename: pool/{deb.filename}\nSize: {deb.size}\nSHA256: {deb.sha256}\n")
        progress("laying out the packages", number, len(debs))
    index = "\n".join(entries).encode()
    (binary / "Packages").write_bytes(index)
    (binary / "Packages.gz").write_bytes(gzip.compress(index, mtime=0))
    release = root / "dists" / SUITE / "Release"
    release.write_text(_release(release.parent, architecture, epoch))


def _release(folder: Path, architecture: str, epoch: int) -> str:
    date = datetime.fromtimestamp(epoch, UTC).strftime("%a, %d %b %Y %H:%M:%S UTC")
    lines = [
        _ORIGIN.decode().rstrip(),
        "Label: Sotto",
        f"Suite: {SUITE}",
        f"Codename: {SUITE}",
        f"Date: {date}",
        f"Architectures: {architecture}",
        f"Components: {COMPONENT}",
        "Description: exactly what the lock names",
        "SHA256:",
    ]
    for file in sorted(folder.glob("*/*/Packages*")):
        data = file.read_bytes()
        lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {file.relative_to(folder)}")
    return "\n".join(lines) + "\n"


def _check_target(target: Path) -> None:
    # Whatever its suite was called when it was made.
    if not target.exists() or any(_is_ours(release) for release in target.glob("dists/*/Release")):
        return
    if target.is_dir() and not any(target.iterdir()):
        return
    raise InvalidInput(
        f"{target} is in the way: it is not a package repository of ours",
        hint="Move it away; nothing was changed.",
        code="aptrepo.target",
    )


def _is_ours(release: Path) -> bool:
    with release.open("rb") as stream:
        return stream.read(len(_ORIGIN)) == _ORIGIN


def link_or_copy(source: Path, target: Path) -> None:
    """A hard link, or a copy where the file system has none or it is another one."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        shutil.copyfile(source, target)
        target.chmod(0o444)


def _describes(stanza: str, deb: Deb) -> bool:
    fields = dict(re.findall(r"^(Package|Version|Architecture): (.*)$", stanza, re.MULTILINE))
    return stanza.endswith("\n") and fields == {
        "Package": deb.name,
        "Version": deb.version,
        "Architecture": deb.architecture,
    }


def _read_control(path: Path, deb: Deb) -> str:
    try:
        done = subprocess.run(
            ["dpkg-deb", "-f", str(path)],
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except FileNotFoundError:
        raise Unavailable("dpkg-deb is missing", hint="apt-get install dpkg", code="aptrepo.dpkg") from None
    except subprocess.TimeoutExpired:
        raise Damaged(
            f"dpkg-deb cannot read {deb} in {_TIME_LIMIT_S:.0f} s", code="aptrepo.control"
        ) from None
    if done.returncode != 0 or not done.stdout.strip() or len(done.stdout) > MAX_CONTROL_BYTES:
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise Damaged(f"{deb} is not a Debian package: {said}", code="aptrepo.control")
    return _one_stanza(done.stdout.decode(errors="replace"))


def _one_stanza(text: str) -> str:
    """The fields alone: an empty line or one of the index's fields would start or change an entry."""
    kept: list[str] = []
    dropping = False
    for line in text.splitlines():
        if not line.strip():
            continue
        if not line.startswith((" ", "\t")):
            dropping = line.partition(":")[0].lower() in _INDEX_FIELDS
        if not dropping:
            kept.append(line)
    return "\n".join(kept) + "\n"

"""Locks: which bytes go in, one package a line, sorted, without any address.

A line of a .deb lock is `name version architecture sha256 size component/source`, one of a wheel lock is
`filename sha256`. Where a package comes from is the business of `mirror`; what it is, is said here alone.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from common.errors import InvalidInput, NotFound, StorageError, TooLarge

#: Ten times what an image of two thousand packages needs.
MAX_LOCK_BYTES = 4 << 20
#: No package of Debian comes near; a larger figure is a typing error.
MAX_PACKAGE_BYTES = 4 << 30

# Debian Policy 5.6.7 and 5.6.12; a name is used in paths, so nothing else may pass.
_NAME = re.compile(r"[a-z0-9][a-z0-9+.\-]+\Z")
_VERSION = re.compile(r"(?:[0-9]+:)?[0-9A-Za-z][0-9A-Za-z.+~\-]*\Z")
_ARCHITECTURE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_COMPONENT = re.compile(r"[a-z][a-z\-]*\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_SIZE = re.compile(r"[1-9][0-9]{0,11}\Z")
# PEP 427: name, version, optional build, Python, ABI and platform tags.
_WHEEL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._]*-[A-Za-z0-9_.!+]+(?:-[0-9][A-Za-z0-9_.]*)?(?:-[A-Za-z0-9_.]+){3}\.whl\Z"
)

_REMAKE = "Locks are not written by hand; make them anew with: make image-lock"
_DEB_HEAD = "# Debian packages: name version architecture sha256 size component/source\n"
_WHEEL_HEAD = "# Python wheels: filename sha256\n"


@dataclass(frozen=True)
class Deb:
    """One binary package, by its content.

    Args:
        name: binary package name.
        version: with epoch, as dpkg compares it.
        architecture: Debian's word: ``amd64``, ``arm64`` or ``all``.
        sha256: of the .deb file, 64 lower-case hexadecimal digits.
        size: of the .deb file, in bytes.
        source: the folder of the pool it lies in, which is the source package's name.
        component: ``main``, ``non-free-firmware``, ...

    Raises:
        InvalidInput: a field cannot be what it should be.
    """

    name: str
    version: str
    architecture: str
    sha256: str
    size: int
    source: str
    component: str

    def __post_init__(self) -> None:
        for what, value, pattern in (
            ("package name", self.name, _NAME),
            ("version", self.version, _VERSION),
            ("architecture", self.architecture, _ARCHITECTURE),
            ("sha256", self.sha256, _SHA256),
            ("source package", self.source, _NAME),
            ("component", self.component, _COMPONENT),
        ):
            if not pattern.match(value):
                raise InvalidInput(f"{value!r} is not a {what}", code="lock.field")
        if not 0 < self.size <= MAX_PACKAGE_BYTES:
            raise InvalidInput(f"{self.size} is not the size of a package in bytes", code="lock.field")

    @property
    def filename(self) -> str:
        """The file's name in a pool, where versions go without their epoch."""
        return f"{self.name}_{self.version.partition(':')[2] or self.version}_{self.architecture}.deb"

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.architecture})"


@dataclass(frozen=True)
class Wheel:
    """One Python wheel, by its content.

    Raises:
        InvalidInput: the file name is not one of a wheel, or the hash is none.
    """

    filename: str
    sha256: str

    def __post_init__(self) -> None:
        if len(self.filename) > 255 or not _WHEEL.match(self.filename):
            raise InvalidInput(f"{self.filename!r} is not the file name of a wheel", code="lock.field")
        if not _SHA256.match(self.sha256):
            raise InvalidInput(f"{self.sha256!r} is not a sha256", code="lock.field")

    @property
    def name(self) -> str:
        """The distribution's name as indexes compare it (PEP 503)."""
        return normalised_name(self.filename.split("-", 1)[0])

    @property
    def version(self) -> str:
        """The distribution's version."""
        return self.filename.split("-")[1]

    def __str__(self) -> str:
        return self.filename


Locked = TypeVar("Locked", Deb, Wheel)


def normalised_name(name: str) -> str:
    """A Python distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_debs(path: Path) -> tuple[Deb, ...]:
    """Read a lock of .deb packages, in the order of the file.

    Raises:
        NotFound: there is no such lock.
        InvalidInput: a line cannot be used, or a package stands there twice; names file and line.
        TooLarge: the file is above `MAX_LOCK_BYTES`.
        StorageError: the file cannot be read.
    """
    return _read(path, _deb_of, _deb_key)


def read_wheels(path: Path) -> tuple[Wheel, ...]:
    """Read a lock of wheels; raises as `read_debs` does."""
    return _read(path, _wheel_of, _wheel_key)


def write_debs(path: Path, debs: Iterable[Deb]) -> None:
    """Write a lock sorted by name, at once or not at all.

    Raises:
        InvalidInput: a package stands there twice with different content.
        StorageError: the file cannot be written.
    """
    lines = (
        f"{deb.name} {deb.version} {deb.architecture} {deb.sha256} {deb.size} {deb.component}/{deb.source}\n"
        for deb in _sorted(debs, _deb_key)
    )
    _write(path, _DEB_HEAD + "".join(lines))


def write_wheels(path: Path, wheels: Iterable[Wheel]) -> None:
    """Write a lock sorted by file name; raises as `write_debs` does."""
    lines = (f"{wheel.filename} {wheel.sha256}\n" for wheel in _sorted(wheels, _wheel_key))
    _write(path, _WHEEL_HEAD + "".join(lines))


def changes(old: Sequence[Locked], new: Sequence[Locked]) -> tuple[str, ...]:
    """What is different, a line a package, sorted by name.

    The same version with other bytes is named too: somebody has rebuilt it, which deserves a look.
    """
    lines: list[tuple[str, str]] = []
    before, after = _by_name(old), _by_name(new)
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None and now is not None:
            lines.append((name, f"added {name} {now.version}"))
        elif now is None and was is not None:
            lines.append((name, f"removed {name} {was.version}"))
        elif was is not None and now is not None and was.version != now.version:
            lines.append((name, f"updated {name} {was.version} -> {now.version}"))
        elif was is not None and now is not None and was.sha256 != now.sha256:
            lines.append((name, f"rebuilt {name} {now.version}: same version, other content"))
    return tuple(line for _, line in lines)


def _by_name(locked: Sequence[Locked]) -> dict[str, Locked]:
    return {item.name: item for item in locked}


def _deb_key(deb: Deb) -> str:
    return f"{deb.name} ({deb.architecture})"


def _wheel_key(wheel: Wheel) -> str:
    return wheel.name


def _deb_of(line: str) -> Deb:
    fields = line.split(" ")
    if len(fields) != 6:
        raise InvalidInput("expected: name version architecture sha256 size component/source")
    name, version, architecture, sha256, size, place = fields
    component, slash, source = place.partition("/")
    if not slash:
        raise InvalidInput(f"{place!r} is not component/source")
    if not _SIZE.match(size):
        raise InvalidInput(f"{size!r} is not a size in bytes")
    return Deb(name, version, architecture, sha256, int(size), source, component)


def _wheel_of(line: str) -> Wheel:
    fields = line.split(" ")
    if len(fields) != 2:
        raise InvalidInput("expected: filename sha256")
    return Wheel(*fields)


def _read(path: Path, parse: Callable[[str], Locked], key: Callable[[Locked], str]) -> tuple[Locked, ...]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_LOCK_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(
            f"there is no lock {path}", hint="Make it with: make image-lock", code="lock.none"
        ) from None
    except OSError as error:
        raise StorageError(f"the lock {path} cannot be read: {error.strerror}", code="lock.read") from error
    if len(data) > MAX_LOCK_BYTES:
        raise TooLarge(f"the lock {path} is larger than {MAX_LOCK_BYTES} bytes", code="lock.too-large")
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        where = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{path}:{where}: not plain ASCII text", hint=_REMAKE, code="lock.line") from None
    found: dict[str, Locked] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line.startswith("#"):
            continue
        try:
            item = parse(line)
            if key(item) in found:
                raise InvalidInput(f"{key(item)} stands here twice")
        except InvalidInput as error:
            raise InvalidInput(f"{path}:{number}: {error.message}", hint=_REMAKE, code="lock.line") from None
        found[key(item)] = item
    return tuple(found.values())


def _sorted(items: Iterable[Locked], key: Callable[[Locked], str]) -> list[Locked]:
    found: dict[str, Locked] = {}
    for item in items:
        if found.setdefault(key(item), item) != item:
            raise InvalidInput(
                f"{key(item)} is to be locked twice: {found[key(item)]} and {item}", code="lock.twice"
            )
    return [found[each] for each in sorted(found)]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as stream:
                stream.write(text)
                os.fchmod(stream.fileno(), 0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(
            f"the lock {path} cannot be written: {error.strerror}", code="lock.write"
        ) from error

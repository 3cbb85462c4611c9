"""All inputs of an image: which locks there are, how they are made anew, how the store is filled for them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildimage.aptroot import KEYRING
from buildimage.boards.read import read_boards
from buildimage.fill import fill
from buildimage.lists import read_list, read_lists
from buildimage.locks import (
    Deb,
    Wheel,
    changes,
    read_debs,
    read_wheels,
    write_debs,
    write_wheels,
)
from buildimage.mirror import Mirrors, find_mirrors
from buildimage.progress import Progress, silent
from buildimage.requirements import Requirement, for_image, read_requirements
from buildimage.resolve import BASE, Question, resolve
from buildimage.store import ContentStore
from buildimage.wheels import PIP, fetch, lock_wheels
from common.errors import InvalidInput, NotFound, TooLarge

#: Our word for an architecture -> Debian's.
ARCHITECTURES = {"x86-64": "amd64", "arm64": "arm64"}
#: The tools run on the machine that builds, whatever the image is for.
TOOLS_ARCHITECTURE = "amd64"
#: What converting the models and generating the wire contract import; pinned in requirements/dev.lock.
CONVERTER = (
    "flatbuffers",
    "grpcio",
    "grpcio-tools",
    "ml-dtypes",
    "numpy",
    "onnx",
    "onnxruntime",
    "packaging",
    "protobuf",
    "setuptools",
    "typing-extensions",
)
#: Models are converted on the machine that builds, and their wheels are unpacked for data alone.
_HOST = "x86-64"


@dataclass(frozen=True)
class Locks:
    """The locks of one checkout, by path."""

    folder: Path

    @classmethod
    def of(cls, repository: Path) -> Locks:
        """Those of a checkout."""
        return cls(repository / "buildimage" / "locks")

    @property
    def tools(self) -> Path:
        """Packages of the tools tree."""
        return self.folder / "tools.lock"

    @property
    def models(self) -> Path:
        """Wheels that carry models, for every architecture."""
        return self.folder / "models.lock"

    @property
    def converter(self) -> Path:
        """Wheels of the environment that converts models."""
        return self.folder / "convert.lock"

    def debs(self, architecture: str) -> Path:
        """Packages of the image and its initrd."""
        return self.folder / f"debs-{checked(architecture)}.lock"

    def wheels(self, architecture: str) -> Path:
        """Wheels of the image."""
        return self.folder / f"wheels-{checked(architecture)}.lock"


def checked(architecture: str) -> str:
    """`architecture` itself; raises `InvalidInput` where it is neither ``x86-64`` nor ``arm64``."""
    if architecture not in ARCHITECTURES:
        raise InvalidInput(
            f"ARCH={architecture} is not known", hint="It is x86-64 or arm64.", code="inputs.architecture"
        )
    return architecture


def package_sets(repository: Path, architecture: str) -> dict[str, tuple[str, ...]]:
    """The image's and the initrd's packages by the names of the sets, from rootfs/packages.

    A board that names packages in its file has a set under its name.

    Raises as `lists.read_list` does, and `InvalidInput` for an unknown architecture.
    """
    folder = repository / "rootfs" / "packages"
    image = (folder / f"{name}.list" for name in ("image", "firmware", checked(architecture)))
    sets = {"image": read_lists(image), "initrd": read_list(folder / "initrd.list")}
    for board in read_boards(repository / "buildimage" / "boards").values():
        if board.arch == architecture and board.packages:
            sets[board.name] = board.packages
    return sets


def lock_all(
    repository: Path,
    store: ContentStore,
    *,
    mirrors: Mirrors | None = None,
    prefix: Sequence[str] = (),
    pip: Sequence[str] = PIP,
    keyring: Path = KEYRING,
    workdir: Path | None = None,
    progress: Progress = silent,
) -> dict[str, tuple[str, ...]]:
    """Resolve everything anew, then write the locks; where something cannot be resolved none is touched.

    Args:
        repository: the checkout.
        store: gets the wheels.
        mirrors: of Debian; None asks the environment and this machine's apt.
        prefix: command before apt's tools, see `resolve.resolve`.
        pip: its command line.
        keyring: signs Debian's archive.
        workdir: for temporary files, see `resolve.resolve`.
        progress: a step for each thing asked.

    Returns:
        What changed, a line a package, by the name of the lock.
    """
    mirrors = mirrors or find_mirrors()
    tools = read_list(repository / "buildimage" / "mkosi" / "tools.list")
    questions = {Locks.of(repository).tools: Question(TOOLS_ARCHITECTURE, {"tools": tools}, (*BASE, "apt"))}
    for ours, debian in ARCHITECTURES.items():
        questions[Locks.of(repository).debs(ours)] = Question(debian, package_sets(repository, ours))
    debs = {
        path: resolve(question, mirrors, prefix=prefix, keyring=keyring, workdir=workdir, progress=progress)
        for path, question in questions.items()
    }
    wheels = lock_python(repository, store, pip=pip, progress=progress)
    report: dict[str, tuple[str, ...]] = {}
    for path, new_debs in debs.items():
        report[path.name] = changes(_old_debs(path), new_debs)
        write_debs(path, new_debs)
    for path, new_wheels in wheels.items():
        report[path.name] = changes(_old_wheels(path), new_wheels)
        write_wheels(path, new_wheels)
    return report


def lock_python(
    repository: Path, store: ContentStore, *, pip: Sequence[str] = PIP, progress: Progress = silent
) -> dict[Path, tuple[Wheel, ...]]:
    """The wheels of every lock, by its path; nothing is written but the store."""
    return {
        path: lock_wheels(store, requirements, architecture, pip, progress)
        for path, (requirements, architecture) in _python(repository).items()
    }


def _python(repository: Path) -> dict[Path, tuple[tuple[Requirement, ...], str]]:
    """What the lock of wheels at each path is made of, and for which architecture."""
    locks, folder = Locks.of(repository), repository / "requirements"
    run, models = read_requirements(folder / "run.lock"), read_requirements(folder / "models.lock")
    converter = for_image(read_requirements(folder / "dev.lock"), _HOST, CONVERTER)
    wanted = {locks.wheels(arch): (for_image(run, arch), arch) for arch in ARCHITECTURES}
    wanted[locks.models] = (for_image(models, _HOST), _HOST)
    wanted[locks.converter] = (converter, _HOST)
    return wanted


def fill_all(
    repository: Path,
    store: ContentStore,
    architecture: str,
    *,
    environment: Mapping[str, str] = os.environ,
    offline: bool = False,
    pip: Sequence[str] = PIP,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Make sure that the store has everything that is locked for one architecture, and is whole.

    Args:
        repository: the checkout.
        store: where to.
        architecture: ``x86-64`` or ``arm64``.
        environment: MIRROR=, SECURITY_MIRROR= and ARCHIVE= count.
        offline: open no socket.
        pip: its command line.
        progress: bytes of packages, then wheels.

    Returns:
        A line for each damaged object that was replaced.

    Raises:
        InvalidInput: a list or requirements/*.lock asks for what is not locked.
        SottoError: as `fill.fill` and `wheels.fetch` do; a lock that cannot be used as `locks.read_debs`.
    """
    locks = Locks.of(repository)
    debs = (*read_debs(locks.tools), *read_debs(locks.debs(architecture)))
    wheels = tuple(
        wheel
        for path in (locks.wheels(architecture), locks.models, locks.converter)
        for wheel in read_wheels(path)
    )
    _check_lists(repository, architecture)
    _check_python(repository, architecture)
    notes = fill(
        store,
        debs,
        lambda: find_mirrors(environment),
        archive=environment.get("ARCHIVE", ""),
        offline=offline,
        progress=progress,
    )
    return (*notes, *fetch(store, wheels, offline=offline, pip=pip, progress=progress))


def _check_lists(repository: Path, architecture: str) -> None:
    locks = Locks.of(repository)
    tools = read_list(repository / "buildimage" / "mkosi" / "tools.list")
    asked = {
        locks.tools: set(tools),
        locks.debs(architecture): set().union(*package_sets(repository, architecture).values()),
    }
    for path, names in asked.items():
        if lost := sorted(names - {deb.name for deb in read_debs(path)}):
            raise _stale(path, "the package lists ask for", lost)


def _check_python(repository: Path, architecture: str) -> None:
    """Compare with requirements/*.lock: an image must not keep the wheels of an older lock."""
    for path, (requirements, _) in _python(repository).items():
        if path.name.startswith("wheels-") and path != Locks.of(repository).wheels(architecture):
            continue
        locked = {wheel.name: wheel.sha256 for wheel in read_wheels(path)}
        wanted = {each.name: each.hashes for each in requirements}
        lost = {name for name, hashes in wanted.items() if locked.get(name) not in hashes}
        if lost or locked.keys() - wanted.keys():
            names = sorted(lost | (locked.keys() - wanted.keys()))
            raise _stale(path, "requirements/*.lock differ in", names)


def _stale(path: Path, what: str, names: Sequence[str]) -> InvalidInput:
    return InvalidInput(
        f"{path} is not up to date: {what} {', '.join(names)}",
        hint="Make it anew with: make image-lock",
        code="inputs.stale",
    )


def _old_debs(path: Path) -> tuple[Deb, ...]:
    # A lock that cannot be read is what this very command is the remedy for.
    try:
        return read_debs(path)
    except (NotFound, InvalidInput, TooLarge):
        return ()


def _old_wheels(path: Path) -> tuple[Wheel, ...]:
    try:
        return read_wheels(path)
    except (NotFound, InvalidInput, TooLarge):
        return ()

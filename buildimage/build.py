"""`make image`: from locks to artefacts, step by step; what is done and unchanged is not done again."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from buildimage import artefacts, bootfiles, host, keys, stage
from buildimage.aptrepo import build_repository
from buildimage.boards.board import Board
from buildimage.inputs import ARCHITECTURES, TOOLS_ARCHITECTURE, Locks, checked, fill_all, package_sets
from buildimage.locks import Wheel, read_debs, read_wheels
from buildimage.progress import show, silent
from buildimage.store import ContentStore
from buildimage.tools import Tools, make_tools
from common.errors import InvalidInput

#: The date of everything in the image, seconds since 1970; raised with each release of Sotto.
EPOCH = 1763769600
#: manylinux tags that trixie's C library (2.41) satisfies, and pure wheels.
_GLIBC = range(41, 4, -1)


@dataclass(frozen=True)
class Plan:
    """What is to be built.

    Attributes:
        repository: the checkout.
        build: folder of everything made, `build/image` by default.
        store: folder of the content-addressed store; may be shared by many checkouts.
        arch: "x86-64" or "arm64".
        version: of the image, as in its file names.
        offline: open no socket.
        keys: folder of the owner's keys, or None for an unsigned image.
        overlays: folders laid over everything else (tests make broken versions with them).
        board: of `arch`; brings files to the boot partition. None is the architecture's plain image.
    """

    repository: Path
    build: Path
    store: Path
    arch: str
    version: str
    offline: bool = False
    keys: Path | None = None
    overlays: tuple[Path, ...] = ()
    board: Board | None = None

    @property
    def out(self) -> Path:
        """Where the artefacts lie: also a directory to update from."""
        return self.build / (self.board.folder if self.board else self.arch)

    @property
    def work(self) -> Path:
        """Everything between locks and artefacts, and the logs."""
        return self.build / "work" / self.arch


@dataclass
class Clock:
    """Seconds that each step took, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step and say that it runs."""
        print(f"sotto: {name}", flush=True)
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 1)


def build(plan: Plan, quiet: bool = False) -> Path:
    """Build the image of `plan` and return the folder of its artefacts.

    Raises:
        SottoError: with what, where and what to do.
    """
    checked(plan.arch)
    check_version(plan.version)
    for overlay in plan.overlays:
        if not overlay.is_dir():
            raise InvalidInput(f"the overlay {overlay} is not a folder", code="build.overlay")
    host.prepare_host(plan.arch, plan.offline)
    with host.claim(plan.build):
        return _build(plan, quiet)


def _build(plan: Plan, quiet: bool) -> Path:
    host.require_space(plan.build)
    host.register_emulator(plan.arch)
    progress = silent if quiet else show
    clock = Clock()
    locks = Locks.of(plan.repository)
    store = ContentStore(plan.store)
    with clock.step("fetching what is locked"):
        for note in fill_all(plan.repository, store, plan.arch, offline=plan.offline, progress=progress):
            print(f"sotto: {note}", flush=True)
    with clock.step("making the tools tree"):
        tool_packages = build_repository(
            store, read_debs(locks.tools), plan.build / "work/tools-packages", TOOLS_ARCHITECTURE, EPOCH
        )
        tools = make_tools(
            plan.repository, tool_packages, plan.build / "work/tools", plan.build / "work/logs/tools.log"
        )
    with clock.step("converting the models"):
        models = _convert_models(plan, tools, store)
    with clock.step("laying out our own files"):
        _stage(plan, tools, store, models)
    with clock.step("installing packages, packing the slot"):
        build_repository(
            store, read_debs(locks.debs(plan.arch)), plan.work / "packages", ARCHITECTURES[plan.arch], EPOCH
        )
        _mkosi(plan, tools)
    with clock.step("checksums, bill of materials, report"):
        artefacts.finish(
            plan.work / "mkosi-out", plan.out, plan.version, plan.arch, tools, locks, plan.keys, clock.seconds
        )
    print(artefacts.summary(plan.out, clock.seconds), flush=True)
    return plan.out


def check_version(version: str) -> None:
    """Raises `InvalidInput` for a version that cannot stand in file names and partition labels."""
    allowed = set("0123456789abcdefghijklmnopqrstuvwxyz.~^-")
    # 36 UTF-16 units fit into a partition's label: sotto_<version>_verity.
    if not version[:1].isdigit() or set(version) - allowed or len(version) > 20:
        raise InvalidInput(
            f"VERSION={version!r} cannot be a version",
            hint="Digits, small letters and . ~ ^ -, a digit first, at most 20 characters, such as 1.2.0",
            code="build.version",
        )


def _place_wheels(store: ContentStore, wheels: tuple[Wheel, ...], folder: Path) -> None:
    """Link the locked wheels under their own names, as pip wants them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for wheel in wheels:
        source = store.get(wheel.sha256)
        assert source is not None, f"fill_all left {wheel.filename} out"
        shutil.copyfile(source, folder / wheel.filename)


def _install_wheels(plan: Plan, tools: Tools, wheels: Path, target: Path, arch: str) -> None:
    """Unpack wheels into `target`, a folder under the plan's work, for Python 3.13 of `arch`."""
    machine = {"x86-64": "x86_64", "arm64": "aarch64"}[arch]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC]
    platforms += [f"manylinux2014_{machine}", f"manylinux1_{machine}", "any"]
    command = [
        "python3", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile",
        "--break-system-packages", "--root-user-action=ignore", "--disable-pip-version-check",
        "--only-binary=:all:", "--python-version", "3.13", "--implementation", "cp",
        *(word for abi in ("cp313", "abi3", "none") for word in ("--abi", abi)),
        *(word for platform in platforms for word in ("--platform", platform)),
        "--target", f"/build/{target.relative_to(plan.build)}",
        *(f"/build/{wheel.relative_to(plan.build)}" for wheel in sorted(wheels.iterdir())),
    ]  # fmt: skip
    tools.run(command, binds={plan.build: "/build"}, log=plan.work / "logs/pip.log")


def _convert_models(plan: Plan, tools: Tools, store: ContentStore) -> Path:
    """The graphs the device runs, made inside the tools tree, so that they are the same everywhere."""
    locks = Locks.of(plan.repository)
    folder = plan.build / "work/models"
    done = folder / f"converted-by-{models_key(plan.repository, tools)}"
    if done.exists():
        return folder / "store"
    shutil.rmtree(folder, ignore_errors=True)
    _place_wheels(store, read_wheels(locks.models), folder / "wheels")
    _place_wheels(store, read_wheels(locks.converter), folder / "converter-wheels")
    _install_wheels(plan, tools, folder / "converter-wheels", folder / "python", "x86-64")
    code = folder / "code"
    stage.stage_code(plan.repository, code)
    tools.run(
        ["python3", "-c", _CONVERT],
        binds={plan.build: "/build"},
        cwd="/build/work/models",
        environment={
            "PYTHONPATH": "code:python",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": "/build/work/models/wheels",
        },
        log=plan.work / "logs/models.log",
    )
    done.touch()
    return folder / "store"


def models_key(repository: Path, tools: Tools) -> str:
    """Changes whenever the models must be converted anew: other models, other code or other tools."""
    locks = Locks.of(repository)
    inputs = [locks.models, locks.converter, repository / "requirements/models.lock"]
    # The tables say which files a model has, and which of them are only converted.
    folders = (repository / "assistant", repository / "common")
    inputs += sorted(
        path for folder in folders for end in ("py", "toml") for path in folder.rglob(f"*.{end}")
    )
    digest = hashlib.sha256(f"{tools.root.name}\n{_CONVERT}".encode())
    for path in inputs:
        digest.update(f"{path.relative_to(repository)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


#: Runs inside the tools tree with our packages and the converter's on its path.
_CONVERT = """
from pathlib import Path
from assistant.models.fetch import fetch
from assistant.models.prepare import prepare
from assistant.models.store import ModelStore
root = Path("store")
fetch(root, lock=Path("code/models.lock"))
prepare(ModelStore(root), portable=True)
"""


def _stage(plan: Plan, tools: Tools, store: ContentStore, models: Path) -> None:
    folder = plan.work / "stage"
    shutil.rmtree(folder, ignore_errors=True)
    tree = folder / "tree"
    tree.mkdir(parents=True)
    stage.stage_tree(plan.repository, tree)
    if plan.board:
        # mkosi.repart copies this folder to the boot partition, and leaves it out of the slot.
        bootfiles.place(plan.board, read_debs(Locks.of(plan.repository).debs(plan.arch)), store, tree / "efi")
    stage.stage_models(models, tree, plan.repository / "assistant/models/catalogue.toml")
    _place_wheels(store, read_wheels(Locks.of(plan.repository).wheels(plan.arch)), folder / "wheels")
    python = tree / stage.PYTHON
    _install_wheels(plan, tools, folder / "wheels", python, plan.arch)
    stage.drop_superfluous(python)
    stage.drop_other_languages(python)
    inside = f"/build/{python.relative_to(plan.build)}"
    proto = sorted(path.relative_to(python) for path in python.glob("services/proto/**/*.proto"))
    generate = ["python3", "-m", "grpc_tools.protoc", "-I", ".", "--python_out=.", "--grpc_python_out=."]
    log = plan.work / "logs/stage.log"
    tools.run(
        [*generate, *map(str, proto)],
        binds={plan.build: "/build"},
        cwd=inside,
        environment={"PYTHONPATH": "/build/work/models/python"},
        log=log,
    )
    # The root is read-only, so the byte code is made here; it is tied to the source by hash, not by date.
    tools.run(
        ["python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", inside,
         "-p", f"/{stage.PYTHON}", inside],
        binds={plan.build: "/build"},
        environment={"SOURCE_DATE_EPOCH": str(EPOCH), "PYTHONHASHSEED": "0"},
        log=log,
    )  # fmt: skip
    if plan.keys:
        keys.place_public_keys(plan.keys, tree)
    for overlay in plan.overlays:
        shutil.copytree(overlay, tree, dirs_exist_ok=True, symlinks=True)


def _mkosi(plan: Plan, tools: Tools) -> None:
    """Run mkosi on a copy of its configuration, completed by the package lists."""
    conf = plan.work / "mkosi"
    shutil.rmtree(conf, ignore_errors=True)
    stage.copy_tree(plan.repository / "buildimage/mkosi", conf)
    sets = package_sets(plan.repository, plan.arch)
    for folder, packages in ((conf, sets["image"]), (conf / "mkosi.images/initrd", sets["initrd"])):
        (folder / "mkosi.conf.d").mkdir(exist_ok=True)
        lines = "\n".join(f"    {package}" for package in packages)
        (folder / "mkosi.conf.d/10-packages.conf").write_text(f"[Content]\nPackages=\n{lines}\n")
    out = plan.work / "mkosi-out"
    for folder in (out, plan.work / "tmp"):
        shutil.rmtree(folder, ignore_errors=True)
    # A tree with its packages installed is kept, for one lock, architecture, configuration and set of tools.
    lock = Locks.of(plan.repository).debs(plan.arch)
    key = hashlib.sha256(tools.root.name.encode() + lock.read_bytes())
    for file in sorted(path for path in conf.rglob("*") if path.is_file()):
        key.update(file.read_bytes())
    # One folder deeper than needed: mkosi writes beside the folder it is given, too.
    cache = plan.work / "cache" / key.hexdigest()[:16] / "mkosi"
    for old in (plan.work / "cache").glob("*"):
        if old != cache.parent and old.is_dir():
            shutil.rmtree(old)
        elif old != cache.parent:
            old.unlink()
    for folder in (out, cache, plan.work / "tmp", plan.work / "cache-packages"):
        folder.mkdir(parents=True, exist_ok=True)
    inside = "/build/" + str(plan.work.relative_to(plan.build))
    command = [
        "mkosi", "--architecture", plan.arch, "--image-version", plan.version,
        "--local-mirror", f"file://{inside}/packages",
        "--output-directory", f"{inside}/mkosi-out", "--workspace-directory", f"{inside}/tmp",
        "--package-cache-dir", f"{inside}/cache-packages",
        "--cache-directory", f"/build/{cache.relative_to(plan.build)}", "--incremental=yes",
        "--extra-tree", f"{inside}/stage/tree",
        *keys.secure_boot_options(plan.keys), "--force", "build",
    ]  # fmt: skip
    binds = {plan.build: "/build"}
    if plan.keys:
        binds[plan.keys] = "/keys"
    log = plan.work / "logs/mkosi.log"
    log.unlink(missing_ok=True)
    tools.run(command, binds=binds, cwd=f"{inside}/mkosi", log=log)

"""The staging tree: everything of ours that lies on the device, laid over Debian's packages by mkosi."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path

#: Folder on the device that Python finds through sotto.pth.
PYTHON = Path("usr/lib/sotto/python")
MODELS = Path("usr/lib/sotto/models")
DOCS = Path("usr/share/doc/sotto")
#: Our packages.
PACKAGES = ("common", "assistant", "power", "services")
#: Parts of them that are for a workbench alone, and stay behind.
WORKBENCH = (
    Path("assistant/quantisation"),
    Path("services/bench/quantisable.py"),
    Path("services/bench/quantised.py"),
)
#: Parts of libraries that nothing on the device imports: tests, converters, headers. Checked by the
#: self-test of the booted image, which goes through every library.
SUPERFLUOUS = (
    "numpy/**/tests",
    "numpy/f2py",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/**/*.pyi",
    "onnxruntime/transformers",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/datasets",
    "onnxruntime/backend",
    "google/protobuf/**/*_test*",
    "_sounddevice_data",
    "bin",
)
#: Data of libraries, a file a language; only languages that the assistant has sentences for stay.
LANGUAGE_DATA = ("home_assistant_intents/data/*.json", "babel/locale-data/*.dat")
SENTENCES = Path("assistant/skills/sentences")


def stage_tree(repository: Path, target: Path) -> None:
    """Copy rootfs/, our packages, the licence and the pages an owner may want to `target`, with plain modes.

    Args:
        repository: the checkout.
        target: an empty or absent folder.
    """
    rootfs = repository / "rootfs"
    for source in _files(rootfs):
        place = source.relative_to(rootfs)
        if place.parts[0] != "packages":
            _copy(source, target / place)
    stage_code(repository, target / PYTHON)
    for page in [
        repository / "LICENSE",
        repository / "README.md",
        *sorted((repository / "docs").glob("*.md")),
    ]:
        _copy(page, target / DOCS / page.name)


def stage_code(repository: Path, target: Path) -> None:
    """Copy our own packages, without what is generated or `WORKBENCH`, and the lock of the models' wheels."""
    for package in PACKAGES:
        for source in _files(repository / package):
            place = source.relative_to(repository)
            if "_pb2" not in source.name and not any(place.is_relative_to(part) for part in WORKBENCH):
                _copy(source, target / place)
    _copy(repository / "requirements" / "models.lock", target / "models.lock")


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder to an absent one with plain modes, whatever umask the checkout was made under."""
    _folder(target)
    for each in _files(source):
        _copy(each, target / each.relative_to(source))


def stage_models(models: Path, target: Path, catalogue: Path) -> None:
    """Copy the converted graphs and the published files the device reads; what was only converted stays."""
    left_behind = set()
    with catalogue.open("rb") as stream:
        for model in tomllib.load(stream)["model"]:
            for file in model["file"]:
                if file.get("build_only"):
                    left_behind.add((model["name"], Path(file["path"]).name))
    for source in _files(models):
        place = source.relative_to(models)
        if place.parts[0] == "prepared" or place.parts[0].startswith(".") or place.parts in left_behind:
            continue
        _copy(source, target / MODELS / place)


def drop_superfluous(folder: Path, patterns: Iterable[str] = SUPERFLUOUS) -> int:
    """Remove what no daemon imports from a folder of installed wheels; returns the bytes saved."""
    saved = 0
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_dir() and not path.is_symlink():
                saved += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
                shutil.rmtree(path)
            elif path.exists():
                saved += path.lstat().st_size
                path.unlink()
    return saved


def drop_other_languages(folder: Path) -> int:
    """Remove data of languages without sentences in the assistant of `folder`; returns the bytes saved."""
    kept = {path.name for path in (folder / SENTENCES).iterdir()} | {"root"}
    others = [
        path
        for pattern in LANGUAGE_DATA
        for path in sorted(folder.glob(pattern))
        if re.split("[-_]", path.stem)[0] not in kept
    ]
    saved = sum(path.stat().st_size for path in others)
    for path in others:
        path.unlink()
    return saved


def _files(folder: Path) -> list[Path]:
    """Files and links below a folder of the checkout, sorted, without what another clone would not have.

    That is what Python, an editor or a desktop left, and empty folders, which git does not know.
    """
    paths = sorted(folder.rglob("*"))
    return [path for path in paths if (path.is_symlink() or not path.is_dir()) and not _is_debris(path)]


def _is_debris(path: Path) -> bool:
    return (
        "__pycache__" in path.parts
        or path.name.endswith(("~", ".swp", ".pyc", ".orig", ".rej"))
        or path.name.startswith((".#", ".DS_Store"))
    )


def _folder(path: Path) -> None:
    """Make a folder and its parents with mode 0755; those that are there stay as they are."""
    if not path.is_dir():
        _folder(path.parent)
        path.mkdir()
        path.chmod(0o755)


def _copy(source: Path, target: Path) -> None:
    """Copy one file or link; modes become 0755 or 0644 so that a umask leaves no trace."""
    _folder(target.parent)
    if source.is_symlink():
        target.symlink_to(source.readlink())
    else:
        shutil.copyfile(source, target)
        target.chmod(0o755 if source.stat().st_mode & 0o111 else 0o644)

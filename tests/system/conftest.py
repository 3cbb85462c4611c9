"""Built images, an owner, and boxes that boot the images."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildimage.vm import newest_image
from tests.system.box import Box
from tests.system.images import REPOSITORY, Images, with_keys

DISK_SIZE = "6G"
NAME = "Test Box"
_NEEDED = ("qemu-system-x86_64", "zstd", "mcopy", "ssh", "debugfs", "osslsigncode")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here boots an image: marked, so that `make test` leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.image)
            item.add_marker(pytest.mark.timeout(3600))


@pytest.fixture(scope="session")
def images() -> Images:
    """The owner's keys and the versions signed with them."""
    if os.geteuid() != 0:
        pytest.skip("images are built as root")
    missing = [name for name in _NEEDED if not shutil.which(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return with_keys()


@pytest.fixture(scope="session")
def version_1(images: Images) -> Path:
    """Artefacts of version 1."""
    return images.build("1")


@pytest.fixture(scope="session")
def version_2(images: Images) -> Path:
    """Artefacts of version 2, which differs in nothing but its number."""
    return images.build("2")


@pytest.fixture(scope="session")
def owner_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The owner's SSH key."""
    path = tmp_path_factory.mktemp("owner") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True)
    return path


@pytest.fixture(scope="session")
def setup_file(owner_key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sotto.toml of the tests."""
    path = tmp_path_factory.mktemp("setup") / "sotto.toml"
    public = owner_key.with_suffix(".pub").read_text().strip()
    path.write_text(f'name = "{NAME}"\ntimezone = "Europe/Berlin"\n\n[access]\nssh_keys = ["{public}"]\n')
    return path


def flash(image: Path, disk: Path, setup: Path) -> None:
    """Flash an image onto a larger file, as an owner does with a card."""
    subprocess.run(["truncate", "-s", DISK_SIZE, str(disk)], check=True)
    command = [sys.executable, str(REPOSITORY / "buildimage" / "flash"), "--yes", "--config", str(setup)]
    subprocess.run([*command, str(image), str(disk)], check=True)


BoxMaker = Callable[..., Box]


@pytest.fixture(scope="module")
def make_box(
    version_1: Path, owner_key: Path, setup_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BoxMaker]:
    """Makes boxes with version 1 flashed; all are switched off at the end."""
    boxes: list[Box] = []

    def make(folder: Path | None = None, kernel_words: str = "", **machine: object) -> Box:
        folder = folder or tmp_path_factory.mktemp("box")
        disk = folder / "disk.raw"
        if not disk.exists():
            flash(newest_image(version_1), disk, setup_file)
        box = Box(folder, disk, owner_key, kernel_words, **machine)
        boxes.append(box)
        return box

    yield make
    for box in boxes:
        box.pull_the_plug()
        box.disk.unlink(missing_ok=True)

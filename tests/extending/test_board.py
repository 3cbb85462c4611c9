"""A board is one TOML file in buildimage/boards."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.extending.copied import copy_tree, differences

_BOARD = """
about = "a board for a test"
arch = "arm64"
packages = ["u-boot-rpi"]

[[text]]
to = "config.txt"
content = "kernel=u-boot.bin"

[[file]]
package = "u-boot-rpi"
from = "usr/lib/u-boot/rpi_arm64/u-boot.bin"
to = "u-boot.bin"
"""
_PLACES = """
from pathlib import Path
from buildimage.inputs import package_sets
print(package_sets(Path.cwd(), "arm64")["toy"], "toy" in package_sets(Path.cwd(), "x86-64"))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    copy = copy_tree(tmp_path / "tree", "buildimage", "common", "rootfs", "Makefile", "pyproject.toml")
    (copy / "buildimage/boards/toy.toml").write_text(_BOARD)
    assert differences(copy) == {"buildimage/boards/toy.toml"}
    return copy


def _run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=60, check=False)


def test_make_lists_the_board(tree: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    listed = _run(tree, "make", "--no-print-directory", "boards")
    assert "toy          arm64    a board for a test" in listed.stdout.splitlines(), listed.stderr


def test_board_and_architecture_choose_it_and_its_folder(tree: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    command = ["python3", "-m", "buildimage", "--build", str(build), "newest"]
    # Nothing is built: the error says where an image would lie.
    assert str(build / "toy") in _run(tree, *command, "--board", "toy").stderr
    assert str(build / "arm64") in _run(tree, *command, "--arch", "arm64").stderr
    refused = _run(tree, *command, "--board", "toy", "--arch", "x86-64").stderr
    assert "BOARD=toy is arm64, and ARCH=x86-64 is asked for" in refused


def test_its_packages_are_locked_with_its_architecture(tree: Path) -> None:
    done = _run(tree, "python3", "-c", _PLACES)
    assert done.stdout == "('u-boot-rpi',) False\n", done.stderr

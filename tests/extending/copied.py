"""A copy of the tree to which a test adds something, and what differs from the original."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

_CODE = ("assistant", "common", "power", "services")


def copy_tree(target: Path, *parts: str) -> Path:
    """Copy folders and files of the checkout to `target`; without `parts`, the code that runs on the box."""
    ignored = shutil.ignore_patterns("__pycache__")
    for part in parts or _CODE:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, target / part, symlinks=True, ignore=ignored)
        else:
            shutil.copy2(source, target / part)
    return target


def differences(copy: Path) -> set[str]:
    """Paths of the files that were added to the copy or changed in it."""
    files = (path for path in copy.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    found = set()
    for file in files:
        place = file.relative_to(copy)
        original = REPOSITORY / place
        if not original.is_file() or not filecmp.cmp(file, original, shallow=False):
            found.add(str(place))
    return found


def python(copy: Path, *arguments: str) -> str:
    """What Python prints when it runs in the copy; its error output if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""Images of several versions, built into build/test-image.

`python -m tests.system.images` builds version 1 ahead of its tests; `SOTTO_TEST_REUSE` makes them take it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SOTTO_TEST_BUILD", REPOSITORY / "build" / "test-image"))
#: Shared with `make image`, so that nothing is fetched twice.
STORE = Path(os.environ.get("SOTTO_TEST_STORE", REPOSITORY / "build" / "image" / "store"))


@dataclass(frozen=True)
class Images:
    """Versions, signed with `keys`."""

    root: Path
    keys: Path

    def folder(self, version: str) -> Path:
        """Where the artefacts of a version lie once it is built."""
        return self.root / "versions" / version

    def build(self, version: str, overlay: Path | None = None) -> Path:
        """Build a version; one that is there already is taken if `SOTTO_TEST_REUSE` is set."""
        target = self.folder(version)
        if (target / "report.json").exists() and os.environ.get("SOTTO_TEST_REUSE"):
            return target
        command = [
            "image", "--version", version, "--keys", str(self.keys),
            *(["--overlay", str(overlay)] if overlay else []),
        ]  # fmt: skip
        _buildimage(self.root, *command)
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.root / "build" / "x86-64", target, copy_function=os.link)
        return target


def with_keys() -> Images:
    """The versions in `BUILD`, and the keys that sign them; the keys are made when they are missing."""
    keys = BUILD / "keys"
    if not keys.exists():
        _buildimage(BUILD, "keys", str(keys))
    return Images(BUILD, keys)


def _buildimage(root: Path, *words: str) -> None:
    command = [sys.executable, "-m", "buildimage", "--build", str(root / "build"), "--store", str(STORE)]
    subprocess.run([*command, *words], cwd=REPOSITORY, check=True)


if __name__ == "__main__":
    if os.geteuid() == 0:
        with_keys().build("1")
    else:
        print("sotto: images are built as root; the tests that boot one will be skipped")

"""common stands below everything: the image is built with it where no library is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import common

FOLDER = Path(common.__file__).parent


def test_it_imports_without_any_installed_library() -> None:
    modules = sorted(f"common.{path.stem}" for path in FOLDER.glob("*.py") if path.stem != "__init__")
    assert len(modules) > 5
    code = f"import sys; sys.path.insert(0, {str(FOLDER.parent)!r}); import {', '.join(modules)}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

# SPDX-License-Identifier: Apache-2.0
"""Build hook: generates the wire contract and takes the locks of the models into the package.

All else stands in pyproject.toml. An editable install gets the wire contract beside its definition, and
reads the locks where they lie.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PROTO = "services/proto/sotto/v1"
#: Locks that the package carries -> their places in it.
LOCKS = {
    "requirements/models.lock": "assistant/models/models.lock",
    "requirements/examples.lock": "assistant/quantisation/examples.lock",
}


class BuildWithContract(build_py):
    """Copies the packages as setuptools does, then adds what is made of other files."""

    def run(self) -> None:
        """Build into `build_lib`, or beside the sources when the install is editable."""
        if self.editable_mode:
            super().run()
            generate(ROOT)
            return
        target = Path(self.build_lib).resolve()
        if target == ROOT / "build" / "lib":
            # A module that an earlier build left here, and that is gone since, must not come along.
            shutil.rmtree(target, ignore_errors=True)
        super().run()
        generate(target)
        for lock, place in LOCKS.items():
            shutil.copyfile(ROOT / lock, target / place)


def generate(target: Path) -> None:
    """Write `*_pb2.py` and `*_pb2_grpc.py` of every proto file below `target`."""
    protos = sorted(str(path.relative_to(ROOT)) for path in (ROOT / PROTO).glob("*.proto"))
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", "."]
    command += [f"--python_out={target}", f"--grpc_python_out={target}", *protos]
    subprocess.run(command, cwd=ROOT, check=True)


setup(cmdclass={"build_py": BuildWithContract})

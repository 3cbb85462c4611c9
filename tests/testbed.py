"""A fake machine of umockdev, in a process of its own, and how to run programs on it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_PYTHON = "/usr/bin/python3"
_PROCESS = Path(__file__).with_name("testbed_process.py")


class Testbed:
    """The testbed of another process; it is gone when that ends."""

    __test__ = False

    def __init__(self) -> None:
        if shutil.which("umockdev-wrapper") is None:
            pytest.skip("umockdev is not installed (package umockdev)")
        asked = [_PYTHON, "-c", "import gi; gi.require_version('UMockdev', '1.0')"]
        if subprocess.run(asked, capture_output=True, timeout=60).returncode != 0:
            pytest.skip("Python has no bindings of umockdev (packages python3-gi, gir1.2-umockdev-1.0)")
        command = ["umockdev-wrapper", _PYTHON, str(_PROCESS)]
        self.process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.folder = Path(self._answer())
        #: What a program needs in its environment that shall take the testbed for the machine.
        self.environment = {"LD_PRELOAD": "libumockdev-preload.so.0", "UMOCKDEV_DIR": str(self.folder)}

    def do(self, verb: str, **order: Any) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": verb, **order}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def add(self, subsystem: str, name: str, attributes: dict[str, str]) -> str:
        """A device; its path."""
        return self.do("add", subsystem=subsystem, name=name, attributes=attributes, properties={})

    def set(self, device: str, attribute: str, value: str) -> None:
        """A new value, and the event that tells of it."""
        self.do("set", device=device, attribute=attribute, value=value)

    def load(self, description: str) -> None:
        """Devices in umockdev's own format; no event."""
        self.do("load", description=description)

    def event(self, device: str, action: str) -> None:
        """An event of the kernel."""
        self.do("event", device=device, action=action)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _answer(self) -> str:
        assert self.process.stdout is not None and self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return str(json.loads(line)["answer"])

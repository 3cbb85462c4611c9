"""Two network namespaces that share a cable: the box in one, who looks for it in the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.services.conftest import Box

#: Addresses of the box and of who looks for it.
BOX, HUB = "10.77.0.1", "10.77.0.2"
_LIMIT_S = 60


def inside(name: str, *command: str) -> list[str]:
    """`command`, to be run in a namespace."""
    return ["nsenter", f"--net=/run/netns/{name}", *command]


@contextmanager
def two_namespaces() -> Iterator[tuple[str, str]]:
    """Their names: that of the box and that of its neighbour; skips where they cannot be made."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nsenter"):
        pytest.skip("network namespaces need root, iproute2 and util-linux")
    names = (f"sotto-m{os.getpid()}", f"sotto-n{os.getpid()}")
    if subprocess.run(["ip", "netns", "add", names[0]], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    try:
        _run("ip", "netns", "add", names[1])
        cable = ["type", "veth", "peer", "name", "eth0", "netns", names[1]]
        _run("ip", "-n", names[0], "link", "add", "eth0", *cable)
        for name, address in zip(names, (BOX, HUB), strict=True):
            _run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _run("ip", "-n", name, "link", "set", device, "up")
            _run("ip", "-n", name, "route", "add", "224.0.0.0/4", "dev", "eth0")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@contextmanager
def gateway_inside(name: str, folder: Path) -> Iterator[tuple[Box, subprocess.Popen[str]]]:
    """A gateway that listens on all of a namespace, without an assistant."""
    box = Box(folder)
    (folder / "config").mkdir()
    (folder / "config" / "gateway.toml").write_text('name = "Kitchen"\ngrpc_port = 0\n')
    process = subprocess.Popen(
        inside(name, sys.executable, "-m", "services.gatewayd.main"),
        env=box.environment,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "local API" in process.stdout.readline()
        yield box, process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_LIMIT_S)

"""The box is found by its neighbours, and no longer when it stops; in network namespaces of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.services.conftest import Box

_LIMIT_S = 60
#: Prints what is found within some seconds: type -> name, port and properties.
BROWSE = """
import asyncio, json, sys
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

async def main():
    found, gone = {}, []
    zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only)
    def changed(zeroconf, service_type, name, state_change):
        (found.__setitem__(name, service_type) if state_change.name == "Added" else gone.append(name))
    browser = AsyncServiceBrowser(
        zeroconf.zeroconf, ["_sotto._tcp.local.", "_wyoming._tcp.local."], handlers=[changed]
    )
    wanted, until = int(sys.argv[1]), asyncio.get_running_loop().time() + float(sys.argv[2])
    while asyncio.get_running_loop().time() < until and len(found) < wanted:
        await asyncio.sleep(0.1)
    told = {}
    for name, kind in found.items():
        info = AsyncServiceInfo(kind, name)
        if await info.async_request(zeroconf.zeroconf, 3000):
            texts = {key.decode(): value.decode() for key, value in info.properties.items() if value}
            told[kind] = [name, info.port, texts, info.parsed_addresses(IPVersion.V4Only)]
    print(json.dumps(told), flush=True)
    if len(sys.argv) > 3:
        sys.stdin.readline()
        while asyncio.get_running_loop().time() < until + 20 and len(gone) < wanted:
            await asyncio.sleep(0.1)
        print(json.dumps(sorted(gone)), flush=True)
    await browser.async_cancel()
    await zeroconf.async_close()

asyncio.run(main())
"""


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_LIMIT_S)


def _inside(name: str, *command: str) -> list[str]:
    return ["nsenter", f"--net=/run/netns/{name}", *command]


@pytest.fixture
def network() -> Iterator[tuple[str, str]]:
    """Two namespaces that share a cable: one for the box, one for who looks for it."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nsenter"):
        pytest.skip("network namespaces need root, iproute2 and util-linux")
    names = (f"sotto-m{os.getpid()}", f"sotto-n{os.getpid()}")
    if subprocess.run(["ip", "netns", "add", names[0]], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    try:
        _run("ip", "netns", "add", names[1])
        _run(
            "ip",
            "-n",
            names[0],
            "link",
            "add",
            "eth0",
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            names[1],
        )
        for name, address in zip(names, ("10.77.0.1/24", "10.77.0.2/24"), strict=True):
            _run("ip", "-n", name, "address", "add", address, "dev", "eth0")
            for device in ("lo", "eth0"):
                _run("ip", "-n", name, "link", "set", device, "up")
            _run("ip", "-n", name, "route", "add", "224.0.0.0/4", "dev", "eth0")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@pytest.fixture
def gateway(network: tuple[str, str], tmp_path: Path) -> Iterator[tuple[Box, subprocess.Popen[str]]]:
    """A gateway that listens on all of its namespace, without an assistant."""
    box = Box(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "gateway.toml").write_text('name = "Kitchen"\ngrpc_port = 0\n')
    process = subprocess.Popen(
        _inside(network[0], sys.executable, "-m", "services.gatewayd.main"),
        env=box.environment,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "local API" in process.stdout.readline()
    yield box, process
    if process.poll() is None:
        process.kill()
    process.communicate()


def _browse(where: str, wanted: int, seconds: float) -> dict[str, list[object]]:
    command = _inside(where, sys.executable, "-c", BROWSE, str(wanted), str(seconds))
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=True)
    told: dict[str, list[object]] = json.loads(done.stdout)
    return told


def test_the_box_is_found_and_wyoming_only_with_a_hub(
    network: tuple[str, str], gateway: tuple[Box, subprocess.Popen[str]]
) -> None:
    box, process = gateway
    (kind, told) = next(iter(_browse(network[1], 1, 20).items()))
    name, port, texts, addresses = told
    fingerprint = json.loads(box.run("pair", "--json").stdout)["fingerprint"].replace(":", "").lower()
    assert kind == "_sotto._tcp.local."
    assert (name, port, addresses) == (f"sotto-{fingerprint[:8]}.{kind}", 8443, ["10.77.0.1"])
    assert texts == {"v": "1", "name": "Kitchen", "grpc": "0", "sha256": fingerprint}
    box.run("hubs", "add", "10.77.0.2")
    both = _browse(network[1], 2, 20)
    assert both["_wyoming._tcp.local."][:2] == [f"sotto-{fingerprint[:8]}._wyoming._tcp.local.", 10400]

    command = _inside(network[1], sys.executable, "-c", BROWSE, "2", "20", "wait")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None and watcher.stdin is not None
        assert len(json.loads(watcher.stdout.readline())) == 2
        process.terminate()
        process.wait(_LIMIT_S)
        watcher.stdin.write("\n")
        watcher.stdin.flush()
        gone = json.loads(watcher.stdout.readline())
    assert gone == sorted([f"sotto-{fingerprint[:8]}.{kind}" for kind in both])

"""The box is found by its neighbours, and no longer when it stops; in network namespaces of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.bench.virtual_sound import until
from tests.services.conftest import Box
from tests.services.gatewayd.namespaces import gateway_inside, inside, two_namespaces

_LIMIT_S = 60
#: Prints what is found within some seconds: name -> type, port, properties and addresses.
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
            told[name] = [kind, info.port, texts, info.parsed_addresses(IPVersion.V4Only)]
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

_BUS = """<busconfig><type>system</type><listen>unix:path={bus}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
<allow send_type="signal"/><allow send_destination="*"/></policy></busconfig>"""
#: Runs a command that sees a folder of ours as /run: Avahi keeps its pid and its socket there.
_OWN_RUN = '''own=$1; shift; mount --bind "$own" /run && exec "$@"'''


@pytest.fixture
def network() -> Iterator[tuple[str, str]]:
    """Two namespaces: one for the box, one for who looks for it."""
    with two_namespaces() as names:
        yield names


@pytest.fixture
def gateway(network: tuple[str, str], tmp_path: Path) -> Iterator[tuple[Box, subprocess.Popen[str]]]:
    """A gateway that listens on all of its namespace, without an assistant."""
    with gateway_inside(network[0], tmp_path) as running:
        yield running


def _browse(where: str, wanted: int, seconds: float) -> dict[str, list[object]]:
    command = inside(where, sys.executable, "-c", BROWSE, str(wanted), str(seconds))
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=True)
    told: dict[str, list[object]] = json.loads(done.stdout)
    return told


def _own_name(box: Box) -> tuple[str, str]:
    """The box's name on the network, and the fingerprint it is made of."""
    fingerprint = json.loads(box.run("pair", "--json").stdout)["fingerprint"].replace(":", "").lower()
    return f"sotto-{fingerprint[:8]}", fingerprint


def test_the_box_is_found_and_wyoming_only_with_a_hub(
    network: tuple[str, str], gateway: tuple[Box, subprocess.Popen[str]]
) -> None:
    box, process = gateway
    ((name, told),) = _browse(network[1], 1, 20).items()
    kind, port, texts, addresses = told
    own, fingerprint = _own_name(box)
    assert (name, kind) == (f"{own}._sotto._tcp.local.", "_sotto._tcp.local.")
    assert (port, addresses) == (8443, ["10.77.0.1"])
    assert texts == {"v": "1", "name": "Kitchen", "grpc": "0", "sha256": fingerprint}
    box.run("hubs", "add", "10.77.0.2")
    three = _browse(network[1], 3, 20)
    wyoming = {name: port for name, (kind, port, *_) in three.items() if kind == "_wyoming._tcp.local."}
    assert wyoming == {
        f"{own}._wyoming._tcp.local.": 10400,
        f"{own}-satellite._wyoming._tcp.local.": 10700,
    }

    command = inside(network[1], sys.executable, "-c", BROWSE, "3", "20", "wait")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None and watcher.stdin is not None
        assert len(json.loads(watcher.stdout.readline())) == 3
        process.terminate()
        process.wait(_LIMIT_S)
        watcher.stdin.write("\n")
        watcher.stdin.flush()
        gone = json.loads(watcher.stdout.readline())
    assert gone == sorted(three)


@pytest.fixture
def avahi(network: tuple[str, str], tmp_path: Path) -> Iterator[Callable[..., str]]:
    """`avahi(type)`: what avahi-browse resolves; its Avahi and a bus run in the second namespace."""
    programs = ("avahi-daemon", "avahi-browse", "dbus-daemon")
    if missing := [name for name in programs if not shutil.which(name)]:
        pytest.skip(f"{', '.join(missing)} not installed (apt: avahi-daemon avahi-utils dbus)")
    # Another bus and another /run than the machine's: its own Avahi, if it has one, is not touched.
    bus, config, run = tmp_path / "bus", tmp_path / "bus.conf", tmp_path / "avahi-run"
    run.mkdir()
    config.write_text(_BUS.format(bus=bus))
    (tmp_path / "avahi.conf").write_text(
        "[server]\nuse-ipv6=no\nenable-dbus=yes\n[publish]\ndisable-publishing=yes\n"
    )
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bus}"}
    log = (tmp_path / "avahi.log").open("w")
    commands = (
        ["dbus-daemon", "--nofork", "--nopidfile", "--config-file", str(config)],
        ["avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "-f", str(tmp_path / "avahi.conf")],
    )
    running: list[subprocess.Popen[bytes]] = []

    def browse(kind: str) -> str:
        command = ["avahi-browse", "--resolve", "--parsable", "--terminate", kind]
        done = subprocess.run(
            inside(network[1], *command), env=environment, capture_output=True, text=True, timeout=_LIMIT_S
        )
        return done.stdout

    try:
        for command in commands:
            wrapped = inside(network[1], "unshare", "--mount", "sh", "-c", _OWN_RUN, "sh", str(run), *command)
            running.append(subprocess.Popen(wrapped, env=environment, stdout=log, stderr=log))
            assert until(lambda: bus.exists())
        yield browse
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(_LIMIT_S)
        log.close()


def test_avahi_finds_all_three_services(
    network: tuple[str, str],
    gateway: tuple[Box, subprocess.Popen[str]],
    avahi: Callable[..., str],
) -> None:
    box, _ = gateway
    box.run("hubs", "add", "10.77.0.2")
    own, _ = _own_name(box)

    def resolved(kind: str) -> set[tuple[str, str, str]]:
        rows = [line.split(";") for line in avahi(kind).splitlines() if line.startswith("=")]
        return {(row[3], row[7], row[8]) for row in rows}

    # The first questions may fall into the time in which the names are claimed.
    services = {(own, "10.77.0.1", "10400"), (f"{own}-satellite", "10.77.0.1", "10700")}
    assert until(lambda: resolved("_wyoming._tcp") == services), resolved("_wyoming._tcp")
    assert resolved("_sotto._tcp") == {(own, "10.77.0.1", "8443")}

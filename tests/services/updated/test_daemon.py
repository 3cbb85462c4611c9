"""updated and `sotto update` as processes, over the socket."""

from __future__ import annotations

import json
import os
import platform
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from time import monotonic, sleep

import pytest

from tests.conftest import REPOSITORY
from tests.services.updated.world import World

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the test's images are for x86-64")


@pytest.fixture
def daemon(world: World) -> Iterator[World]:
    """The box with updated running."""
    world.places.socket.parent.mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "services.updated.main", "--root", str(world.places.root)],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = monotonic() + 30
    while not world.places.socket.exists() and process.poll() is None and monotonic() < until:
        sleep(0.02)
    yield world
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert world.updater().store.load().household is not None


def _sotto(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", "update", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "SOTTO_UPDATE_SOCKET": str(world.places.socket)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_socket_is_for_owner_and_group(daemon: World) -> None:
    assert stat.S_IMODE(daemon.places.socket.stat().st_mode) == 0o660


def test_check_and_status_as_json(daemon: World) -> None:
    daemon.publish("2")
    check = json.loads(_sotto(daemon, "check", "--json", "--source", str(daemon.source)).stdout)
    assert check == {
        "running": "1",
        "available": "2",
        "text": "version 2 is available",
        "source": str(daemon.source),
    }
    status = json.loads(_sotto(daemon, "status", "--json").stdout)
    assert (status["running"], status["slot"], status["boot"]) == ("1", "A", "blessed")
    assert status["last_check"]["available"] == "2"


def test_status_in_words(daemon: World) -> None:
    done = _sotto(daemon)
    assert done.returncode == 0
    assert "version 1 runs" in done.stdout and "none is set" in done.stdout


def test_a_refusal_has_its_code_hint_and_exit_status(daemon: World) -> None:
    done = _sotto(daemon, "check")
    assert done.returncode == 7
    assert "[update.no-source]" in done.stderr and "[update] in sotto.toml" in done.stderr


def test_apply_streams_its_steps_and_ends_with_the_error(daemon: World) -> None:
    name = next(name for name in daemon.publish("2") if name.endswith(".efi"))
    (daemon.source / name).write_bytes(b"changed")
    done = _sotto(daemon, "apply", "--json", "--source", str(daemon.source))
    stages = [json.loads(line)["stage"] for line in done.stdout.splitlines()]
    assert stages[0] == "check" and "download" in stages
    assert done.returncode == 7 and "[update.hash]" in done.stderr


def test_nothing_to_apply_is_no_error(daemon: World) -> None:
    daemon.publish("1")
    done = _sotto(daemon, "apply", "--source", str(daemon.source))
    assert done.returncode == 0 and "up to date" in done.stdout


def test_rollback_without_another_version_is_refused(daemon: World) -> None:
    done = _sotto(daemon, "rollback")
    assert done.returncode == 7 and "[update.no-way-back]" in done.stderr


def test_without_a_daemon_it_says_so(world: World) -> None:
    done = _sotto(world, "status")
    assert done.returncode == 5 and "[update.daemon]" in done.stderr

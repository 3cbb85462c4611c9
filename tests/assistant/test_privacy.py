"""Nothing leaves the machine: a whole turn opens no internet socket, and telemetry is off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.audio.files import write_wav
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.privacy import SWITCHES
from tests.conftest import REPOSITORY

_TURN = """
from tests.no_network import forbid_internet_sockets
forbid_internet_sockets()
from services.cli.main import main
import sys
sys.exit(main(["listen", sys.argv[1], "--json", "--reply-dir", sys.argv[2]]))
"""
_CONTROL = """
from tests.no_network import forbid_internet_sockets
forbid_internet_sockets()
import socket
socket.socket(socket.AF_UNIX).close()
socket.socket(socket.AF_INET)
"""


def _python(code: str, *arguments: str, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "SOTTO_STATE": str(state), "SOTTO_SOCKET": str(state / "none.sock")},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.fixture(scope="module")
def _seccomp(tmp_path_factory: pytest.TempPathFactory) -> None:
    done = _python(_CONTROL, state=tmp_path_factory.mktemp("control"))
    if "seccomp cannot be used" in done.stderr:
        pytest.skip("seccomp is not available here")
    assert done.returncode == -signal.SIGSYS, "the filter must catch an internet socket"


@pytest.mark.usefixtures("_seccomp")
def test_a_whole_turn_opens_no_internet_socket(tmp_path: Path, say: Callable[..., Samples]) -> None:
    path = tmp_path / "command.wav"
    write_wav(path, say("turn on the kitchen light"), SAMPLE_RATE)
    done = _python(_TURN, str(path), str(tmp_path / "replies"), state=tmp_path / "state")
    assert done.returncode == 0, f"status {done.returncode}: {done.stderr}"
    assert '"intent": "HassTurnOn"' in done.stdout
    assert (tmp_path / "replies" / "command.wav").exists()


def test_telemetry_is_off_before_any_library_is_loaded() -> None:
    code = (
        "import sys, os, assistant\n"
        "assert 'onnxruntime' not in sys.modules\n"
        f"assert all(os.environ.get(k) == v for k, v in {SWITCHES!r}.items())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


_OPENVINO = """
from tests.no_network import forbid_internet_sockets
forbid_internet_sockets()
import sys
from assistant.hardware.trial import by_engine
print(by_engine(("openvino",))[0], "openvino" in sys.modules, sys.modules["openvino_telemetry"])
"""


@pytest.mark.usefixtures("_seccomp")
def test_openvino_sends_nothing_when_it_is_loaded(tmp_path: Path) -> None:
    """It would send an event at its import, and keep an id of the machine in the home folder."""
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _OPENVINO],
        env={**{key: value for key, value in os.environ.items() if key != "CI"}, "HOME": str(home)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stdout) == (0, "True True None\n"), done.stderr
    assert not list(home.iterdir())

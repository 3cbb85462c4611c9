"""`sotto serve` on one machine, `sotto remote` on another, as their owners type them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.services.conftest import Box, free_port
from tests.services.connectord.conftest import until
from tests.services.remoted.conftest import Borrower

pytestmark = pytest.mark.slow


def _remote(box: Box, *words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", "remote", *words],
        env=box.environment, cwd=REPOSITORY, input=code, capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip


def test_what_serve_prints_is_what_pairs_a_box(tmp_path: Path, borrower: Borrower) -> None:
    machine = Box(tmp_path / "machine")
    (machine.folder / "config").mkdir(parents=True)
    port = free_port()
    ports = f"port = {free_port()}\ngrpc_port = {port}\nwyoming_port = 0\nsatellite_port = 0\nmdns = false\n"
    (machine.folder / "config" / "gateway.toml").write_text(ports)
    serve = subprocess.Popen(
        [sys.executable, "-m", "services.cli.main", "serve", "--listen", "127.0.0.1"],
        env={**os.environ, **machine.environment, "PYTHONUNBUFFERED": "1"}, cwd=REPOSITORY,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert serve.stdout is not None
    try:
        command = next(line for line in serve.stdout if "sotto remote pair" in line).split()
        code = next(line for line in serve.stdout if "pairing code" in line).rstrip()[-9:]
        assert command == ["sotto", "remote", "pair", f"127.0.0.1:{port}"]

        refused = _remote(borrower.box, "pair", command[-1], code="0000 0000")
        assert "pairing.code" in refused.stderr, refused
        assert not (borrower.config / "remote.toml").exists()
        file = borrower.config / "remote.toml"
        paired = _remote(borrower.box, "pair", command[-1], "--name", "kitchen", code=code)
        assert paired.returncode == 0, paired.stderr
        assert file.stat().st_mode & 0o007 == 0
        again = _remote(borrower.box, "pair", command[-1], "--name", "kitchen", code=code)
        assert "token.taken" in again.stderr
        assert "kitchen: recognise" in machine.run("tokens").stdout

        (borrower.config / "assistant.toml").write_text('[remote]\nuse = "always"\n')
        borrower.begin()
        borrower.until_chosen()
        assert "is asked now" in _remote(borrower.box).stdout
        told = json.loads(_remote(borrower.box, "--json").stdout)
        assert (told["on"], told["chosen"], told["address"]) == (True, True, command[-1])

        assert _remote(borrower.box, "forget").returncode == 0
        assert not file.exists()
        until(lambda: not borrower.status().up, "it is not asked any more")
    finally:
        serve.send_signal(signal.SIGINT)
        out, err = serve.communicate(timeout=30)
    assert serve.returncode == 0, err
    assert "Traceback" not in out + err


def test_a_box_without_a_remote_recogniser_says_how_to_pair_one(own_box: Box) -> None:
    own_box.start()
    assert "sotto remote pair ADDRESS" in _remote(own_box).stdout
    assert _remote(own_box, "forget").returncode == 3
    assert _remote(own_box, "pair").returncode == 2
    unreachable = _remote(own_box, "pair", f"127.0.0.1:{free_port()}", code="12345678")
    assert "pair.unreachable" in unreachable.stderr

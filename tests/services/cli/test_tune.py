"""`sotto tune`: what it prints, and who may measure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.scheduling.figure_file import FigureFile
from services.cli.main import main
from tests.conftest import REPOSITORY


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOTTO_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_model_that_there_is_not_is_named(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--model", "parrot"]) == 2
    assert "there is no model 'parrot' [model.unknown]" in capsys.readouterr().err
    assert not state.exists()


def test_a_second_one_says_that_the_first_is_at_it(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FigureFile(state, "any").tuning():
        assert main(["tune", "--model", "silero-vad"]) == 6
    error = capsys.readouterr().err
    assert "tune.running" in error
    assert f"process {os.getpid()}" in error


def test_a_state_folder_that_cannot_be_written_is_said(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state.write_text("a file")
    assert main(["tune", "--model", "silero-vad"]) == 8
    assert "storage.state" in capsys.readouterr().err


def _tune(state: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "services.cli.main", "tune", *options],
        cwd=REPOSITORY,
        env={**os.environ, "SOTTO_STATE": str(state)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
def test_figures_are_measured_once_and_said(state: Path) -> None:
    first = _tune(state, "--model", "silero-vad", "--json")
    out, err = first.communicate(timeout=300)
    assert first.returncode == 0, err
    found = json.loads(out)
    assert found["chosen"].keys() == {"silero-vad"}
    assert {figure["engine"] for figure in found["figures"]} >= {"onnxruntime"}
    again = _tune(state, "--model", "silero-vad")
    out, err = again.communicate(timeout=300)
    assert "--force measures it again" in err
    assert "chosen" in out


@pytest.mark.slow
def test_an_interruption_keeps_what_was_measured(state: Path) -> None:
    running = _tune(state)
    try:
        while not (state / "figures.json").exists():
            assert running.poll() is None, running.communicate()
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == 130
    assert "interrupted; what was measured before is kept" in err
    assert "moonshine" in out
    assert json.loads((state / "figures.json").read_text())["figures"]

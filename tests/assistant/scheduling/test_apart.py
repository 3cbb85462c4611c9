"""The measurement in a process of its own: it ends when it is given up, and what it started ends with it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Timer

import pytest

from assistant.models.store import ModelStore
from assistant.scheduling import apart
from assistant.scheduling.apart import measure_apart
from assistant.scheduling.figure_file import FigureFile, Origin
from assistant.scheduling.machine import machine_key
from assistant.scheduling.quiet import Standing
from common.paths import models_dir


def _is_alive(pid: int) -> bool:
    try:
        state = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_measurement_that_is_given_up_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pids)!r} + '.new', 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        f"os.rename({str(pids)!r} + '.new', {str(pids)!r})\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    while not pids.exists():
        assert process.poll() is None
        time.sleep(0.01)
    given_up = Event()
    Timer(0.05, given_up.set).start()
    assert apart._watched(process, given_up, time.monotonic() + 60) is Standing.INTERRUPTED
    for pid in map(int, pids.read_text().split()):
        end = time.monotonic() + 60
        while _is_alive(pid):
            assert time.monotonic() < end
            time.sleep(0.01)


def test_one_that_takes_too_long_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    assert apart._watched(process, Event(), time.monotonic()) is Standing.FAILED
    assert process.poll() is not None


def test_one_that_dies_has_failed() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"], start_new_session=True)
    assert apart._watched(process, Event(), time.monotonic() + 60) is Standing.FAILED


def test_another_process_that_measures_is_left_alone(tmp_path: Path) -> None:
    with FigureFile(tmp_path, machine_key()).tuning():
        assert measure_apart(tmp_path, ModelStore(models_dir()), Event()) is Standing.FAILED
    assert not (tmp_path / "figures.json").exists()


@pytest.mark.slow
def test_all_models_are_measured(models: Path, tmp_path: Path) -> None:
    assert measure_apart(tmp_path, ModelStore(models), Event()) is Standing.COMPLETE
    figures, origin = FigureFile(tmp_path, machine_key()).load()
    assert origin is Origin.THIS_MACHINE
    assert {figure.model for figure in figures} >= {"silero-vad", "moonshine-tiny-en-decoder"}
    assert any(figure.right and figure.placement.engine == "onnxruntime" for figure in figures)

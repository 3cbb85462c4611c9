"""The daemon chooses engines by the figures of its machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from assistant.events import EventBus, EventKind
from assistant.models.store import ModelStore
from assistant.scheduling.devices import Placement
from assistant.scheduling.figure_file import FigureFile
from assistant.scheduling.figures import Figure, Figures
from assistant.scheduling.here import machine_here
from assistant.scheduling.machine import machine_key
from assistant.scheduling.quiet_tuner import QuietTuner
from assistant.serving.serving import Serving
from common.faults import Faults
from common.paths import models_dir
from services.assistantd.tuning import quiet_tuner

_MODEL = "silero-vad"


@pytest.fixture
def serving() -> Serving:
    return Serving(ModelStore(models_dir()))


def _tuner(serving: Serving, bus: EventBus, state: Path) -> QuietTuner:
    return quiet_tuner(serving, bus, state, Faults(), enabled=True)


def _keep_figures(serving: Serving, state: Path, machine: str) -> None:
    """Figures by which OpenVINO is the faster engine."""
    installed = machine_here(serving).installed
    figures = Figures(
        Figure(
            _MODEL,
            installed.digests[_MODEL],
            Placement("cpu", engine),
            installed.runtimes[engine],
            p50_ms,
            2 * p50_ms,
            0.01,
            30,
            measured_at=time.time(),
        )
        for engine, p50_ms in (("onnxruntime", 2.0), ("openvino", 1.0))
    )
    FigureFile(state, machine).save(figures)


def test_the_figures_choose_the_engine_unless_they_are_of_another_machine(
    serving: Serving, tmp_path: Path
) -> None:
    if "openvino" not in serving.candidates():
        pytest.skip("OpenVINO is not installed, which is for x86-64 alone")
    _keep_figures(serving, tmp_path, "another machine")
    tuner = _tuner(serving, EventBus(), tmp_path)
    assert serving.wanted(_MODEL) == "onnxruntime"
    _keep_figures(serving, tmp_path, machine_key())  # as another process does it
    tuner.poll()
    assert serving.wanted(_MODEL) == "openvino"
    tuner.close()


def test_what_is_heard_keeps_the_box_from_measuring(serving: Serving, tmp_path: Path) -> None:
    bus = EventBus()
    tuner = _tuner(serving, bus, tmp_path)
    before = tuner._heard_at
    bus.publish(EventKind.ONSET)
    assert tuner._heard_at > before
    tuner.close()

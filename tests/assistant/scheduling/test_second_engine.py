"""Placement by measurement with real engines: ONNX Runtime, OpenVINO, and both slow or wrong on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.hardware.ladder import Outcome, Trial
from assistant.models.store import ModelStore
from assistant.scheduling import measure
from assistant.scheduling.chooser import FigureChooser
from assistant.scheduling.devices import Placement
from assistant.scheduling.figure_file import FigureFile
from assistant.scheduling.figures import Figure
from assistant.scheduling.here import candidates_here, machine_here
from assistant.scheduling.jobs import Job, JobKind, Priority, Use
from assistant.scheduling.machine import machine_key
from assistant.scheduling.measure import Measurer
from assistant.scheduling.scheduler import DeviceScheduler
from assistant.scheduling.tuning import Tuning
from assistant.serving.registry import Registry
from assistant.serving.serving import Serving

_MODEL = "silero-vad"
_RIGHT = Trial(Outcome.RIGHT, "right")
_ENTRY = """
[[engine]]
id = "{id}"
name = "{id}"
device = "{device}"
module = "{module}"
packages = ["{engine}"]
provider = "{provider}"
options = {options}
"""
_LAME = "tests.assistant.scheduling.lame_engine"


def _entry(id_: str, engine: str, device: str, *lameness: str) -> str:
    """An entry of the table of engines; `lameness` are options of `lame_engine`."""
    module = _LAME if lameness else f"assistant.serving.{engine}_engine"
    own = ["DEVICE=CPU"] if engine == "openvino" else []
    options = [*own, f"engine={engine}", *lameness] if lameness else own
    provider = "CPUExecutionProvider" if engine == "onnxruntime" else ""
    return _ENTRY.format(
        id=id_, device=device, module=module, engine=engine, provider=provider, options=options
    )


@pytest.fixture(autouse=True)
def _short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_BLOCK_S", 0.02)


def _serving(models: Path, folder: Path, *entries: str) -> Serving:
    table = folder / "engines.toml"
    table.write_text("".join(entries))
    # What is proven in another process is proven by the tests of `serving`; the proof in this one is made.
    registry = Registry(table, trial=lambda *_: _RIGHT)
    return Serving(ModelStore(models), registry=registry, prove=lambda *_: _RIGHT)


def _tuned(serving: Serving, folder: Path) -> tuple[Tuning, DeviceScheduler, FigureChooser]:
    machine = machine_here(serving)
    chooser = FigureChooser(machine.installed, machine.device_of())
    tuning = Tuning(FigureFile(folder / "state", machine_key()), chooser.take)
    candidates = candidates_here(serving, machine, [_MODEL])
    assert tuning.run(tuning.due(candidates, 0.0), Measurer()) is None
    return tuning, DeviceScheduler(machine.devices, machine.installed, tuning.figures), chooser


def _by_engine(tuning: Tuning) -> dict[str, Figure]:
    return {figure.placement.engine: figure for figure in tuning.figures}


def _placement(scheduler: DeviceScheduler) -> Placement:
    with scheduler.turn(Job(JobKind.VAD, (Use(_MODEL),), Priority.ROOM)) as assignment:
        return assignment.placement(_MODEL)


def test_what_is_slow_or_wrong_on_purpose_is_not_chosen(models: Path, tmp_path: Path) -> None:
    serving = _serving(
        models,
        tmp_path,
        _entry("onnxruntime", "onnxruntime", "cpu", "sleep_ms=30"),
        _entry("openvino", "openvino", "cpu"),
        _entry("openvino-gpu", "openvino", "gpu", "sleep_ms=90"),
        _entry("openvino-npu", "openvino", "npu", "factor=1.5"),
    )
    tuning, scheduler, chooser = _tuned(serving, tmp_path)
    figures = _by_engine(tuning)
    assert figures["openvino"].right
    assert figures["openvino-gpu"].right
    assert "the relative error is" in figures["openvino-npu"].reason
    assert _placement(scheduler) == Placement("cpu", "openvino")
    assert chooser.choose(_MODEL, serving.candidates()) == "openvino"


def test_a_second_engine_that_is_slower_leaves_the_default_in_its_place(models: Path, tmp_path: Path) -> None:
    serving = _serving(
        models,
        tmp_path,
        _entry("onnxruntime", "onnxruntime", "cpu"),
        _entry("openvino", "openvino", "cpu", "sleep_ms=5"),
    )
    tuning, scheduler, chooser = _tuned(serving, tmp_path)
    figures = _by_engine(tuning)
    assert figures["openvino"].p50_ms > figures["onnxruntime"].p50_ms
    assert _placement(scheduler) == Placement("cpu", "onnxruntime")
    assert chooser.choose(_MODEL, serving.candidates()) == "onnxruntime"


def test_an_engine_that_fails_in_mid_flight_is_left_until_it_is_good_again(
    models: Path, tmp_path: Path
) -> None:
    serving = _serving(
        models,
        tmp_path,
        _entry("onnxruntime", "onnxruntime", "cpu", "sleep_ms=5"),
        _entry("openvino-gpu", "openvino", "gpu"),
    )
    _, scheduler, _ = _tuned(serving, tmp_path)
    placement = _placement(scheduler)
    assert placement == Placement("gpu", "openvino-gpu")
    scheduler.failed(placement, "no answer within 2 s")
    assert _placement(scheduler) == Placement("cpu", "onnxruntime")
    scheduler.good(placement)
    assert _placement(scheduler) == placement

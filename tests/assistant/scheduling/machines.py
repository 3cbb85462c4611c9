"""Machines for the tests: devices, engines, and figures as if they had been measured."""

from __future__ import annotations

import math
from collections.abc import Mapping

from assistant.scheduling.devices import Device, DeviceKind, Placement
from assistant.scheduling.figures import Figure, Figures, Installed
from assistant.scheduling.jobs import Job, JobKind, Priority, Use
from assistant.scheduling.options import Options, Places

CPU = Device("cpu", DeviceKind.CPU, 2, on_package=True)
GPU = Device("gpu", DeviceKind.GPU, 2)
NPU = Device("npu", DeviceKind.NPU)
REMOTE = Device("remote-attic", DeviceKind.REMOTE, 2)
ENGINES: dict[Device, tuple[str, ...]] = {
    CPU: ("onnxruntime", "openvino"),
    GPU: ("tensorrt",),
    NPU: ("openvino-npu",),
    REMOTE: ("remote",),
}
MODELS = ("ears", "mouth", "mind")
INSTALLED = Installed(
    {**{name: f"hash of {name}" for name in MODELS}, "asr": "hash of asr"},
    {engine: f"{engine} 1" for engines in ENGINES.values() for engine in engines},
)


def figure(
    model: str,
    device: Device,
    engine: str,
    p50_ms: float,
    *,
    noise_ms: float = 0.1,
    energy_mj: float | None = None,
    reason: str = "",
    when: float = 1.0,
) -> Figure:
    return Figure(
        model,
        INSTALLED.digests[model],
        Placement(device.id, engine),
        f"{engine} 1",
        p50_ms,
        1.2 * p50_ms,
        noise_ms,
        30,
        energy_mj,
        reason,
        when,
    )


def options(
    figures: tuple[Figure, ...] = (),
    devices: tuple[Device, ...] = (CPU, GPU, NPU),
    *,
    fixed: Mapping[str, str] | None = None,
    excluded: tuple[Placement, ...] = (),
) -> Options:
    engines = {device: ENGINES[device] for device in devices}
    return Options(Places(engines, Figures(figures), INSTALLED, fixed or {}, excluded))


def job(
    priority: Priority = Priority.ROOM,
    speaker: str = "",
    *,
    kind: JobKind = JobKind.ASR,
    model: str = "ears",
    deadline: float = math.inf,
    whole: bool = False,
) -> Job:
    return Job(kind, (Use(model),), priority, speaker, deadline, whole)

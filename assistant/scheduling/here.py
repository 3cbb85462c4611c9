"""What this machine has: devices with their engines, what figures must be of, and what can be measured."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from assistant.hardware.devices import read_devices
from assistant.hardware.match import Found
from assistant.hardware.match import match as accelerators_among
from assistant.hardware.scan import MOST_ACCELERATORS
from assistant.hardware.table import load_table
from assistant.models.store import MODEL_NAMES, model_hash
from assistant.scheduling.accelerators import identity, is_on_package
from assistant.scheduling.devices import PROCESSOR, Device, DeviceKind, Placement
from assistant.scheduling.figures import Installed
from assistant.scheduling.measure import Candidate
from assistant.serving.engine import unavailable
from assistant.serving.guarded import GuardedSession
from assistant.serving.proving import sample_for
from assistant.serving.registry import installed
from assistant.serving.samples import sample_of
from assistant.serving.serving import Serving
from common.errors import SottoError

log = logging.getLogger(__name__)

#: Jobs that a GPU computes at once: while one computes, another one is copied.
_GPU_SLOTS = 2


@dataclass(frozen=True)
class Machine:
    """What of a machine the scheduler and the figures need.

    Attributes:
        devices: those that an engine computes on, with the ids of their engines.
        installed: what figures must be of so that they count.
    """

    devices: dict[Device, tuple[str, ...]]
    installed: Installed

    def device_of(self) -> dict[str, str]:
        """Engine -> id of its device."""
        return {engine: device.id for device, engines in self.devices.items() for engine in engines}


def machine_here(serving: Serving) -> Machine:
    """Devices and runtimes of this machine, by the engines that are installed. No engine is tried."""
    found = _accelerators()
    engines: dict[str, list[str]] = {}
    runtimes = {}
    for name in serving.candidates():
        entry = serving.registry.entry(name)
        engines.setdefault(entry.device, []).append(name)
        plugged = identity(entry.device, found)
        runtimes[name] = f"{name} {installed(entry).version}" + (f" on {plugged}" if plugged else "")
    digests = {model: model_hash(model) for model in MODEL_NAMES}
    return Machine(
        {_device(kind, found): tuple(names) for kind, names in engines.items()}, Installed(digests, runtimes)
    )


def candidates_here(serving: Serving, machine: Machine, only: Iterable[str] = ()) -> list[Candidate]:
    """What can be measured here: every model that is there, on every engine that works.

    Engines are tried for it, in another process each, which takes seconds.

    Args:
        serving: the models; the engine that each runs on does not change.
        machine: of `machine_here`.
        only: names of models; all of them if there is none.
    """
    wanted = tuple(only) or MODEL_NAMES
    models = [model for model in MODEL_NAMES if model in wanted and _is_there(serving, model)]
    places = [
        (device, engine)
        for device, engines in machine.devices.items()
        for engine in engines
        if serving.registry.availability(engine).usable
    ]
    return [
        Candidate(
            model,
            machine.installed.digests[model],
            Placement(device.id, engine),
            machine.installed.runtimes[engine],
            device.on_package,
            _opener(serving, model, engine),
        )
        for model in models
        for device, engine in places
    ]


def _opener(serving: Serving, model: str, engine: str) -> Callable[[], Callable[[], object]]:
    def opened() -> Callable[[], object]:
        # The engine proves itself before: its results are compared with the processor's.
        session = serving.open(model, engine)
        feeds = sample_for(model).feeds()

        def run() -> None:
            for feed in feeds:
                session.run(None, feed)
            # It answers even so, from the default engine, whose time this would be.
            if isinstance(session, GuardedSession) and session.is_left:
                raise unavailable("it failed while it was measured")

        return run

    return opened


def _is_there(serving: Serving, model: str) -> bool:
    if sample_of(model) is None:
        return False
    try:
        serving.store.graph(model, packed=False)
    except SottoError as error:
        log.info("%s is not measured: %s", model, error.message)
        return False
    return True


def _device(kind: str, found: tuple[Found, ...]) -> Device:
    match DeviceKind(kind):
        case DeviceKind.CPU:
            return Device(PROCESSOR, DeviceKind.CPU, len(os.sched_getaffinity(0)), on_package=True)
        case DeviceKind.GPU as device:
            return Device(kind, device, _GPU_SLOTS, is_on_package(kind, found))
        case device:
            return Device(kind, device, on_package=is_on_package(kind, found))


def _accelerators() -> tuple[Found, ...]:
    table = load_table()
    try:
        devices, _problems = read_devices(table.subsystems(), table.locations())
    except SottoError as error:
        log.info("accelerators cannot be listed: %s", error)
        return ()
    return accelerators_among(table, devices, MOST_ACCELERATORS)

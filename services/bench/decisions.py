"""What a decision of the scheduler costs: `python -m services.bench.decisions` prints it as JSON.

The figures are of a machine with four devices and two engines on the processor, so that every rule has
something to decide; nothing is computed on them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from assistant.scheduling.choose import Outlook, choose
from assistant.scheduling.devices import Device, DeviceKind, Placement
from assistant.scheduling.dispatch import Dispatcher, Outcome
from assistant.scheduling.figures import Figure, Figures, Installed
from assistant.scheduling.jobs import Job, JobKind, Priority, Use
from assistant.scheduling.options import Options, Places
from assistant.scheduling.queue import QueueLimits
from assistant.scheduling.scheduler import DeviceScheduler
from services.bench.figures import machine, percentiles

_DEVICES: dict[Device, tuple[str, ...]] = {
    Device("cpu", DeviceKind.CPU, 2): ("onnxruntime", "openvino"),
    Device("gpu", DeviceKind.GPU, 2): ("tensorrt",),
    Device("npu", DeviceKind.NPU): ("openvino-npu",),
    Device("remote", DeviceKind.REMOTE, 2): ("remote",),
}
_MODELS = ("encoder", "decoder")
_JOB = Job(JobKind.ASR, (Use("encoder"), Use("decoder", 10)), Priority.ROOM, "room")
_JOB_OF_NOBODY = Job(_JOB.kind, _JOB.models, Priority.ROOM)


def decisions(runs: int = 5000) -> dict[str, dict[str, float]]:
    """Microseconds of decisions.

    To choose a device; to have a job's whole turn on an idle machine, with nothing in it; and, while 64 jobs
    wait, to end one, begin the next, and take another one in.

    Args:
        runs: so many of each.
    """
    installed = Installed(
        {model: model for model in _MODELS}, {engine: engine for each in _DEVICES.values() for engine in each}
    )
    figures = Figures(
        Figure(model, model, Placement(device.id, engine), engine, 10.0 + place, 12.0 + place, 0.1, 30, 1.0)
        for place, (device, engines) in enumerate(_DEVICES.items())
        for engine in engines
        for model in _MODELS
    )
    options = Options(Places(_DEVICES, figures, installed, {}, ()))
    looks = {device.id: Outlook(0.3, 0, 0.0) for device in _DEVICES}
    scheduler = DeviceScheduler(_DEVICES, installed, figures)

    def turn() -> None:
        with scheduler.turn(_JOB):
            pass

    return {
        "choose": _timed(lambda: choose(_JOB, options.of(_JOB), looks, 0.0), runs),
        "choose_power_saver": _timed(lambda: choose(_JOB, options.of(_JOB), looks, 0.0, True), runs),
        "turn": _timed(turn, runs),
        "next_of_64": _timed(_overloaded(options), runs),
    }


def _overloaded(options: Options) -> Callable[[], None]:
    """One job ends, the next begins, and another one comes, on a machine with 64 waiting jobs."""
    now = [0.0]
    dispatcher = Dispatcher(QueueLimits(), options, _DEVICES, 0.0)
    running = []
    while dispatcher.waiting < QueueLimits.waiting:
        ticket, _ = dispatcher.submit(_JOB_OF_NOBODY, 0.0)
        if ticket.option is not None:
            running.append(ticket)

    def step() -> None:
        now[0] += 0.05
        running.extend(dispatcher.end(running.pop(0), Outcome.DONE, now[0]))
        dispatcher.submit(_JOB_OF_NOBODY, now[0])

    return step


def _timed(work: Callable[[], object], runs: int) -> dict[str, float]:
    taken = []
    for _ in range(runs):
        began = time.perf_counter_ns()
        work()
        taken.append((time.perf_counter_ns() - began) / 1e3)
    return percentiles(taken)


if __name__ == "__main__":
    print(json.dumps({"machine": machine(), "us": decisions()}, indent=1))

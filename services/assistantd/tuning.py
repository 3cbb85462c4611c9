"""The figures of the machine: the daemon chooses engines by them, and measures them in the quiet."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from assistant.events import EventBus
from assistant.scheduling.apart import measure_apart
from assistant.scheduling.chooser import FigureChooser
from assistant.scheduling.figure_file import FigureFile
from assistant.scheduling.here import machine_here
from assistant.scheduling.machine import machine_key
from assistant.scheduling.quiet_tuner import QuietTuner
from assistant.scheduling.tuning import Tuning
from assistant.serving.serving import Serving
from common.faults import Faults
from services.assistantd.supply import read_supply


def quiet_tuner(serving: Serving, bus: EventBus, state: Path, faults: Faults, *, enabled: bool) -> QuietTuner:
    """Let the figures choose the engines of the models, and measure them in the quiet: `poll` it.

    With one engine alone there is nothing to choose, and nothing is measured.

    Args:
        serving: the models.
        bus: tells when somebody is heard.
        state: folder of what survives a restart.
        faults: is told of a damaged file.
        enabled: False never measures.
    """
    machine = machine_here(serving)
    has_choice = len(machine.device_of()) > 1
    chooser = FigureChooser(machine.installed, machine.device_of())
    tuning = Tuning(FigureFile(state, machine_key(), faults), chooser.take)
    serving.chooser = chooser
    measure = partial(measure_apart, state, serving.store)
    tuner = QuietTuner(tuning, measure, read_supply, enabled=enabled and has_choice)
    bus.listen(tuner.follow)
    return tuner

"""`sotto tune`: measures which device and engine is fastest for each model of this machine."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable

from assistant.models.progress import print_line
from assistant.models.store import MODEL_NAMES, ModelStore
from assistant.scheduling.chooser import FigureChooser
from assistant.scheduling.figure_file import FigureFile, Origin
from assistant.scheduling.figures import Figure, Figures, to_json
from assistant.scheduling.here import Machine, candidates_here, machine_here
from assistant.scheduling.machine import machine_key
from assistant.scheduling.measure import Measurer
from assistant.scheduling.tuning import Tuning
from assistant.serving.serving import Serving
from common.errors import InvalidInput
from common.paths import models_dir, state_dir
from services.cli.first_use import ensure_models

_INTERRUPTED = 130


def tune(options: argparse.Namespace) -> int:
    """Measure what has no figures yet, and print the figures; an interruption keeps what was measured.

    Raises:
        Conflict: another process measures.
        StorageError: the state folder cannot be written. If only the file cannot, the figures are printed.
    """
    for name in options.model:
        if name not in MODEL_NAMES:
            raise InvalidInput(
                f"there is no model {name[:60]!r}",
                hint=f"there are: {', '.join(MODEL_NAMES)}",
                code="model.unknown",
            )
    ensure_models()
    serving = Serving(ModelStore(models_dir()))
    machine = machine_here(serving)
    tuning = Tuning(FigureFile(state_dir(), machine_key()))
    if tuning.origin is Origin.OTHER_MACHINE:
        _say("the figures in the state folder are of another machine; all is measured anew")
    refused, status = None, 0
    with tuning.exclusive():
        try:
            candidates = candidates_here(serving, machine, options.model)
            models = tuning.due(candidates, time.time(), force=options.force)
            if not models:
                _say("all of it has been measured; --force measures it again")
            refused = tuning.run(models, Measurer(), print_line)
        except KeyboardInterrupt:
            _say("interrupted; what was measured before is kept")
            status = _INTERRUPTED
    print(_as_json(tuning.figures, machine) if options.json else _as_text(tuning.figures, machine))
    if refused is not None:
        raise refused
    return status


def _say(text: str) -> None:
    print(f"sotto: {text}", file=sys.stderr)


def _as_json(figures: Figures, machine: Machine) -> str:
    current = _current(figures, machine)
    rows = [to_json(figure) for figure in current]
    return json.dumps({"machine": machine_key(), "chosen": _chosen(figures, machine), "figures": rows})


def _as_text(figures: Figures, machine: Machine) -> str:
    chosen = _chosen(figures, machine)
    lines = [f"{'model':<28} {'device':<8} {'engine':<24} {'p50':>9} {'p95':>9} {'noise':>8}     n  energy"]
    for each in _current(figures, machine):
        where = f"{each.model:<28} {each.placement.device:<8} {each.placement.engine:<24}"
        if not each.right:
            lines.append(f"{where} not used: {each.reason}")
            continue
        times = f"{each.p50_ms:6.2f} ms {each.p95_ms:6.2f} ms {each.noise_ms:5.2f} ms {each.n:5}"
        energy = "" if each.energy_mj is None else f" {each.energy_mj:7.1f} mJ"
        mark = "  chosen" if chosen.get(each.model) == each.placement.engine else ""
        lines.append(f"{where} {times}{energy}{mark}")
    return "\n".join(lines)


def _current(figures: Figures, machine: Machine) -> list[Figure]:
    """Those that count now, by model and time."""
    counts = [f for f in figures if figures.of(f.model, f.placement, machine.installed) is f]
    order = {name: place for place, name in enumerate(MODEL_NAMES)}
    return sorted(counts, key=lambda each: (order.get(each.model, 0), not each.right, each.p50_ms))


def _chosen(figures: Figures, machine: Machine) -> dict[str, str]:
    """Model -> engine that "auto" takes."""
    device_of = machine.device_of()
    chooser = FigureChooser(machine.installed, device_of)
    chooser.take(figures)
    return {name: chooser.choose(name, tuple(device_of)) for name in _measured(figures)}


def _measured(figures: Iterable[Figure]) -> list[str]:
    return list(dict.fromkeys(figure.model for figure in figures))

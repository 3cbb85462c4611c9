"""`make bench-power`: simulated days on all models, and latencies of the real daemon on an emulated kernel."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from power.simulate import machine, trace
from power.simulate.day import GOVERNORS, simulate
from power.simulate.picture import draw
from power.simulate.report import as_data, described, percentile
from tests.emulated.conftest import booted_machine
from tests.emulated.tables import BIG_PORT

#: Turns of the race from a phase to the P-state register.
_TIMES = 100
_HIGHEST = 24


def main() -> int:
    """Measure, print, and leave JSON and a picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/bench"), metavar="DIR")
    parser.add_argument("--no-emulator", action="store_true", help="simulated days only")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    emulated = {} if options.no_emulator else _emulated(options.out)
    governors = [*GOVERNORS, "sotto:balanced", "sotto:power-saver"]
    results = [
        simulate(machine.load_model(model), trace.load_trace(day), governor)
        for day in trace.names()
        for model in machine.names()
        for governor in governors
    ]
    print(described(results))
    print(json.dumps(emulated, indent=1))
    figures = {"emulated": emulated, **as_data(results)}
    (options.out / "power.json").write_text(json.dumps(figures, indent=1) + "\n")
    draw(results, options.out / "power.png")
    print(f"wrote {options.out}/power.json and power.png")
    return 0


def _emulated(out: Path) -> dict[str, Any]:
    folder = out.absolute() / "machine"
    folder.mkdir(exist_ok=True)
    for socket in ("qmp", "line"):
        (folder / socket).unlink(missing_ok=True)
    try:
        box = booted_machine(folder)
    except pytest.skip.Exception as reason:
        return {"skipped": str(reason)}
    try:
        box.calm()
        box.do("start")
        box.phase("idle")
        # The first reports pay for what is loaded on the way.
        box.do("call", user=900, what="race", times=5, port=BIG_PORT, value=_HIGHEST)
        times = box.do("call", user=900, what="race", times=_TIMES, port=BIG_PORT, value=_HIGHEST)
        spread = {f"p{share:.0%}"[:-1]: round(percentile(times, share), 2) for share in (0.5, 0.95, 0.99)}
        box.phase("idle")
        return {
            "phase_to_register_ms": {**spread, "max": round(max(times), 2), "count": len(times)},
            "idle_wakeups_a_second": box.do("wakeups", seconds=30) / 30,
            "resident_kb": box.do("memory"),
        }
    finally:
        box.close()


if __name__ == "__main__":
    sys.exit(main())

"""`make bench-power`: simulated days on all models, and the real daemon on an emulated kernel."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from dbus_next.aio.message_bus import MessageBus
from dbus_next.message import Message

from power.simulate import machine, trace
from power.simulate.day import GOVERNORS, simulate
from power.simulate.picture import draw
from power.simulate.report import as_data, described, percentile
from tests.emulated.conftest import booted_machine
from tests.emulated.tables import BIG_PORT
from tests.power.machine import big_little
from tests.services.powerd.conftest import World

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
    native = _native()
    print(described(results))
    print(json.dumps(native, indent=1))
    print(json.dumps(emulated, indent=1))
    figures = {"emulated": emulated, "native": native, **as_data(results)}
    (options.out / "power.json").write_text(json.dumps(figures, indent=1) + "\n")
    draw(results, options.out / "power.png")
    print(f"wrote {options.out}/power.json and power.png")
    return 0


def _native() -> dict[str, Any]:
    """The real daemon on this processor, with a private bus and plain files: from call to answer."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        big_little(world.root)
        world.start_bus()
        try:
            world.start()
            times = asyncio.run(_calls(f"unix:path={folder}/bus"))
        finally:
            world.close()
    spread = {f"p{share:.0%}"[:-1]: round(percentile(times, share), 2) for share in (0.5, 0.95, 0.99)}
    return {"phase_answered_ms": {**spread, "max": round(max(times), 2), "count": len(times)}}


async def _calls(address: str) -> list[float]:
    bus = await MessageBus(address).connect()
    times = []
    for number in range(2 * _TIMES):
        phase = "thinking" if number % 2 else "idle"
        own = ("org.sotto.Power1", "/org/sotto/Power1", "org.sotto.Power1")
        begin = time.perf_counter()
        await bus.call(Message(*own, "SetPhase", signature="s", body=[phase]))
        if phase == "thinking" and number > 10:
            times.append(1000 * (time.perf_counter() - begin))
        await asyncio.sleep(0.02)
    bus.disconnect()
    return times


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

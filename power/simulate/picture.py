"""The picture of a simulation; needs matplotlib, which is on a workbench and not on the box."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from power.errors import SimulationError
from power.simulate.day import Result
from power.simulate.report import percentile


def draw(results: Sequence[Result], path: Path) -> None:
    """Write a PNG: energy of the cores, latency added to a turn, and time at each clock.

    Raises:
        SimulationError: matplotlib is not installed, or the file cannot be written.
    """
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise SimulationError(
            "there is no matplotlib here", hint="leave the picture out, or use --json"
        ) from error
    groups = list(dict.fromkeys((r.machine, r.trace) for r in results))
    names = list(dict.fromkeys(r.governor for r in results))
    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(17, 5), layout="constrained")
    for number, name in enumerate(names):
        mine = {(r.machine, r.trace): r for r in results if r.governor == name}
        places = [at + (number - len(names) / 2) * 0.8 / len(names) for at in range(len(groups))]
        width = 0.75 / len(names)
        left.bar(places, [mine[g].cpu_j / 1000 if g in mine else 0 for g in groups], width, label=name)
        added = [percentile(mine[g].added_ms, 0.95) if g in mine else 0 for g in groups]
        middle.bar(places, [max(0.01, each) for each in added], width, label=name)
    for axes, title in ((left, "cores' energy a day, kJ"), (middle, "latency added to a turn, p95, ms")):
        axes.set_xticks(range(len(groups)), [f"{machine}\n{trace}" for machine, trace in groups], fontsize=8)
        axes.set_title(title)
    middle.set_yscale("log")
    middle.legend(fontsize=8)
    machine, trace = groups[0]
    shown = [r for r in results if (r.machine, r.trace) == (machine, trace)]
    steps = sorted({khz for r in shown for khz in r.residency_s[-1]})
    bottom = [0.0] * len(shown)
    for khz in steps:
        shares = [r.residency_s[-1].get(khz, 0.0) / max(1.0, sum(r.residency_s[-1].values())) for r in shown]
        right.barh([r.governor for r in shown], shares, left=bottom, label=f"{khz // 1000} MHz")
        bottom = [a + b for a, b in zip(bottom, shares, strict=True)]
    right.set_title(f"time at each clock, strong cores, {machine}, {trace}")
    right.legend(fontsize=7, ncols=2)
    try:
        figure.savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise SimulationError(
            f"{path} cannot be written: {error}", hint="name a file that ends in .png"
        ) from error
    finally:
        pyplot.close(figure)

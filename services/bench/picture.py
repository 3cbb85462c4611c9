"""The picture of a measurement: where the time of a sentence goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(results: dict[str, Any], path: Path) -> None:
    """Write a PNG: percentiles of the clocks on the left, the stages of a turn on the right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    clocks = {name: values for name, values in results["clocks_ms"].items() if values.get("count")}
    for offset, percentile in enumerate(("p50", "p95", "p99")):
        places = [number + (offset - 1) * 0.27 for number in range(len(clocks))]
        bars = left.bar(places, [v[percentile] for v in clocks.values()], 0.25, label=percentile)
        left.bar_label(bars, fmt="%.0f", fontsize=7)
    left.set_xticks(range(len(clocks)), [name.replace("_", "\n") for name in clocks], fontsize=8)
    left.set_ylabel("milliseconds")
    left.set_title("clocks of a turn")
    left.legend()
    stages = {name: values for name, values in results["stages_ms"].items() if values.get("count")}
    bars = right.barh(list(stages), [values["p50"] for values in stages.values()])
    right.bar_label(bars, fmt="%.1f", fontsize=8)
    right.set_xlabel("milliseconds, median")
    right.set_title("stages of a turn (encode and decode are part of recognise)")
    figure.suptitle(results["machine"])
    figure.savefig(path, dpi=110)

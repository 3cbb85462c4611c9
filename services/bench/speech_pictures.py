"""Pictures of the benchmarks on real speech."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from services.bench.live import STAGES


def draw_latency(results: dict[str, Any], path: Path) -> None:
    """Write a PNG: where the time goes on the left, how it is distributed on the right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    own, fixed = results["own"], results["fixed_timer"]
    bars = {
        "complete": own["stages_ms"]["complete"],
        "extendable": own["stages_ms"]["extendable"],
        "all": own["stages_ms"]["all"],
        f"fixed timer\n{fixed['silence_ms']} ms": fixed["stages_ms"]["all"],
    }
    bottom = np.zeros(len(bars))
    for stage in STAGES:
        heights = np.array([values[stage] for values in bars.values()])
        left.bar(list(bars), heights, bottom=bottom, label=stage)
        bottom += heights
    for place, height in enumerate(bottom):
        left.text(place, height, f"{height:.0f}", ha="center", va="bottom", fontsize=8)
    left.set_ylabel("milliseconds since the last word, mean")
    left.set_title("where the time goes until the first sound")
    left.legend()
    for name, values in (("own turn end", own), ("fixed timer", fixed)):
        times = values["heard_from_outside_ms"]
        right.step(times, np.arange(1, len(times) + 1) / max(1, len(times)), where="post", label=name)
    right.axvline(100, color="grey", linewidth=0.8, linestyle=":")
    right.set_xlabel("milliseconds from the last word to the first sound")
    right.set_ylabel("share of the clips")
    right.set_title(results["bottleneck"], fontsize=8)
    right.legend()
    figure.suptitle(results["machine"])
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def draw_accuracy(results: dict[str, Any], path: Path) -> None:
    """Write a PNG: acceptance over noise on the left, the errors that must be rare on the right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    acceptance = results["acceptance"]
    for key, name in (("right_percent", "every slot right"), ("wrong_percent", "accepted, but wrong")):
        left.plot(list(acceptance), [values[key] for values in acceptance.values()], marker="o", label=name)
    left.set_xlabel("kitchen noise, dB")
    left.set_ylabel("percent of the clips")
    left.set_title("commands")
    left.legend()
    rare = rare_errors(results)
    bars = right.barh(list(rare), [value for value, _ in rare.values()], label="measured")
    right.bar_label(bars, fmt="%.2f", fontsize=8)
    right.scatter(
        [most for _, most in rare.values()], list(rare), marker="|", s=200, color="red", label="at most"
    )
    right.set_xlabel("percent")
    right.set_title("errors")
    right.legend()
    figure.suptitle(results["machine"])
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def rare_errors(results: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Name -> percent measured and promised."""
    foreign = {
        f"foreign: {name.replace('_', ' ')}": (values["percent"], 0.5)
        for name, values in results["foreign"].items()
    }
    return {
        "accepted but wrong, mean over noise": (results["noise_mean"]["wrong_percent"], 0.5),
        **foreign,
        f"wake word {results['wake_words']['word']} missed": (results["wake_words"]["missed_percent"], 4.0),
        "cut off, as spoken": (results["cut_off"]["as_spoken"]["percent"], 0.5),
        "cut off, pauses doubled": (results["cut_off"]["pauses_doubled"]["percent"], 0.5),
    }

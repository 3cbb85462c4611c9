"""A picture of a soak: memory of each daemon, and what the room waited, with the faults beneath."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(seen: dict[str, Any], path: Path) -> None:
    """Write a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (memory, files, heard) = pyplot.subplots(3, 1, figsize=(11, 9), sharex=True, layout="constrained")
    for daemon in sorted({sample["daemon"] for sample in seen["samples"]}):
        own = [sample for sample in seen["samples"] if sample["daemon"] == daemon]
        hours = [sample["at"] / 3600 for sample in own]
        memory.plot(hours, [sample["rss_mb"] for sample in own], ".", markersize=2, label=daemon)
        files.plot(
            hours, [sample["files"] for sample in own], ".", markersize=2, label=f"{daemon}, open files"
        )
        files.plot(
            hours, [sample["threads"] for sample in own], "-", linewidth=0.7, label=f"{daemon}, threads"
        )
    memory.set_ylabel("resident, MB")
    memory.set_ylim(bottom=0)
    memory.legend(fontsize=8)
    files.set_ylabel("number")
    files.set_ylim(bottom=0)
    files.legend(fontsize=7, ncols=3)
    starts = [span["from_s"] / 3600 for span in seen["heard"]]
    for percentile in ("p50", "p95"):
        heard.plot(starts, [span[f"{percentile}_ms"] for span in seen["heard"]], "o-", label=percentile)
    for name, begin, _end in seen["fault_times"]:
        heard.axvline(begin / 3600, color="grey", linewidth=0.4)
        if len(seen["fault_times"]) <= 40:
            heard.text(begin / 3600, 1, name, rotation=90, fontsize=6, va="bottom")
    heard.set_ylabel("heard in the room, ms")
    heard.set_ylim(bottom=0)
    heard.set_xlabel("hours; grey lines are faults")
    heard.legend(fontsize=8)
    figure.suptitle(f"{seen['hours']:g} h soak. {seen['machine']}", fontsize=9)
    figure.savefig(path, dpi=110)

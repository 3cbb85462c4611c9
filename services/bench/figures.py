"""Figures out of samples: percentiles, and how they are written."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def machine() -> str:
    """Processor, cores, and how busy it was: figures mean little without."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    name = found.group(1) if found else "unnamed processor"
    return f"{name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 (linear interpolation), the largest, and how many there were."""
    if not values:
        return {"count": 0}
    p50, p95, p99 = np.percentile(np.asarray(values, float), (50, 95, 99))
    return {
        "p50": round(float(p50), 2),
        "p95": round(float(p95), 2),
        "p99": round(float(p99), 2),
        "max": round(max(values), 2),
        "count": len(values),
    }


def line(name: str, figures: dict[str, float], unit: str, target: str = "") -> str:
    """One line for people."""
    if not figures.get("count"):
        return f"{name:<44} nothing measured"
    return (
        f"{name:<44} p50 {figures['p50']:8.1f}  p95 {figures['p95']:8.1f}  p99 {figures['p99']:8.1f} "
        f"{unit:<4} n={figures['count']:<4} {target}"
    )

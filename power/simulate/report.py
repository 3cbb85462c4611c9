"""What came of a simulation: figures for programs, lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from power.simulate.day import Result
from power.simulate.trace import DAY_S


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below `share` of all; 0 without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def as_data(results: Sequence[Result]) -> dict[str, Any]:
    """All figures; energy in joules and against schedutil on the same machine and day."""
    return {"results": [_figures(result, _reference(result, results)) for result in results]}


def described(results: Sequence[Result]) -> str:
    """A table."""
    lines = [
        f"{'day':<9} {'machine':<8} {'governor':<20} {'cores':>8} {'against':>9} {'board':>7} added, ms",
        f"{'':<9} {'':<8} {'':<20} {'J':>8} {'schedutil':>9} {'':>7} {'p50':>7} {'p95':>7} {'most':>7}",
    ]
    for result in results:
        row = _figures(result, _reference(result, results))
        ratios = (row["cpu_ratio"], row["board_ratio"])
        cpu, board = ("-" if ratio is None else f"{ratio:.2f}" for ratio in ratios)
        added = row["added_ms"]
        lines.append(
            f"{result.trace:<9} {result.machine:<8} {result.governor:<20} {result.cpu_j:>8.0f} "
            f"{cpu:>9} {board:>7} {added['p50']:>7.1f} {added['p95']:>7.1f} {added['max']:>7.1f}"
        )
    return "\n".join(lines)


def _reference(result: Result, results: Sequence[Result]) -> Result | None:
    same = (r for r in results if r.machine == result.machine and r.trace == result.trace)
    return next((each for each in same if each.governor == "schedutil"), None)


def _figures(result: Result, reference: Result | None) -> dict[str, Any]:
    return {
        "day": result.trace,
        "machine": result.machine,
        "governor": result.governor,
        "cpu_j": round(result.cpu_j, 1),
        "cpu_mean_w": round(result.cpu_j / DAY_S, 4),
        "board_j": round(result.board_j, 1),
        "cpu_ratio": round(result.cpu_j / reference.cpu_j, 4) if reference else None,
        "board_ratio": round(result.board_j / reference.board_j, 4) if reference else None,
        "added_ms": _spread(result.added_ms),
        "latency_ms": _spread(result.latencies_ms),
        "seconds_at_khz": [
            {str(khz): round(seconds, 1) for khz, seconds in table.items()} for table in result.residency_s
        ],
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(abs(percentile(values, 0.5)), 2),
        "p95": round(abs(percentile(values, 0.95)), 2),
        "max": round(abs(max(values, default=0.0)), 2),
        "count": len(values),
    }

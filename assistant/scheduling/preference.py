"""Which engine of a device runs a model: the fastest whose results are right. Pure but for what is in use."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.scheduling.figures import Figure


def is_faster(other: Figure, current: Figure) -> bool:
    """Whether `other` is faster than `current` by more than the noise with which the two were measured.

    The noise of a pair is the larger of both: half of the range of the medians of the blocks of one figure.
    """
    return other.p50_ms + max(other.noise_ms, current.noise_ms) < current.p50_ms


def fastest(figures: Sequence[Figure], in_use: str = "") -> Figure | None:
    """The figure of the engine to take, of one model on one device.

    The engine in use is left only for one that `is_faster`, so that two engines that are equally fast do not
    take turns. If none is in use, or the one in use is not right, the lowest median counts. So whenever two
    medians differ by more than the noise, the lower one is taken, whatever is in use.

    Args:
        figures: of several engines.
        in_use: name of the engine in use.

    Returns:
        None if none of them is right.
    """
    right = [figure for figure in figures if figure.right]
    if not right:
        return None
    best = min(right, key=lambda figure: figure.p50_ms)
    current = next((figure for figure in right if figure.placement.engine == in_use), None)
    if current is None or is_faster(best, current):
        return best
    return current

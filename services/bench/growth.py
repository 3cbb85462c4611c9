"""Whether the daemon grows: its memory over many turns, typed and spoken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from assistant.audio.format import Samples
from services.bench.latency import COMMANDS
from services.bench.resources import Daemon
from services.client.backend import ListenOptions

#: Every so many turns one is spoken, and answered aloud.
_SPOKEN_EVERY = 10
_SAMPLES = 40
#: Until so many turns are done, caches fill: states of the grammar, heaps of the threads.
_WARM_TURNS = 500


def run(clips: Sequence[Samples], turns: int) -> dict[str, Any]:
    """Resident memory of a daemon without a microphone over `turns` turns.

    Args:
        clips: spoken sentences.
        turns: how many in all.

    Returns:
        `rss_mb` at even distances, and `growth_mb`: the mean of the last quarter less that of the quarter
        that follows the warm-up; None if there are too few turns.
    """
    every = max(1, turns // _SAMPLES)
    sizes: list[tuple[int, float]] = []
    with Daemon({}, "--no-microphone") as box:
        at_start = box.rss_mb
        for number in range(turns):
            if number % _SPOKEN_EVERY == 0:
                clip = clips[number // _SPOKEN_EVERY % len(clips)]
                box.client.listen(clip, ListenOptions(label="bench", reply_audio=True))
            else:
                box.client.ask(COMMANDS[number % len(COMMANDS)])
            if (number + 1) % every == 0:
                sizes.append((number + 1, round(box.rss_mb, 1)))
    return {
        "turns": turns,
        "spoken": len(range(0, turns, _SPOKEN_EVERY)),
        "rss_mb_at_start": round(at_start, 1),
        "rss_mb": sizes,
        "warm_turns": _WARM_TURNS,
        "growth_mb": growth(sizes),
    }


def growth(sizes: Sequence[tuple[int, float]]) -> float | None:
    """Megabytes that the last quarter of the warm turns has more than the first quarter of them."""
    warm = [size for turn, size in sizes if turn > _WARM_TURNS]
    if len(warm) < 8:
        return None
    quarter = len(warm) // 4
    return round(float(np.mean(warm[-quarter:]) - np.mean(warm[:quarter])), 1)

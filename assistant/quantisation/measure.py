"""How fast models are: in turns on the same examples, so that what else the machine does hits all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.quantisation.calibration import Feed
from assistant.quantisation.workshop import open_model, run_model


@dataclass(frozen=True)
class Speed:
    """How fast a model is.

    Attributes:
        p50_ms, p95_ms: percentiles of one run, over examples and rounds.
        ratio: median over the pairs of runs on the same example in the same round: time of the first model
            divided by that of this one.
        count: runs.
    """

    p50_ms: float
    p95_ms: float
    ratio: float
    count: int


def speeds(models: Mapping[str, Path], feeds: Sequence[Feed], rounds: int) -> dict[str, Speed]:
    """Time models in turns, one thread each.

    Args:
        models: name -> file; the first one is what the others are compared with.
        feeds: examples.
        rounds: times that each example is run.

    Raises:
        InvalidInput: a model cannot be opened, or cannot be run on these examples.
    """
    sessions = {name: open_model(path) for name, path in models.items()}
    for session in sessions.values():
        for feed in feeds[:3]:
            run_model(session, feed)
    names = list(sessions)
    times = np.zeros((len(names), rounds, len(feeds)))
    for turn in range(rounds):
        for place, feed in enumerate(feeds):
            # Who comes first changes: the first run after another model's finds colder caches.
            for offset in range(len(names)):
                which = (turn + place + offset) % len(names)
                session = sessions[names[which]]
                start = time.perf_counter()
                session.run(None, dict(feed))
                times[which, turn, place] = time.perf_counter() - start
    ratios = times[0] / times
    return {
        name: Speed(
            p50_ms=1e3 * float(np.median(times[which])),
            p95_ms=1e3 * float(np.percentile(times[which], 95)),
            ratio=float(np.median(ratios[which])),
            count=rounds * len(feeds),
        )
        for which, name in enumerate(names)
    }

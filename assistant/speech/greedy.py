"""Greedy decoding of one recording, with and without a lexicon bias, in one pass.

While both choose the same tokens, they are one row of the batch. From the first difference on they are two
rows, which cost a fifth more than one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assistant.models.moonshine_shape import END_TOKEN, START_TOKEN
from assistant.serving.engine import Tensor
from assistant.speech.hypothesis import Hypothesis
from assistant.speech.moonshine import Memory, Moonshine

_FREE = 0


def decode(
    model: Moonshine,
    memory: Memory,
    max_tokens: int,
    bias: Tensor | None = None,
    strength: float = 0.0,
    enough: Callable[[Hypothesis], bool] = lambda biased: False,
) -> tuple[Hypothesis, Hypothesis]:
    """Take the best token in each step until the model ends the sentence.

    Args:
        model: the recogniser's graphs.
        memory: the encoded recording.
        max_tokens: longest text, in tokens.
        bias: lexicon weights from `Moonshine.bias`, or None.
        strength: value added to the logits of the lexicon's tokens.
        enough: called once with the finished biased hypothesis; if it returns True, decoding stops, and the
            free hypothesis remains unfinished.

    Returns:
        The free and the biased hypothesis. Without a bias they are the same.
    """
    tracks = [Hypothesis()] if bias is None else [Hypothesis(), Hypothesis()]
    strengths = np.array([0.0, strength], np.float32)[: len(tracks)]
    rows = [0] * len(tracks)
    live = list(range(len(tracks)))
    tokens = np.array([START_TOKEN], np.int64)
    parents = np.zeros(1, np.int64)
    past = None
    for position in range(max_tokens):
        step = model.step(
            memory,
            tokens,
            position,
            past,
            parents=parents,
            picks=np.array([rows[track] for track in live], np.int64),
            strength=strengths[live],
            bias=bias,
        )
        past = step.past
        best = dict(zip(live, step.best.tolist(), strict=True))
        for track, logp in zip(live, step.best_logp.tolist(), strict=True):
            tracks[track] = tracks[track].followed_by(best[track], logp)
        going = [track for track in live if best[track] != END_TOKEN]
        if _FREE in going and len(going) < len(live) and enough(tracks[-1]):
            break
        if not going:
            break
        places: dict[tuple[int, int], int] = {}
        next_rows = list(rows)
        for track in going:
            next_rows[track] = places.setdefault((rows[track], best[track]), len(places))
        parents = np.array([row for row, _ in places], np.int64)
        tokens = np.array([token for _, token in places], np.int64)
        live, rows = going, next_rows
    return tracks[0], tracks[-1]

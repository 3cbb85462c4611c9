"""Inputs with which models are run for a measurement: always the same, of the sizes of a spoken sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio.format import SAMPLE_RATE
from assistant.models.moonshine_shape import CROSS, HEAD_WIDTH, HEADS, PAST, VOCABULARY, padded_length
from assistant.models.piper_shape import FLOW_LATENT, FRONT_LATENT, FRONT_MASK, INPUTS

Feed = dict[str, NDArray[Any]]

#: A sentence of 2 s (83 frames of the encoder) of which 8 tokens are known.
_SECONDS, _ENCODED, _TOKENS = 2.0, 83, 8
#: A reply of 60 sounds; the latent frames of its first chunk, with what flow and vocoder need around it.
_PHONEMES, _FLOW_FRAMES, _VOCODER_FRAMES, _LATENT = 60, 68, 36, 192


def feed_of(name: str) -> Feed:
    """The inputs of a model of the store, `<entry>-<part>` or the name of an entry.

    Raises:
        KeyError: a model that is not known here.
    """
    random = np.random.default_rng(1)

    def noise(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 0.1, shape).astype(np.float32)

    match name if name in ("silero-vad", "smart-turn") else name.rpartition("-")[2]:
        case "encoder":
            return {"audio": noise(1, padded_length(int(_SECONDS * SAMPLE_RATE)))}
        case "decoder":
            return {
                "tokens": np.array([[501]], np.int64),
                "positions": np.array([[_TOKENS]], np.int64),
                "parents": np.zeros(1, np.int64),
                "wanted": np.zeros(0, np.int64),
                "picks": np.zeros(1, np.int64),
                "strength": np.zeros((1, 1), np.float32),
                "bias": np.zeros(VOCABULARY, np.float32),
                **{key: noise(1, HEADS, _TOKENS, HEAD_WIDTH) for key in PAST},
                **{key: noise(1, HEADS, _ENCODED, HEAD_WIDTH) for key in CROSS},
            }
        case "front":
            # Without noise in the lengths of the sounds, so that each run computes as much.
            ids, scales = random.integers(3, 50, (1, _PHONEMES)), np.array([0.667, 1.0, 0.0], np.float32)
            return dict(zip(INPUTS, (ids, np.array([_PHONEMES]), scales), strict=True))
        case "flow":
            return {
                FRONT_LATENT: noise(1, _LATENT, _FLOW_FRAMES),
                FRONT_MASK: np.ones((1, 1, _FLOW_FRAMES), np.float32),
            }
        case "vocoder":
            return {FLOW_LATENT: noise(1, _LATENT, _VOCODER_FRAMES)}
        case "silero-vad":
            return {
                "input": noise(1, 576),
                "state": noise(2, 1, 128),
                "sr": np.array(SAMPLE_RATE, np.int64),
            }
        case "smart-turn":
            return {"input_features": noise(1, 80, 800)}
    raise KeyError(name)

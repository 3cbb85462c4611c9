"""Deterministic inputs of each model, and the shapes that its inputs may have.

With them an engine shows that it computes what the processor computes, before it answers anything
(`agreement`, `proving`). They hold no recording: sound is made of harmonics, tensors inside a model are drawn
with the spread that speech gives them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio.format import SAMPLE_RATE
from assistant.models.moonshine_shape import (
    CROSS,
    EDGE_SAMPLES,
    FRAME_SAMPLES,
    HEAD_WIDTH,
    HEADS,
    MAX_TOKENS,
    PAST,
    VOCABULARY,
    padded_length,
)
from assistant.models.piper_shape import FLOW_LATENT, FRONT_LATENT, FRONT_MASK, INPUTS
from assistant.serving.engine import Span, Spans

Feed = dict[str, NDArray[Any]]

#: Channels of a Piper voice's latent frames.
_LATENT = 192
_SEED = 20261129
#: Standard deviation of the decoder's tensors; means over its layers, measured on 20 spoken commands.
_SPREAD = {"cross_key": 3.2, "cross_value": 0.9, "past_key": 1.9, "past_value": 0.9}


@dataclass(frozen=True)
class ModelSample:
    """How a model is tried.

    Attributes:
        feeds: makes the inputs of each run.
        spans: shapes of its inputs.
        tolerance: largest relative error of a right engine (`agreement.error`).
        why: the reason for the tolerance.
    """

    feeds: Callable[[], list[Feed]]
    spans: Spans
    tolerance: float
    why: str


def sample_of(model: str) -> ModelSample | None:
    """The sample of a model; None for one that has none, and so runs on the default engine only."""
    if model in _BY_NAME:
        return _BY_NAME[model]
    _, _, part = model.rpartition("-")
    return _BY_PART.get(part)


def voiced(seconds: float) -> NDArray[np.float32]:
    """A sound like a voice, float32 [n] at 16 kHz in [-1, 1]: gliding harmonics, in syllables, and noise."""
    random = np.random.default_rng(_SEED)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.9 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    sound = sum(np.sin(number * phase) / number for number in range(1, 25))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * time), 0, None)
    sound = 0.1 * sound * syllables + 0.002 * random.standard_normal(len(time))
    return np.asarray(sound, np.float32)


def _encoder() -> list[Feed]:
    feeds: list[Feed] = []
    for seconds in (0.7, 1.9):
        sound = voiced(seconds)
        padded = np.zeros((1, padded_length(len(sound))), np.float32)
        padded[0, : len(sound)] = sound
        feeds.append({"audio": padded})
    return feeds


def _decoder() -> list[Feed]:
    """A step in the middle of a sentence, of two hypotheses that go on from the first and the second row."""
    random = np.random.default_rng(_SEED)

    def drawn(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        return np.asarray(_SPREAD[name.rstrip("012345")] * random.standard_normal(shape), np.float32)

    feed: Feed = {
        "tokens": np.array([[501], [1203]], np.int64),
        "positions": np.full((2, 1), 7, np.int64),
        "parents": np.array([1, 0], np.int64),
        "wanted": np.arange(0, 2 * VOCABULARY, 64, dtype=np.int64),
        "picks": np.array([0, 1], np.int64),
        "strength": np.array([[0.0], [4.0]], np.float32),
        "bias": np.zeros(VOCABULARY, np.float32),
    }
    feed |= {name: drawn(name, (2, HEADS, 7, HEAD_WIDTH)) for name in PAST}
    feed |= {name: drawn(name, (1, HEADS, 60, HEAD_WIDTH)) for name in CROSS}
    return [feed]


def _front() -> list[Feed]:
    # Neither noise: the graph draws random numbers itself, which no two engines draw alike.
    scales = np.array([0.0, 1.0, 0.0], np.float32)
    feeds: list[Feed] = []
    for phonemes in (11, 40):
        ids = np.random.default_rng(_SEED).integers(3, 50, (1, phonemes)).astype(np.int64)
        values = (ids, np.array([phonemes], np.int64), scales)
        feeds.append(dict(zip(INPUTS, values, strict=True)))
    return feeds


def _latent(frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(_SEED).standard_normal((1, _LATENT, frames), dtype=np.float32)


def _flow() -> list[Feed]:
    return [
        {FRONT_LATENT: _latent(frames), FRONT_MASK: np.ones((1, 1, frames), np.float32)}
        for frames in (12, 56)
    ]


def _vocoder() -> list[Feed]:
    return [{FLOW_LATENT: _latent(frames)} for frames in (12, 36)]


def _silero() -> list[Feed]:
    sound = voiced(0.2)[-576:][None]
    state = 0.3 * np.random.default_rng(_SEED).standard_normal((2, 1, 128), dtype=np.float32)
    return [{"input": sound, "state": state, "sr": np.array(SAMPLE_RATE, np.int64)}]


def _smart_turn() -> list[Feed]:
    random = np.random.default_rng(_SEED)
    return [{"input_features": np.asarray(random.uniform(-1, 1.5, (1, 80, 800)), np.float32)}]


def _fixed(*shape: int) -> Span:
    return Span(shape, shape, shape)


def _audio(frames: int) -> tuple[int, int]:
    return (1, frames * FRAME_SAMPLES + EDGE_SAMPLES)


_ROWS = 16
_DECODER_SPANS: dict[str, Span] = {
    "tokens": Span((1, 1), (1, 1), (_ROWS, 1)),
    "positions": Span((1, 1), (1, 1), (_ROWS, 1)),
    "parents": Span((1,), (1,), (_ROWS,)),
    "wanted": Span((0,), (256,), (_ROWS * VOCABULARY,)),
    "picks": Span((0,), (2,), (_ROWS,)),
    "strength": Span((0, 1), (2, 1), (_ROWS, 1)),
    "bias": _fixed(VOCABULARY),
    **{
        name: Span(
            (1, HEADS, 0, HEAD_WIDTH), (2, HEADS, 12, HEAD_WIDTH), (_ROWS, HEADS, MAX_TOKENS, HEAD_WIDTH)
        )
        for name in PAST
    },
    **{
        name: Span((1, HEADS, 1, HEAD_WIDTH), (1, HEADS, 100, HEAD_WIDTH), (1, HEADS, 1_250, HEAD_WIDTH))
        for name in CROSS
    },
}

#: Measured with OpenVINO on x86-64: up to 0.20, and 0.9 to 1.2 with an operator that is translated wrongly.
_INT8 = 0.4
#: Measured with OpenVINO on x86-64: up to 3e-6. A GPU that multiplies with fewer digits (TF32) reaches 1e-3.
_FLOAT32 = 1e-2
_ROUNDED = "int8 products: ONNX Runtime quantises their inputs as well, others may not"
_FLOATS = "float32 sums in another order"
_BY_PART = {
    "encoder": ModelSample(_encoder, {"audio": Span(_audio(1), _audio(100), _audio(1_250))}, _INT8, _ROUNDED),
    "decoder": ModelSample(_decoder, _DECODER_SPANS, _INT8, _ROUNDED),
    "front": ModelSample(
        _front,
        {INPUTS[0]: Span((1, 1), (1, 60), (1, 1_000)), INPUTS[1]: _fixed(1), INPUTS[2]: _fixed(3)},
        _FLOAT32,
        _FLOATS,
    ),
    "flow": ModelSample(
        _flow,
        {
            FRONT_LATENT: Span((1, _LATENT, 1), (1, _LATENT, 80), (1, _LATENT, 1_200)),
            FRONT_MASK: Span((1, 1, 1), (1, 1, 80), (1, 1, 1_200)),
        },
        _FLOAT32,
        _FLOATS,
    ),
    "vocoder": ModelSample(
        _vocoder,
        {FLOW_LATENT: Span((1, _LATENT, 1), (1, _LATENT, 36), (1, _LATENT, 1_200))},
        _FLOAT32,
        _FLOATS,
    ),
}
_BY_NAME = {
    "silero-vad": ModelSample(
        _silero,
        {"input": _fixed(1, 576), "state": _fixed(2, 1, 128), "sr": _fixed()},
        _FLOAT32,
        _FLOATS,
    ),
    "smart-turn": ModelSample(_smart_turn, {"input_features": _fixed(1, 80, 800)}, _INT8, _ROUNDED),
}

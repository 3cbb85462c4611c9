"""Running Moonshine: sound to encoder memory, and single steps of the decoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.audio.format import Floats
from assistant.models.catalogue import DEFAULT_LANGUAGE, choose
from assistant.models.moonshine_shape import (
    CROSS,
    HEAD_WIDTH,
    HEADS,
    PAST,
    PRESENT,
    VOCABULARY,
    padded_length,
)
from assistant.serving.engine import EngineLeft, Session, Tensor
from assistant.serving.serving import Serving

Ids = NDArray[np.int64]

_NO_IDS: Ids = np.zeros(0, np.int64)
_STEP_OUTPUTS = ["wanted_logp", "best", "best_logp", *PRESENT]


@dataclass(frozen=True)
class Memory:
    """What the encoder made of one recording; the decoder's cross-attention reads it.

    Attributes:
        cross: keys and values of the cross-attention.
        frames: their length.
        decoder: the session that the steps of this recording stay on, with their tensors.
        audio: the recording, to encode it again if the engine of the decoder is left.
    """

    cross: dict[str, Tensor]
    frames: int
    decoder: Session
    audio: Floats


@dataclass(frozen=True)
class Step:
    """Result of one decoder step.

    Attributes:
        wanted_logp: float32 [K], log-probabilities that were asked for.
        best: int64 [N], best token of each pick.
        best_logp: float32 [N], its plain log-probability.
        past: keys and values to hand to the next step, one row per hypothesis.
    """

    wanted_logp: NDArray[np.float32]
    best: Ids
    best_logp: NDArray[np.float32]
    past: dict[str, Tensor]


class Moonshine:
    """The two models of the recogniser.

    Args:
        serving: holds the prepared graphs.
        threads: threads inside one operator.
        name: of the catalogue entry; "" for the recogniser of the default language.

    Raises:
        ModelError: the graphs are not prepared.
    """

    def __init__(self, serving: Serving, threads: int = 1, name: str = "") -> None:
        name = name or choose("asr", DEFAULT_LANGUAGE).name
        self._encoder = serving.model(f"{name}-encoder", threads)
        self._decoder = serving.model(f"{name}-decoder", threads, arena=True)
        # The default engine makes tensors of memory that is there; other engines copy them.
        tensor = self._decoder.default.tensor
        self._no_past = dict.fromkeys(PAST, tensor(np.zeros((1, HEADS, 0, HEAD_WIDTH), np.float32)))
        self._no_bias = tensor(np.zeros(VOCABULARY, np.float32))
        self._tensor = tensor

    def encode(self, audio: Floats, *, on_default: bool = False) -> Memory:
        """Encode float32 samples [n] in [-1, 1] at 16 kHz; padded with silence to whole frames.

        Args:
            audio: the recording.
            on_default: keep it on the default engine, because another one was left.
        """
        encoder, decoder = self._encoder.pinned(), self._decoder.pinned()
        if on_default:
            encoder, decoder = self._encoder.default, self._decoder.default
        padded = np.zeros((1, padded_length(len(audio))), np.float32)
        padded[0, : len(audio)] = audio
        feed = {"audio": self._tensor(padded)}
        try:
            outputs = encoder.run_tensors(list(CROSS), feed)
        except EngineLeft:
            outputs = self._encoder.default.run_tensors(list(CROSS), feed)
        if self._encoder.engine != self._decoder.engine:
            # Once, rather than at each step.
            outputs = [decoder.tensor(each.numpy()) for each in outputs]
        return Memory(dict(zip(CROSS, outputs, strict=True)), outputs[0].shape()[2], decoder, audio)

    def bias(self, weights: NDArray[np.float32]) -> Tensor:
        """Make a lexicon bias, float32 [32768], ready for `step`."""
        return self._tensor(np.ascontiguousarray(weights, np.float32))

    def step(
        self,
        memory: Memory,
        tokens: Ids,
        position: int,
        past: dict[str, Tensor] | None,
        *,
        parents: Ids,
        wanted: Ids = _NO_IDS,
        picks: Ids = _NO_IDS,
        strength: NDArray[np.float32] | None = None,
        bias: Tensor | None = None,
    ) -> Step:
        """Extend B hypotheses by one token each; see `moonshine_graph.decoder_graph`.

        Args:
            memory: the encoded recording.
            tokens: int64 [B], last token of each hypothesis.
            position: place of these tokens in their sequences, from 0.
            past: `Step.past` of the step before, None for the first.
            parents: int64 [B], row of `past` that each hypothesis continues.
            wanted: int64 [K], flat places `row * VOCABULARY + token`.
            picks: int64 [N], rows whose best token is wanted.
            strength: float32 [N], weight of `bias` for each pick; zeros by default.
            bias: from `bias()`.

        Raises:
            EngineLeft: the engine of this recording was left; encode it again.
        """
        rows = len(tokens)
        if strength is None:
            strength = np.zeros(len(picks), np.float32)
        feed = {
            "tokens": self._tensor(tokens.reshape(rows, 1)),
            "positions": self._tensor(np.full((rows, 1), position, np.int64)),
            "parents": self._tensor(parents),
            "wanted": self._tensor(wanted),
            "picks": self._tensor(picks),
            "strength": self._tensor(strength.reshape(-1, 1)),
            "bias": self._no_bias if bias is None else bias,
            **(self._no_past if past is None else past),
            **memory.cross,
        }
        outputs = memory.decoder.run_tensors(_STEP_OUTPUTS, feed)
        return Step(
            outputs[0].numpy(),
            outputs[1].numpy().ravel(),
            outputs[2].numpy().ravel(),
            dict(zip(PAST, outputs[3:], strict=True)),
        )

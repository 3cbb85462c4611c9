"""Silero VAD: the network that gives a probability of speech for each window of 32 ms."""

from __future__ import annotations

import copy

import numpy as np

from assistant.audio.convert import FULL_SCALE
from assistant.audio.format import SAMPLE_RATE, Floats, Samples
from assistant.hearing.vad_gate import check_frame
from assistant.serving.model import Model
from common.errors import ModelError

#: Samples of a window, and how many samples of the previous window the network gets again.
WINDOW_SAMPLES = 512
_CONTEXT_SAMPLES = 64
_STATE_SHAPE = (2, 1, 128)
# Of no dimension, because numpy allocates an operand for each Python number otherwise.
_FULL_SCALE = np.array(FULL_SCALE, np.float32)


class Silero:
    """The network of silero-vad 6, file `silero_vad_16k_op15.onnx`; 0.1 ms of computing for 32 ms of sound.

    Args:
        model: the network.

    Raises:
        ModelError: `vad.model`: it is another network.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        names = set(model.inputs)
        if names != {"input", "state", "sr"}:
            raise ModelError(
                f"{model.name} is not a Silero network: its inputs are {', '.join(sorted(names))}",
                hint="run `make setup` to fetch it again",
                code="vad.model",
            )
        self._begin()

    def another_stream(self) -> Silero:
        """A detector for another stream: it shares the network, but has a state of its own."""
        other = copy.copy(self)
        other._begin()
        return other

    def _begin(self) -> None:
        self._samples: Floats = np.zeros(_CONTEXT_SAMPLES + WINDOW_SAMPLES, np.float32)
        self._input = np.zeros((1, len(self._samples)), np.float32)
        self._state = np.zeros(_STATE_SHAPE, np.float32)
        self._feed = {"input": self._input, "state": self._state, "sr": np.array(SAMPLE_RATE, np.int64)}
        #: Samples taken that belong to no complete window yet.
        self.pending = 0

    def process(self, frame: Samples) -> float | None:
        """Take a frame, int16 (160,); gives the probability of speech, 0 to 1, if it completes a window.

        Raises:
            InvalidInput: `hearing.frame` for a frame of another shape or type.
        """
        check_frame(frame)
        at = _CONTEXT_SAMPLES + self.pending
        fits = min(len(frame), WINDOW_SAMPLES - self.pending)
        self._samples[at : at + fits] = frame[:fits]
        self.pending += fits
        if self.pending < WINDOW_SAMPLES:
            return None
        np.divide(self._samples, _FULL_SCALE, out=self._input[0])
        probability, state = self._model.run(None, self._feed)
        self._state[:] = state
        rest = len(frame) - fits
        self._samples[:_CONTEXT_SAMPLES] = self._samples[-_CONTEXT_SAMPLES:]
        self._samples[_CONTEXT_SAMPLES : _CONTEXT_SAMPLES + rest] = frame[fits:]
        self.pending = rest
        return float(probability[0, 0])

    def reset(self) -> None:
        """Forget the stream so far."""
        self._samples.fill(0)
        self._state.fill(0)
        self.pending = 0

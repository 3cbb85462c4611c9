"""The end-of-turn model: the network smart-turn judges from the sound whether the speaker has finished."""

from __future__ import annotations

import numpy as np

from assistant.audio.convert import to_floats
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.hearing.log_mel import log_mel
from assistant.serving.serving import Serving
from common.errors import ModelError

#: Input of the network: the last 8 s; shorter audio is padded with silence at its beginning.
_WINDOW_SAMPLES = 8 * SAMPLE_RATE
_LEAST_VARIANCE = 1e-7


class TurnModel:
    """smart-turn 3.2 of pipecat-ai; an optional model (`sotto models fetch --optional`).

    It is trained on speech that is followed by a short silence, so its result has a meaning only in a pause.
    It does not use words: if the grammar accepts the sentence, the grammar is the better judge.

    Args:
        serving: of the models.

    Raises:
        ModelError: the model is missing (`model.missing`) or damaged, or is another network (`turn.model`).
    """

    def __init__(self, serving: Serving) -> None:
        self._model = serving.model("smart-turn")
        names = list(self._model.inputs)
        if names != ["input_features"]:
            raise ModelError(
                f"{self._model.name} is not smart-turn: its inputs are {', '.join(names)}",
                hint="run `sotto models fetch --optional` to fetch it again",
                code="turn.model",
            )

    def finished(self, audio: Samples) -> float:
        """The probability, 0 to 1, that the speaker has finished.

        Args:
            audio: the utterance up to now, int16 (n,), 16 kHz, of any length; only the last 8 s are used.
        """
        sound = to_floats(audio[-_WINDOW_SAMPLES:])
        whole = np.pad(sound, (_WINDOW_SAMPLES - len(sound), 0))
        level = (whole - whole.mean()) / np.sqrt(whole.var() + _LEAST_VARIANCE)
        # The output is named "logits", but is a probability.
        (probability,) = self._model.run(None, {"input_features": log_mel(level)[None]})
        return float(np.clip(probability.ravel()[0], 0.0, 1.0))

"""Has the speaker finished? Told from the sound of the voice alone, by the network smart-turn."""

from __future__ import annotations

import numpy as np

from assistant.audio.convert import to_floats
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.hearing.log_mel import log_mel
from assistant.models.store import ModelStore
from common.errors import ModelError

#: What the network looks at: the last 8 s, with silence in front of what is shorter.
_WINDOW_SAMPLES = 8 * SAMPLE_RATE
_LEAST_VARIANCE = 1e-7


class TurnModel:
    """smart-turn 3.2 of pipecat-ai; an optional model (`sotto models fetch --optional`).

    It is trained on speech followed by a short silence, and is worth asking in a pause only. It knows no
    words: where the grammar knows the sentence, the grammar knows better.

    Args:
        store: of the models.

    Raises:
        ModelError: the model is not there (`model.missing`), damaged, or another network.
    """

    def __init__(self, store: ModelStore) -> None:
        path = store.path("smart-turn", "smart-turn-v3.2-cpu.onnx")
        self._session = store.engine.open(path)
        names = list(self._session.inputs)
        if names != ["input_features"]:
            raise ModelError(
                f"{path} is not smart-turn: its inputs are {', '.join(names)}",
                hint="run `sotto models fetch --optional` to fetch it again",
                code="turn.model",
            )

    def finished(self, audio: Samples) -> float:
        """The probability, 0 to 1, that the speaker has finished.

        Args:
            audio: what was said so far, up to now: int16 (n,), 16 kHz, of any length; the last 8 s count.
        """
        sound = to_floats(audio[-_WINDOW_SAMPLES:])
        whole = np.pad(sound, (_WINDOW_SAMPLES - len(sound), 0))
        level = (whole - whole.mean()) / np.sqrt(whole.var() + _LEAST_VARIANCE)
        # The output is called logits, but is a probability.
        (probability,) = self._session.run(None, {"input_features": log_mel(level)[None]})
        return float(np.clip(probability.ravel()[0], 0.0, 1.0))

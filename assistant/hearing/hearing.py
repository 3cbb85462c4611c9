"""Ears for every stream of a box: the networks are shared, the memory of the voice is not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from assistant.audio.format import Samples
from assistant.hearing.activity import ActivitySettings, VoiceActivity
from assistant.hearing.ears import Ears
from assistant.hearing.silero import Silero
from assistant.hearing.stretches import Stretch, speech_stretches
from assistant.hearing.turn_model import TurnModel
from assistant.hearing.vad_gate import VadGate
from assistant.hearing.wake import WakeWords
from assistant.models.catalogue import WAKE_WORDS
from assistant.serving.serving import Serving
from common.errors import ModelError

log = logging.getLogger(__name__)


class Hearing:
    """Makes ears.

    Args:
        serving: of the models.
        activity: when the VAD network's probability means speech.
        thresholds: wake word -> the probability from which it counts, 0 for the model's own.
        seconds: how much audio the ears of a stream remember.

    Raises:
        ModelError: a model is missing or damaged.
    """

    def __init__(
        self, serving: Serving, activity: ActivitySettings, thresholds: Mapping[str, float], seconds: float
    ) -> None:
        self._store = serving.store
        self._activity = activity
        self._thresholds = thresholds
        self._seconds = seconds
        self._silero = Silero(serving.model("silero-vad"))
        self._turn_model = _turn_model(serving)

    @property
    def sounds_finished(self) -> Callable[[Samples], float] | None:
        """How likely a voice sounds as at the end of a sentence; None without the end-of-turn model."""
        return self._turn_model.finished if self._turn_model is not None else None

    def ears(self, *, wake: bool) -> Ears:
        """Ears for one stream; only those that listen for wake words load their networks."""
        words = None
        if wake:
            models = {name: WAKE_WORDS[name] for name in self._thresholds}
            words = WakeWords(
                {
                    name: self._store.path(model.name, model.file_ending(".json"))
                    for name, model in models.items()
                },
                {name: value for name, value in self._thresholds.items() if value > 0},
            )
        return Ears(self._voice_activity(), words, self._seconds)

    def stretches(self, audio: Samples) -> list[Stretch]:
        """The stretches with speech of a whole recording, int16 (n,), 16 kHz."""
        return speech_stretches(audio, self._voice_activity())

    def _voice_activity(self) -> VoiceActivity:
        return VoiceActivity(VadGate(), self._silero.another_stream(), self._activity)


def _turn_model(serving: Serving) -> TurnModel | None:
    """The end-of-turn model; the box works without it."""
    try:
        return TurnModel(serving)
    except ModelError as error:
        log.info("no end-of-turn model: %s", error)
        return None

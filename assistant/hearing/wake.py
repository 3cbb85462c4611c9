"""Wake words: small streaming networks that run only while the VAD gate is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pymicro_wakeword import MicroWakeWordFeatures

from assistant.audio.format import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.hearing.pre_roll import PreRoll
from assistant.hearing.vad_gate import check_frame
from assistant.hearing.wake_network import load_network
from common.errors import InvalidInput


@dataclass(frozen=True)
class WakeDetectorSettings:
    """How wake words are detected.

    Attributes:
        pre_roll_ms: how much audio from before the VAD gate opened is given to the networks first.
        refractory_ms: for this long after a detection nothing is detected.
        lag_ms: median time from the end of the spoken word to its detection, which is the mean over 5
            inferences of 30 ms. Measured against the end of speech by Silero: 70 ms; 10 to 115 ms for 80 % of
            94 clips.
    """

    pre_roll_ms: int = 700
    refractory_ms: int = 1000
    lag_ms: int = 70


@dataclass(frozen=True)
class Detection:
    """A wake word was detected. Positions are samples that were fed.

    Attributes:
        name: of the wake word.
        probability: the mean over the network's window, 0 to 1.
        position: where it was detected.
        end: estimate of where the word ended; what follows belongs to the command.
    """

    name: str
    probability: float
    position: int
    end: int


class WakeWords:
    """Detects several wake words at once, from the same features.

    Args:
        models: name -> path of the microWakeWord .json, with its .tflite beside it.
        thresholds: name -> probability above which the word is detected, between 0 and 1. By default it is
            the model's own cutoff.
        settings: see `WakeDetectorSettings`.

    Raises:
        ModelError: `wake.model` if a model is missing or damaged.
        InvalidInput: `wake.threshold` for a threshold of an unknown wake word or out of range.
    """

    def __init__(
        self,
        models: Mapping[str, Path],
        thresholds: Mapping[str, float] | None = None,
        settings: WakeDetectorSettings | None = None,
    ) -> None:
        self._settings = settings or WakeDetectorSettings()
        self._models = {name: load_network(name, path) for name, path in models.items()}
        self.thresholds = {name: float(m.probability_cutoff) for name, m in self._models.items()}
        for name, threshold in (thresholds or {}).items():
            if name not in self._models or not 0.0 < threshold < 1.0:
                raise InvalidInput(
                    f"threshold {threshold} of wake word '{name}' cannot be used",
                    hint=f"give 0 to 1 for one of: {', '.join(sorted(self._models))}",
                    code="wake.threshold",
                )
            self.thresholds[name] = threshold
        self._features = MicroWakeWordFeatures()
        self._pre_roll = PreRoll(max(1, self._settings.pre_roll_ms // FRAME_MS))
        self._networks_run = False
        self._refractory_until = 0
        #: Samples fed so far.
        self.position = 0
        #: Feature frames given to the networks so far; the number does not grow while the VAD gate is closed.
        self.inferences = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the wake words."""
        return tuple(self._models)

    def process(self, frame: Samples, gate_open: bool = True) -> Detection | None:
        """Take a frame; if several words are detected at once, the most probable one is given.

        Args:
            frame: the next 10 ms, int16 (160,).
            gate_open: whether the VAD gate is open. While it is closed, the frame is only kept as pre-roll.

        Raises:
            InvalidInput: `hearing.frame` for a frame of another shape or type.
        """
        check_frame(frame)
        self.position += FRAME_SAMPLES
        if not gate_open:
            if self._networks_run:
                self._reset_networks()
            self._pre_roll.keep(frame)
            return None
        found: Detection | None = None
        if not self._networks_run:
            self._networks_run = True
            start = self.position - FRAME_SAMPLES * (len(self._pre_roll) + 1)
            for number, earlier in enumerate(self._pre_roll.frames(), 1):
                found = found or self._run_networks(earlier, start + number * FRAME_SAMPLES)
            self._pre_roll.clear()
        return self._run_networks(frame, self.position) or found

    def reset(self) -> None:
        """Forget the audio so far, as after a gap in the stream; positions go on counting."""
        self._reset_networks()
        self._pre_roll.clear()

    def close(self) -> None:
        """Free the networks."""
        for model in self._models.values():
            model.close()

    def _reset_networks(self) -> None:
        self._networks_run = False
        self._features.reset()
        for model in self._models.values():
            model.reset()

    def _run_networks(self, frame: Samples, position: int) -> Detection | None:
        best: Detection | None = None
        for features in self._features.process_streaming(frame.tobytes()):
            for name, model in self._models.items():
                self.inferences += 1
                probability = model.process_streaming_prob(features)
                if position < self._refractory_until or probability <= self.thresholds[name]:
                    continue
                if best is None or probability > best.probability:
                    best = Detection(name, probability, position, self._end(position))
        if best is not None:
            self._refractory_until = position + self._settings.refractory_ms * SAMPLE_RATE // 1000
        return best

    def _end(self, position: int) -> int:
        return max(0, position - self._settings.lag_ms * SAMPLE_RATE // 1000)

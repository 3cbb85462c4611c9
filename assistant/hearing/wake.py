"""Wake words: small streaming networks that run only while the gate is open."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pymicro_wakeword import MicroWakeWordFeatures

from assistant.audio.format import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.hearing.vad_gate import check_frame
from assistant.hearing.wake_network import load_network
from common.errors import InvalidInput


@dataclass(frozen=True)
class WakeDetectorSettings:
    """How wake words are listened for.

    Attributes:
        pre_roll_ms: how much of what came before the gate opened is fed first.
        refractory_ms: after a detection, nothing is detected for so long.
        lag_ms: how long after the end of the spoken word the detection comes, at the median: the
            mean over 5 inferences of 30 ms, measured as 70 ms (10 to 115 ms for 80 % of 94 clips)
            against the end that Silero sees.
    """

    pre_roll_ms: int = 700
    refractory_ms: int = 1000
    lag_ms: int = 70


@dataclass(frozen=True)
class Detection:
    """A wake word was heard.

    Attributes:
        name: which one.
        probability: the mean over the network's window, 0 to 1.
        position: samples fed until the detection.
        end: about where the word ended, in samples; what follows belongs to the command.
    """

    name: str
    probability: float
    position: int
    end: int


class WakeWords:
    """Listens for several wake words at once; they share the features.

    Args:
        models: name -> path of the microWakeWord .json, with its .tflite beside it.
        thresholds: name -> probability above which it is detected, between 0 and 1; the model's own
            cutoff where none is given.
        settings: see `WakeDetectorSettings`.

    Raises:
        ModelError: `wake.model` when a model is missing or damaged.
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
        self._pre_roll: deque[Samples] = deque(maxlen=max(1, self._settings.pre_roll_ms // FRAME_MS))
        self._listening = False
        self._deaf_until = 0
        #: Samples fed so far.
        self.position = 0
        #: Feature frames given to the networks so far; stands still in a silent room.
        self.inferences = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The wake words listened for."""
        return tuple(self._models)

    def process(self, frame: Samples, gate_open: bool = True) -> Detection | None:
        """Take a frame, int16 (160,); of several words at once the most probable one is given.

        Args:
            frame: the next 10 ms.
            gate_open: whether it is worth listening; while it is not, the frame is only remembered.
        """
        check_frame(frame)
        self.position += FRAME_SAMPLES
        if not gate_open:
            if self._listening:
                self._start_afresh()
            self._pre_roll.append(frame)
            return None
        found: Detection | None = None
        if not self._listening:
            self._listening = True
            start = self.position - FRAME_SAMPLES * (len(self._pre_roll) + 1)
            for number, earlier in enumerate(self._pre_roll, 1):
                found = found or self._listen(earlier, start + number * FRAME_SAMPLES)
            self._pre_roll.clear()
        return self._listen(frame, self.position) or found

    def reset(self) -> None:
        """Forget what was heard, as after a pause of the stream; positions go on counting."""
        self._start_afresh()
        self._pre_roll.clear()

    def close(self) -> None:
        """Give the networks back."""
        for model in self._models.values():
            model.close()

    def _start_afresh(self) -> None:
        self._listening = False
        self._features.reset()
        for model in self._models.values():
            model.reset()

    def _listen(self, frame: Samples, position: int) -> Detection | None:
        best: Detection | None = None
        for features in self._features.process_streaming(frame.tobytes()):
            for name, model in self._models.items():
                self.inferences += 1
                probability = model.process_streaming_prob(features) or 0.0
                if position < self._deaf_until or probability <= self.thresholds[name]:
                    continue
                if best is None or probability > best.probability:
                    best = Detection(name, probability, position, self._end(position))
        if best is not None:
            self._deaf_until = position + self._settings.refractory_ms * SAMPLE_RATE // 1000
        return best

    def _end(self, position: int) -> int:
        return max(0, position - self._settings.lag_ms * SAMPLE_RATE // 1000)

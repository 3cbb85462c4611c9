"""The cheap gate: is this frame worth a closer look at all?"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import webrtcvad

from assistant.audio.convert import level_dbfs
from assistant.audio.format import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from common.errors import InvalidInput


@dataclass(frozen=True)
class VadGateSettings:
    """How readily the gate opens.

    Attributes:
        mode: webrtcvad's aggressiveness, 0 to 3. At 2 stationary noise of -80 to -40 dBFS is called
            voice in less than 1 % of frames and none of 95 spoken wake words is missed; at 1 it is
            called voice ten times as often.
        floor_dbfs: a frame quieter than this never opens the gate.
        open_frames: of the last `window_frames` frames, so many must be voice for it to open.
        window_frames: see `open_frames`.
        hangover_ms: it closes so long after the last voice frame.
    """

    mode: int = 2
    floor_dbfs: float = -65.0
    open_frames: int = 2
    window_frames: int = 4
    hangover_ms: int = 600


class VadGate:
    """webrtcvad with a level floor, debounced. Costs a few microseconds a frame."""

    def __init__(self, settings: VadGateSettings | None = None) -> None:
        self._settings = settings or VadGateSettings()
        if self._settings.mode not in (0, 1, 2, 3):
            raise InvalidInput(f"gate mode {self._settings.mode} is not 0, 1, 2 or 3")
        self._vad = webrtcvad.Vad(self._settings.mode)
        self._recent: deque[bool] = deque(maxlen=self._settings.window_frames)
        self._quiet_ms = 0
        self.open = False

    def process(self, frame: Samples) -> bool:
        """Take a frame, int16 (160,), and say whether the gate is open.

        Raises:
            InvalidInput: `hearing.frame` for a frame of another size.
        """
        check_frame(frame)
        # webrtcvad follows the noise, so it sees every frame; the level is asked only if needed.
        voice = bool(self._vad.is_speech(frame.tobytes(), SAMPLE_RATE))
        voice = voice and level_dbfs(frame) > self._settings.floor_dbfs
        self._recent.append(voice)
        self._quiet_ms = 0 if voice else self._quiet_ms + FRAME_MS
        if self.open:
            self.open = self._quiet_ms < self._settings.hangover_ms
        else:
            self.open = voice and sum(self._recent) >= self._settings.open_frames
        return self.open

    def reset(self) -> None:
        """Close it and forget the noise."""
        self._vad = webrtcvad.Vad(self._settings.mode)
        self._recent.clear()
        self._quiet_ms = 0
        self.open = False


def check_frame(frame: Samples) -> None:
    """Raise InvalidInput `hearing.frame` unless it is int16 of shape (160,)."""
    if frame.shape != (FRAME_SAMPLES,) or frame.dtype != np.int16:
        raise InvalidInput(
            f"a frame is {FRAME_SAMPLES} int16 samples, not {frame.dtype} {frame.shape}",
            code="hearing.frame",
        )

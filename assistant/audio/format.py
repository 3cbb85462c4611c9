"""The audio format that all parts exchange: 16 kHz, mono, int16, in frames of 10 ms (160 samples)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
FRAME_MS = 10
FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000
#: Sample rate of the box's voices in Hz (Piper's medium ones), for code that needs it without a loaded voice:
#: to open a loudspeaker early, or to send a sound. A loaded voice says its own.
VOICE_RATE = 22_050

#: int16 samples, shape (n,), mono; 16 kHz unless another rate is named.
Samples = NDArray[np.int16]
#: float32 samples in [-1, 1], shape (n,).
Floats = NDArray[np.float32]


def whole_frames(audio: Samples) -> Samples:
    """Cut a recording, int16 (n,), into frames, int16 (n // 160, 160). An incomplete frame is dropped."""
    return audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)

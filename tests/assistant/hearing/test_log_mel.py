from __future__ import annotations

import numpy as np

from assistant.audio.format import Floats
from assistant.hearing.log_mel import log_mel


def chirp(seconds: int) -> Floats:
    t = np.arange(seconds * 16_000) / 16_000
    sound = 0.3 * np.sin(2 * np.pi * (150 + 40 * t) * t) * (1 + np.sin(6 * np.pi * t)) / 2
    return np.asarray(sound, np.float32)


def test_features_are_those_of_whisper() -> None:
    """Golden values: the features that pipecat-ai 1.14.0 computes of the same sound."""
    features = log_mel(chirp(8))
    assert features.shape == (80, 800)
    golden = {
        (0, 0): 0.96921533,
        (5, 100): 1.15464127,
        (20, 400): -0.45434684,
        (40, 700): -0.66012824,
        (79, 799): -0.66012824,
    }
    for place, value in golden.items():
        assert abs(features[place] - value) < 1e-5
    assert abs(features.mean() + 0.49817091) < 1e-5
    assert abs(features.std() - 0.40430254) < 1e-5


def test_a_tone_lies_in_its_band() -> None:
    t = np.arange(16_000) / 16_000
    loudest = [
        int(log_mel(np.sin(2 * np.pi * hertz * t).astype(np.float32)).mean(axis=1).argmax())
        for hertz in (200, 1000, 4000)
    ]
    assert loudest == sorted(set(loudest))


def test_silence_is_even() -> None:
    assert np.ptp(log_mel(np.zeros(16_000, np.float32))) == 0

from __future__ import annotations

import numpy as np

from assistant.audio.chimes import tone
from assistant.audio.doctor import assess
from assistant.audio.format import Samples


def room(noise_rms: float, speech: Samples | None = None) -> Samples:
    generator = np.random.default_rng(1)
    sound = generator.normal(0, noise_rms, 48_000)
    if speech is not None:
        sound[16_000 : 16_000 + len(speech)] += speech
    return np.clip(sound, -32_768, 32_767).astype(np.int16)


def test_ordinary_speech_in_a_quiet_room_is_fine() -> None:
    report = assess(room(10, tone(16_000, level=0.2)))
    assert report.good
    assert -20 < report.level_dbfs < -15 < -10 > report.peak_dbfs
    assert report.noise_dbfs < -60


def test_digital_silence_is_a_muted_microphone() -> None:
    assert "Nothing is heard" in assess(np.zeros(16_000, np.int16)).verdict[0]


def test_a_far_voice_is_faint() -> None:
    assert "faint" in assess(room(3, tone(16_000, level=0.005))).verdict[0]


def test_a_loud_voice_is_clipped() -> None:
    report = assess(room(10, np.clip(tone(16_000, level=0.9) * 2.0, -32_768, 32_767).astype(np.int16)))
    assert report.clipped > 0 and "clipped" in report.verdict[0]


def test_a_noisy_room_is_named() -> None:
    assert any("noisy" in line for line in assess(room(1500, tone(16_000, level=0.9))).verdict)


def test_a_room_without_speech_is_named() -> None:
    assert any("Nobody" in line for line in assess(room(300)).verdict)


def test_an_offset_is_named() -> None:
    report = assess((room(10, tone(16_000, level=0.2)) + 2000).astype(np.int16))
    assert report.dc > 0.05 and "offset" in report.verdict[0]


def test_an_empty_recording_is_no_crash() -> None:
    assert assess(np.zeros(0, np.int16)).seconds == 0

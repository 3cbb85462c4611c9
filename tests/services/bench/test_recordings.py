"""Recordings to measure with: the ends of speech, noise at a ratio, longer pauses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.format import SAMPLE_RATE, Samples
from common.errors import InvalidInput, NotFound
from services.bench.recordings import clips_of, speech_span, with_noise, with_pauses_doubled

_HUM = np.random.default_rng(7).normal(0, 20, 20 * SAMPLE_RATE)


def spoken(*milliseconds: int) -> Samples:
    """Loud and quiet stretches in turn, the first quiet, in a room with a hum."""
    parts = [
        np.full(length * SAMPLE_RATE // 1000, float(place % 2)) for place, length in enumerate(milliseconds)
    ]
    loud = np.concatenate(parts)
    tone = 6000 * np.sin(np.arange(len(loud)) / 5)
    sound: Samples = np.round(loud * tone + _HUM[: len(loud)]).astype(np.int16)
    return sound


@settings(deadline=None)
@given(st.integers(20, 150), st.integers(20, 300), st.integers(20, 150))
def test_speech_is_found_to_a_frame(lead: int, length: int, tail: int) -> None:
    begin, end = speech_span(spoken(10 * lead, 10 * length, 10 * tail))
    assert abs(begin - 160 * lead) <= 160
    assert abs(end - 160 * (lead + length)) <= 160


@pytest.mark.parametrize("stray", [(400, 60), (1200, 250)])
def test_a_click_or_a_breath_behind_the_speech_is_not_its_end(stray: tuple[int, int]) -> None:
    assert abs(speech_span(spoken(500, 1500, *stray, 500))[1] - 32_000) <= 160


def test_a_last_word_behind_a_pause_is_speech() -> None:
    assert abs(speech_span(spoken(500, 1500, 400, 300, 500))[1] - 43_200) <= 160


@pytest.mark.parametrize("snr", [6.0, 24.0])
def test_noise_is_mixed_in_at_the_ratio_of_the_loudest_frames(snr: float) -> None:
    speech = spoken(500, 1000, 500)
    noise = np.random.default_rng(3).normal(0, 900, 10 * SAMPLE_RATE).astype(np.int16)
    mixed = with_noise(speech, noise, snr, seed=5).astype(float)
    # What was added is found again where nothing was said.
    scale = 16384 / np.max(np.abs(mixed))
    assert scale == pytest.approx(1, abs=1e-3)
    quiet, loud = np.mean(mixed[:6144] ** 2), np.mean(mixed[8192:22528] ** 2)
    # The tone's energy is the sum less the noise; its loudest frame is like any other.
    assert 10 * np.log10((loud - quiet) / quiet) == pytest.approx(snr, abs=1.0)


def test_noise_that_is_too_short_is_refused() -> None:
    with pytest.raises(InvalidInput):
        with_noise(spoken(100, 100, 100), np.ones(100, np.int16), 6, seed=1)


def test_only_pauses_inside_the_speech_are_doubled() -> None:
    audio = spoken(700, 500, 200, 500, 60, 500, 900)
    longer = with_pauses_doubled(audio)
    assert abs(len(longer) - len(audio) - 200 * SAMPLE_RATE // 1000) <= 320


def test_speech_without_pauses_stays_as_it_is() -> None:
    audio = spoken(500, 1500, 500)
    assert np.array_equal(with_pauses_doubled(audio), audio)


def test_clips_are_spread_over_the_folder_and_carry_their_slots(tmp_path: Path) -> None:
    for number in range(6):
        soundfile.write(tmp_path / f"{number}.wav", spoken(100, 100, 100), SAMPLE_RATE)
    labels = {f"{number}.wav": {"slots": {"size": f" {number}"}} for number in range(6)}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    clips = clips_of(tmp_path, 3)
    assert [clip.slots for clip in clips] == [{"size": "0"}, {"size": "2"}, {"size": "4"}]


def test_a_folder_without_labels_gives_clips_without_slots(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", spoken(100, 100, 100), SAMPLE_RATE)
    assert [clip.slots for clip in clips_of(tmp_path)] == [None]


def test_labels_of_another_shape_are_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('{"a.wav": ["small"]}')
    with pytest.raises(InvalidInput, match=r"labels\.json"):
        clips_of(tmp_path)


@pytest.mark.parametrize("name", ["absent", ""])
def test_a_folder_without_recordings_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        clips_of(tmp_path / name)


def test_damaged_recordings_are_refused_or_left_out(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", spoken(100, 100, 100), SAMPLE_RATE)
    (tmp_path / "b.flac").write_bytes(b"fLaC" + bytes(60))
    with pytest.raises(InvalidInput):
        clips_of(tmp_path)
    assert [clip.name for clip in clips_of(tmp_path, skip_damaged=True)] == ["a.wav"]

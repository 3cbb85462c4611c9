"""Speech encoded as a streamed file: PCM, WAV, FLAC, MP3 and Opus."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.encode import FORMATS, StreamEncoder
from assistant.audio.files import read_audio
from assistant.audio.format import Samples
from common.errors import InvalidInput

RATE = 22_050


def _tone(seconds: float) -> Samples:
    t = np.arange(int(seconds * RATE)) / RATE
    return (8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)


class _UnseekableFile(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that cannot seek, as for the player of a stream: its length is unknown."""

    def seekable(self) -> bool:
        return False


def _decoded(data: bytes) -> tuple[Samples, int]:
    blocks: list[Samples] = []
    with _UnseekableFile(io.BytesIO(data)) as sound:
        while len(block := sound.read(4096, dtype="int16")):
            blocks.append(block)
        return np.concatenate(blocks), int(sound.samplerate)


def _encoded(name: str, sound: Samples, block: int = 1000) -> tuple[bytes, list[int]]:
    encoder = StreamEncoder(name, RATE)
    parts = [encoder.feed(sound[at : at + block]) for at in range(0, len(sound), block)]
    parts.append(encoder.finish())
    return b"".join(parts), [len(part) for part in parts]


def test_samples_alone_come_through() -> None:
    sound = _tone(0.5)
    assert np.array_equal(np.frombuffer(_encoded("pcm", sound)[0], "<i2"), sound)


def test_a_wav_of_unknown_length_is_read_by_us_and_by_others() -> None:
    sound = _tone(0.5)
    data, _ = _encoded("wav", sound)
    assert len(read_audio(data)) == pytest.approx(0.5 * 16_000, abs=2)
    samples, rate = _decoded(data)
    assert rate == RATE
    assert np.array_equal(samples, sound)


def test_flac_loses_nothing() -> None:
    sound = _tone(3.0)
    assert np.array_equal(_decoded(_encoded("flac", sound)[0])[0], sound)


@pytest.mark.parametrize("name", ["mp3", "opus"])
def test_lossy_formats_keep_pitch_and_length(name: str) -> None:
    samples, rate = _decoded(_encoded(name, _tone(3.0))[0])
    assert len(samples) / rate == pytest.approx(3.0, abs=0.15)
    middle = samples[rate : 2 * rate]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("name", FORMATS)
def test_bytes_come_before_the_end(name: str) -> None:
    _, lengths = _encoded(name, _tone(10.0))
    assert sum(lengths[: len(lengths) // 2]) > 0


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_at_all_is_no_error(name: str) -> None:
    StreamEncoder(name, RATE).finish()


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(InvalidInput, match="aac") as caught:
        StreamEncoder("aac", RATE)
    assert "mp3" in caught.value.hint


@given(st.lists(st.integers(0, 4000), max_size=20), st.sampled_from(["pcm", "wav", "flac"]))
def test_blocks_of_any_size_join(sizes: list[int], name: str) -> None:
    sound = _tone(max(1, sum(sizes)) / RATE)[: sum(sizes)]
    encoder = StreamEncoder(name, RATE)
    at, data = 0, b""
    for size in sizes:
        data += encoder.feed(sound[at : at + size])
        at += size
    data += encoder.finish()
    if name == "pcm":
        assert np.array_equal(np.frombuffer(data, "<i2"), sound)
    elif len(sound):
        assert np.array_equal(_decoded(data)[0], sound)


@pytest.mark.parametrize("name", ["pcm", "wav"])
def test_the_sample_rate_can_be_chosen(name: str) -> None:
    encoder = StreamEncoder(name, RATE, 24_000)
    wave = _tone(1.0)
    data = b"".join(
        [*(encoder.feed(wave[at : at + 700]) for at in range(0, len(wave), 700)), encoder.finish()]
    )
    assert encoder.rate == 24_000
    if name == "wav":
        assert int.from_bytes(data[24:28], "little") == 24_000
    samples = np.frombuffer(data[44 if name == "wav" else 0 :], "<i2")
    assert len(samples) == pytest.approx(24_000, abs=2)
    assert np.argmax(np.abs(np.fft.rfft(samples.astype(float)))) == pytest.approx(440, abs=1)


def test_the_sample_rate_of_a_compressed_format_cannot_be_chosen() -> None:
    with pytest.raises(InvalidInput) as caught:
        StreamEncoder("mp3", RATE, 24_000)
    assert caught.value.code == "audio.rate"

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.audio.chimes import tone
from assistant.audio.convert import level_dbfs, to_floats
from assistant.audio.files import read_audio, wav_bytes, write_wav
from assistant.audio.format import Samples
from common.errors import InvalidInput, NotFound, SottoError, StorageError, TooLarge


def encoded(samples: NDArray[Any], rate: int, container: str, subtype: str) -> bytes:
    memory = io.BytesIO()
    soundfile.write(memory, samples, rate, format=container, subtype=subtype)
    return memory.getvalue()


def pitch(samples: Samples) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples.astype(float))))) * 16_000 / len(samples)


def test_our_own_format_comes_through_bit_for_bit() -> None:
    wave = tone(16_000)
    assert np.array_equal(read_audio(wav_bytes(wave)), wave)


@pytest.mark.parametrize(
    ("rate", "container", "subtype", "channels"),
    [
        (8_000, "WAV", "PCM_16", 1),
        (8_000, "WAV", "PCM_U8", 1),
        (44_100, "WAV", "PCM_16", 2),
        (44_100, "WAV", "PCM_24", 2),
        (48_000, "WAV", "FLOAT", 1),
        (48_000, "WAV", "DOUBLE", 2),
        (96_000, "WAV", "PCM_32", 1),
        (22_050, "WAVEX", "PCM_16", 6),
        (16_000, "FLAC", "PCM_24", 1),
        (48_000, "FLAC", "PCM_16", 2),
        (48_000, "OGG", "VORBIS", 1),
        (8_000, "WAV", "ULAW", 1),
    ],
)
def test_other_formats_are_converted(rate: int, container: str, subtype: str, channels: int) -> None:
    wave = np.repeat(to_floats(tone(rate))[:, None], channels, axis=1)
    samples = read_audio(encoded(wave, rate, container, subtype))
    assert samples.dtype == np.int16
    assert abs(len(samples) - 16_000) < 400
    assert abs(pitch(samples) - 440) < 5
    assert abs(level_dbfs(samples) - level_dbfs(tone(16_000))) < 1


def test_loud_float_samples_are_clipped() -> None:
    wave = tone(16_000, level=0.5).astype(np.float64) / 32_768 * 4
    samples = read_audio(encoded(wave, 16_000, "WAV", "FLOAT"))
    assert (samples.max(), samples.min()) == (32_767, -32_768)


def test_an_offset_is_taken_off() -> None:
    assert abs(read_audio(wav_bytes((tone(16_000) + 2000).astype(np.int16))).mean()) < 2


def broken(kind: str) -> bytes:
    whole = wav_bytes(tone(16_000))
    match kind:
        case "text":
            return b"turn on the light, please\n" * 10
        case "nothing":
            return b""
        case "zeros":
            return bytes(4000)
        case "empty":
            return wav_bytes(np.zeros(0, np.int16))
        case "cut":
            return whole[: len(whole) // 2]
        case "cut in the header":
            return whole[:30]
        case "cut in the first word":
            return whole[:6]
        case "no samples follow":
            return whole[:44]
        case "not numbers":
            return encoded(np.full(100, np.nan), 16_000, "WAV", "FLOAT")
        case "slow":
            return encoded(tone(16_000), 100, "WAV", "PCM_16")
        case "many channels":
            return encoded(np.zeros((10, 20), np.int16), 16_000, "WAV", "PCM_16")
        case "another container":
            return encoded(tone(16_000), 16_000, "AIFF", "PCM_16")
        case "flac damaged":
            flac = encoded(tone(16_000), 16_000, "FLAC", "PCM_16")
            middle = len(flac) // 2
            return flac[:middle] + bytes(200) + flac[middle + 200 :]
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("text", "audio.not-audio"),
        ("nothing", "audio.not-audio"),
        ("zeros", "audio.not-audio"),
        ("another container", "audio.not-audio"),
        ("empty", "audio.empty"),
        ("cut", "audio.truncated"),
        ("cut in the header", "audio.truncated"),
        ("cut in the first word", "audio.truncated"),
        ("no samples follow", "audio.truncated"),
        ("not numbers", "audio.damaged"),
        ("flac damaged", "audio.damaged"),
        ("slow", "audio.rate"),
        ("many channels", "audio.channels"),
    ],
)
def test_a_bad_file_is_an_error_of_its_own_that_names_it(kind: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(broken(kind))
    with pytest.raises(InvalidInput) as caught:
        read_audio(path)
    assert caught.value.code == code
    assert "bad.wav" in caught.value.message


def test_a_stream_of_unknown_length_is_read_to_its_end() -> None:
    whole = bytearray(wav_bytes(tone(16_000)))
    whole[4:8] = whole[40:44] = struct.pack("<I", 0xFFFF_FFFF)
    assert len(read_audio(bytes(whole))) == 16_000


def test_a_long_file_is_refused_with_the_limit() -> None:
    with pytest.raises(TooLarge, match="600 s long, the limit is 30 s"):
        read_audio(wav_bytes(np.zeros(16_000 * 600, np.int16)))


def test_a_long_file_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav_bytes(np.zeros(0, np.int16)))
    length = 16_000 * 2 * 3600 * 10
    with path.open("r+b") as file:
        file.seek(4)
        file.write(struct.pack("<I", length + 36))
        file.seek(40)
        file.write(struct.pack("<I", length))
        file.truncate(44 + length)
    with pytest.raises(TooLarge):
        read_audio(path)


def test_the_limit_can_be_set() -> None:
    with pytest.raises(TooLarge, match=r"limit is 0\.5 s"):
        read_audio(wav_bytes(tone(16_000)), max_seconds=0.5)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.wav does not exist"):
        read_audio(tmp_path / "none.wav")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not a file"):
        read_audio(tmp_path)


@given(st.binary(max_size=300), st.integers(0, 60))
def test_no_bytes_are_more_than_an_error(noise: bytes, keep: int) -> None:
    for data in (noise, wav_bytes(np.ones(20, np.int16))[:keep] + noise):
        try:
            assert len(read_audio(data, 1.0)) > 0
        except SottoError as error:
            assert error.code.startswith("audio.")


def test_a_written_file_is_whole_and_alone(tmp_path: Path) -> None:
    write_wav(tmp_path / "made" / "a.wav", tone(22_050), 22_050)
    assert soundfile.info(tmp_path / "made" / "a.wav").samplerate == 22_050
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["a.wav"]


def test_a_place_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        write_wav(tmp_path / "file" / "a.wav", tone(16_000))
    assert caught.value.code == "audio.write"

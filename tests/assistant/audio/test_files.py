from __future__ import annotations

import io
import struct
import tracemalloc
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
            return encoded(np.zeros((10, 9), np.int16), 16_000, "WAV", "PCM_16")
        case "many samples a second":
            return encoded(np.zeros((10, 4), np.int16), 192_000, "WAV", "PCM_16")
        case "fast":
            return encoded(np.zeros((10, 1), np.int16), 384_000, "FLAC", "PCM_16")
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
        ("cut in the header", "audio.truncated"),
        ("cut in the first word", "audio.truncated"),
        ("no samples follow", "audio.empty"),
        ("not numbers", "audio.damaged"),
        ("flac damaged", "audio.damaged"),
        ("slow", "audio.rate"),
        ("fast", "audio.rate"),
        ("many channels", "audio.channels"),
        ("many samples a second", "audio.channels"),
    ],
)
def test_a_bad_file_is_an_error_of_its_own_that_names_it(kind: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(broken(kind))
    with pytest.raises(InvalidInput) as caught:
        read_audio(path)
    assert caught.value.code == code
    assert "bad.wav" in caught.value.message


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\0\0\0\x1cftypM4A ", "MP4 or M4A"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81", "WebM"),
        (b"\xff\xf1\x50\x80", "AAC"),
    ],
)
def test_a_file_that_is_not_read_is_named(head: bytes, what: str) -> None:
    with pytest.raises(InvalidInput, match=what) as caught:
        read_audio(head + bytes(100))
    assert caught.value.code == "audio.not-audio"
    assert "MP3" in caught.value.hint


def test_the_rate_that_is_refused_is_named() -> None:
    with pytest.raises(InvalidInput, match="384000 Hz"):
        read_audio(broken("fast"))


def with_sizes(samples: int, riff: int, data: int, between: bytes = b"", after: bytes = b"") -> bytes:
    """A WAV whose header declares `riff` and `data` bytes, with chunks around its samples."""
    whole = bytearray(wav_bytes(np.arange(samples, dtype=np.int16) % 100))
    whole[4:8], whole[40:44] = struct.pack("<I", riff), struct.pack("<I", data)
    return bytes(whole[:36] + between + whole[36:] + after)


_BETWEEN = st.sampled_from([b"", b"LIST\x03\0\0\0abc\0"])


@given(
    st.integers(1, 400),
    st.one_of(st.just(0), st.just(0xFFFF_FFFF), st.integers(0, 0xFFFF_FFFF)),
    st.integers(0, 0xFFFF_FFFF),
    _BETWEEN,
)
def test_a_stream_whose_length_was_not_known_is_read_to_its_end(
    samples: int, riff: int, data: int, between: bytes
) -> None:
    data = 0 if data < samples * 2 else data
    assert len(read_audio(with_sizes(samples, riff, data, between))) == samples


@given(st.integers(1, 400), st.integers(2, 800), _BETWEEN)
def test_what_follows_the_samples_is_no_sound(samples: int, data: int, between: bytes) -> None:
    data = min(data, samples * 2)
    assert len(read_audio(with_sizes(samples, 2000, data, between))) == data // 2


def test_chunks_after_no_samples_are_no_sound() -> None:
    empty = with_sizes(0, 44, 0, after=b"LIST\x04\0\0\0abcd")
    with pytest.raises(InvalidInput) as caught:
        read_audio(empty)
    assert caught.value.code == "audio.empty"


def test_a_file_on_disk_is_read_to_its_end_too(tmp_path: Path) -> None:
    path = tmp_path / "stream.wav"
    path.write_bytes(with_sizes(16_000, 0, 0))
    assert len(read_audio(path)) == 16_000


def test_a_flac_stream_without_a_length_is_read() -> None:
    flac = bytearray(encoded(tone(16_000), 16_000, "FLAC", "PCM_16"))
    # The total number of samples is the last 36 bits of these (RFC 9639, 8.2).
    fields = int.from_bytes(flac[18:26], "big") >> 36 << 36
    flac[18:26] = fields.to_bytes(8, "big")
    assert np.array_equal(read_audio(bytes(flac)), tone(16_000))


def test_mp3_is_read() -> None:
    samples = read_audio(encoded(tone(16_000), 16_000, "MP3", "MPEG_LAYER_III"))
    assert abs(len(samples) - 16_000) < 2400
    assert abs(pitch(samples) - 440) < 5


@pytest.mark.parametrize("which", [0, 3])
def test_channels_that_cancel_out_do_so_over_the_whole_file(which: int) -> None:
    """In the first second all channels are equal, so that each block alone would judge otherwise."""
    loud = np.concatenate([tone(16_000, level=0.05), tone(16_000, level=0.5, seconds=2.0)])
    wave = np.stack([loud, -loud] * 2, axis=1)
    wave[:16_000] = loud[:16_000, None]
    wave[:, which] = np.clip(wave[:, which].astype(int) * 1.2, -32_768, 32_767)
    samples = read_audio(encoded(wave, 16_000, "WAV", "PCM_16"))
    assert np.array_equal(samples, wave[:, which])


@pytest.mark.parametrize(("container", "subtype", "seconds"), [("FLAC", "PCM_24", 29), ("OGG", "VORBIS", 6)])
def test_the_memory_does_not_grow_with_rate_and_channels(container: str, subtype: str, seconds: int) -> None:
    small = encoded(np.zeros((48_000 * seconds, 8), np.int16), 48_000, container, subtype)
    assert len(small) < 20_000
    tracemalloc.start()
    try:
        assert len(read_audio(small)) == 16_000 * seconds
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # As int16, 29 s of the file are 89 MB and 6 s are 18 MB.
    assert peak < 6_000_000


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

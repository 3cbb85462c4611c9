"""Reads and writes sound files. What a file holds is checked by its header before a sample is read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from assistant.audio.convert import (
    ChannelPowers,
    Resampler,
    check_rate,
    mix_to_int16,
    remove_dc,
    to_int16,
)
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.wav_header import CutHeader, with_true_size
from common.errors import InvalidInput, NotFound, StorageError, TooLarge
from common.files import replace_file

MAX_SECONDS = 30.0
#: The largest usual array of microphones.
MAX_CHANNELS = 8
#: Sample rate times channels: eight channels of 48 kHz, or two of 192 kHz.
MAX_SAMPLES_PER_S = 384_000
_FORMATS = frozenset({"WAV", "WAVEX", "FLAC", "OGG", "MP3"})
#: Samples of all channels that are decoded at once: a recording is never held in its own rate and channels.
#: As 64-bit floats these are 128 KiB; larger blocks of memory are mapped anew each time, which takes longer.
_BLOCK_SAMPLES = 16_384
#: libsndfile's length of a FLAC file that does not say its length.
_NO_LENGTH = 2**62
_USABLE = "give a WAV, FLAC, Ogg or MP3 recording"
#: Mark, its place in the file, and what such a file is.
_NOT_READ = (
    (b"ftyp", 4, "an MP4 or M4A file"),
    (b"\x1aE\xdf\xa3", 0, "a WebM or Matroska file"),
    (b"FORM", 0, "an AIFF file"),
    (b"caff", 0, "a Core Audio file"),
    (b"#!AMR", 0, "an AMR file"),
    (b"\xff\xf1", 0, "an AAC file"),
    (b"\xff\xf9", 0, "an AAC file"),
)


def read_audio(
    source: Path | str | bytes, max_seconds: float = MAX_SECONDS, rate: int = SAMPLE_RATE
) -> Samples:
    """Read a recording as mono int16, shape (n,), n >= 1.

    Sample rate, sample format and channels are converted. A 16 kHz mono 16-bit file is read bit for bit,
    unless it has a DC offset of more than 1 % of full scale, which is removed. Decoding takes a few blocks of
    `_BLOCK_SAMPLES` samples besides the result, however many frames and channels the file has.

    Args:
        source: path of a WAV, FLAC, Ogg or MP3 file, or the bytes of one.
        max_seconds: longest recording that is accepted.
        rate: sample rate of the result, in Hz.

    Raises:
        NotFound: `audio.no-file`.
        TooLarge: `audio.too-long`; the message names the limit.
        InvalidInput: `audio.no-read`, `audio.not-audio`, `audio.truncated`, `audio.damaged`, `audio.empty`,
            `audio.rate`, `audio.channels`.
    """
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), len(source), "the recording", max_seconds, rate)
    path = Path(source)
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise NotFound(f"{path} {what}", hint=_USABLE, code="audio.no-file")
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size, str(path), max_seconds, rate)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}", code="audio.no-read") from error


def _read(file: BinaryIO, size: int, name: str, max_seconds: float, rate_out: int) -> Samples:
    _refuse_unknown(file, name)
    try:
        file = with_true_size(file, size)
    except CutHeader:
        raise InvalidInput(
            f"{name} is cut short: it has {size} bytes, and ends before its samples begin",
            hint="copy or record it again",
            code="audio.truncated",
        ) from None
    try:
        with _Sound(file) as sound:
            _check_header(sound, name, max_seconds)
            channel = _channel_to_take(sound, name, max_seconds)
        file.seek(0)
        with _Sound(file) as sound:
            resampler = Resampler(int(sound.samplerate), rate_out)
            blocks = _blocks(sound, name, max_seconds)
            parts = [resampler.process(mix_to_int16(block, channel)) for block in blocks]
    except soundfile.LibsndfileError as error:
        raise InvalidInput(
            f"{name} is not a sound file: {error.error_string}",
            hint=_USABLE,
            code="audio.not-audio",
        ) from error
    if not parts:
        raise InvalidInput(f"{name} has no samples", hint="record something", code="audio.empty")
    return remove_dc(np.concatenate([*parts, resampler.flush()]))


class _Sound(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read once, from its beginning to its end."""

    def seekable(self) -> bool:
        """No: a FLAC file that was written into a pipe has no length, so that seeking in it fails."""
        return False


def _refuse_unknown(file: BinaryIO, name: str) -> None:
    """Raise if the file does not begin as one that is read; names what it is, if that is known."""
    head = file.read(12)
    file.seek(0)
    if head[:4] in (b"RIFF", b"RIFX", b"fLaC", b"OggS") or head[:3] == b"ID3" or _is_mp3_frame(head):
        return
    known = next((what for mark, at, what in _NOT_READ if head[at : at + len(mark)] == mark), None)
    raise InvalidInput(
        f"{name} is {known}, which is not read here" if known else f"{name} is not a sound file",
        hint=_USABLE,
        code="audio.not-audio",
    )


def _is_mp3_frame(head: bytes) -> bool:
    """Whether a frame header of MPEG audio, layer III, begins here (ISO 11172-3, 2.4.1.3)."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2


def _check_header(sound: Any, name: str, max_seconds: float) -> None:
    if sound.format not in _FORMATS:
        raise InvalidInput(f"{name} is {sound.format}", hint=_USABLE, code="audio.not-audio")
    rate, channels = int(sound.samplerate), int(sound.channels)
    try:
        check_rate(rate)
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error.message}", hint=error.hint, code=error.code) from None
    if channels > MAX_CHANNELS:
        raise InvalidInput(
            f"{name} has {channels} channels, at most {MAX_CHANNELS} are read",
            hint="mix it down to one channel",
            code="audio.channels",
        )
    if rate * channels > MAX_SAMPLES_PER_S:
        raise InvalidInput(
            f"{name} has {channels} channels of {rate} Hz, together {rate * channels} samples a second; "
            f"at most {MAX_SAMPLES_PER_S} are read",
            hint="mix it down to one channel",
            code="audio.channels",
        )
    if max_seconds * rate < sound.frames < _NO_LENGTH:
        raise _too_long(name, sound.frames / rate, max_seconds)


def _too_long(name: str, seconds: float, limit: float) -> TooLarge:
    return TooLarge(
        f"{name} is {seconds:.0f} s long, the limit is {limit:g} s",
        hint="cut it into single commands",
        code="audio.too-long",
    )


def _channel_to_take(sound: Any, name: str, max_seconds: float) -> int | None:
    """The channel that is taken instead of the mean of all, known at the end alone; None for the mean."""
    if sound.channels == 1:
        return None
    powers = ChannelPowers()
    for block in _blocks(sound, name, max_seconds):
        powers.add(block)
    return powers.instead_of_mean


def _blocks(sound: Any, name: str, max_seconds: float) -> Iterator[np.ndarray[Any, Any]]:
    """All samples, int16 or float32 (n, channels), n > 0; counted, because the header may be wrong."""
    dtype = "int16" if sound.subtype in ("PCM_16", "PCM_S8", "PCM_U8") else "float32"
    limit = int(max_seconds * sound.samplerate)
    frames = _BLOCK_SAMPLES // sound.channels
    count = 0
    while True:
        try:
            block = sound.read(frames, dtype=dtype, always_2d=True)
        except soundfile.LibsndfileError as error:
            raise InvalidInput(
                f"{name} is damaged after {count / sound.samplerate:.1f} s: {error.error_string}",
                hint="copy or record it again",
                code="audio.damaged",
            ) from error
        if not len(block):
            return
        count += len(block)
        if count > limit:
            raise _too_long(name, count / sound.samplerate, max_seconds)
        if block.dtype.kind == "f" and not np.isfinite(block).all():
            raise InvalidInput(f"{name} has samples that are not numbers", hint=_USABLE, code="audio.damaged")
        yield block


def wav_bytes(samples: Samples, rate: int = SAMPLE_RATE) -> bytes:
    """Mono int16 samples (n,) at `rate` Hz as the bytes of a 16-bit WAV file.

    Raises:
        InvalidInput: `audio.rate`; see `convert.check_rate`.
    """
    check_rate(rate)
    if samples.dtype != np.int16:
        samples = to_int16(samples)
    memory = io.BytesIO()
    soundfile.write(memory, samples, rate, format="WAV", subtype="PCM_16")
    return memory.getvalue()


def write_wav(path: Path | str, samples: Samples, rate: int = SAMPLE_RATE) -> None:
    """Write mono int16 samples (n,) as a 16-bit WAV file, atomically.

    Raises:
        InvalidInput: `audio.rate`; see `convert.check_rate`.
        StorageError: `audio.write` if the folder cannot be written or the disk is full.
    """
    target = Path(path)
    data = wav_bytes(samples, rate)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, data, durable=False)
    except OSError as error:
        raise StorageError(
            f"{target} cannot be written: {error.strerror}",
            hint="check the permissions of the folder and the free space",
            code="audio.write",
        ) from error

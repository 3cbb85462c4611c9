"""Reads and writes sound files. The length of a file is checked by its header before a sample is read."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from assistant.audio.convert import check_rate, remove_dc, resample, to_int16, to_mono_int16
from assistant.audio.format import SAMPLE_RATE, Samples
from common.errors import InvalidInput, NotFound, StorageError, TooLarge
from common.files import replace_file

MAX_SECONDS = 30.0
MAX_CHANNELS = 16
_FORMATS = frozenset({"WAV", "WAVEX", "FLAC", "OGG"})
_BLOCK_FRAMES = 16_384
#: Programs that write into a pipe (ffmpeg, espeak-ng) do not know the length and declare about 2 or 4 GiB, or
#: nothing. A declared length from here on is no length.
_OPEN_ENDED_BYTES = 0x7FFF_0000
_USABLE = "give a WAV or FLAC recording"


def read_audio(
    source: Path | str | bytes, max_seconds: float = MAX_SECONDS, rate: int = SAMPLE_RATE
) -> Samples:
    """Read a recording as mono int16, shape (n,), n >= 1.

    Sample rate, sample format and channels are converted. A 16 kHz mono 16-bit file is read bit for bit,
    unless it has a DC offset of more than 1 % of full scale, which is removed.

    Args:
        source: path of a WAV, FLAC or Ogg file, or the bytes of one.
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
    _refuse_cut_wav(file, size, name)
    try:
        with soundfile.SoundFile(file) as sound:
            _check_header(sound, name, max_seconds)
            rate = int(sound.samplerate)
            block = _decode(sound, name, max_seconds)
    except soundfile.LibsndfileError as error:
        raise InvalidInput(
            f"{name} is not a sound file: {error.error_string}",
            hint=_USABLE,
            code="audio.not-audio",
        ) from error
    if not len(block):
        raise InvalidInput(f"{name} has no samples", hint="record something", code="audio.empty")
    if block.dtype.kind == "f" and not np.isfinite(block).all():
        raise InvalidInput(f"{name} has samples that are not numbers", hint=_USABLE, code="audio.damaged")
    return remove_dc(resample(to_mono_int16(block), rate, rate_out))


def _refuse_cut_wav(file: BinaryIO, size: int, name: str) -> None:
    """Raise if a WAV is shorter than its header says: the decoder accepts it, and half a command is left."""
    try:
        head = file.read(12)
        if head[:4] != b"RIFF":
            return
        cut = InvalidInput(
            f"{name} is cut short: it has {size} bytes, and its header declares more",
            hint="copy or record it again",
            code="audio.truncated",
        )
        if len(head) < 12:
            raise cut
        at = 12
        for _ in range(64):
            file.seek(at)
            chunk = file.read(8)
            if len(chunk) < 8:
                raise cut
            length = struct.unpack("<I", chunk[4:])[0]
            at += 8
            if chunk[:4] == b"data":
                if at + length > size and length < _OPEN_ENDED_BYTES:
                    raise cut
                return
            at += length + length % 2
    finally:
        file.seek(0)


def _check_header(sound: Any, name: str, max_seconds: float) -> None:
    if sound.format not in _FORMATS:
        raise InvalidInput(f"{name} is {sound.format}", hint=_USABLE, code="audio.not-audio")
    try:
        check_rate(int(sound.samplerate))
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error.message}", hint=error.hint, code=error.code) from None
    if sound.channels > MAX_CHANNELS:
        raise InvalidInput(
            f"{name} has {sound.channels} channels, at most {MAX_CHANNELS} are read",
            hint="mix it down to one channel",
            code="audio.channels",
        )
    if sound.frames > max_seconds * sound.samplerate:
        raise _too_long(name, sound.frames / sound.samplerate, max_seconds)


def _too_long(name: str, seconds: float, limit: float) -> TooLarge:
    return TooLarge(
        f"{name} is {seconds:.0f} s long, the limit is {limit:g} s",
        hint="cut it into single commands",
        code="audio.too-long",
    )


def _decode(sound: Any, name: str, max_seconds: float) -> np.ndarray[Any, Any]:
    """All samples, int16 or float32 (n, channels); read in blocks, because the header may be wrong."""
    dtype = "int16" if sound.subtype in ("PCM_16", "PCM_S8", "PCM_U8") else "float32"
    limit = int(max_seconds * sound.samplerate)
    blocks: list[np.ndarray[Any, Any]] = []
    count = 0
    while count <= limit:
        try:
            block = sound.read(_BLOCK_FRAMES, dtype=dtype, always_2d=True)
        except soundfile.LibsndfileError as error:
            raise InvalidInput(
                f"{name} is damaged after {count / sound.samplerate:.1f} s: {error.error_string}",
                hint="copy or record it again",
                code="audio.damaged",
            ) from error
        if not len(block):
            return np.concatenate(blocks) if blocks else np.zeros((0, 1), np.int16)
        blocks.append(block)
        count += len(block)
    raise _too_long(name, count / sound.samplerate, max_seconds)


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

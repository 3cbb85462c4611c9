"""Converts audio to 16 kHz mono int16, and measures levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.audio.format import Floats, Samples
from common.errors import InvalidInput

FULL_SCALE = 32_768
#: If the mean of the channels has less than this part of the loudest channel's power (-20 dB), the channels
#: cancel each other out. The usual case, one of two channels silent, gives -6 dB.
_CANCELLED = 0.01
#: The lowest level that is reported; digital silence has no finite one.
SILENCE_DBFS = -100.0
#: Sample rates in Hz that are accepted: from half of a telephone's to the highest that microphones have.
LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000


def to_floats(samples: Samples) -> Floats:
    """int16 (n,) to float32 (n,) in [-1, 1)."""
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


def to_int16(values: NDArray[Any]) -> Samples:
    """float (n,) with 1.0 as full scale to int16 (n,); values beyond full scale are clipped, not wrapped."""
    scaled = np.rint(np.asarray(values, np.float32) * np.float32(FULL_SCALE))
    clipped: Samples = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return clipped


def to_mono_int16(block: NDArray[Any]) -> Samples:
    """Samples (n,) or (n, channels), int16, int32 or float, to mono int16 (n,): the mean of the channels.

    If the channels cancel each other out (one is wired with reversed polarity), the loudest one is taken.

    Raises:
        InvalidInput: `audio.format` for another shape or an unknown sample type.
    """
    if block.ndim == 1 or (block.ndim == 2 and block.shape[1] == 1):
        return mix_to_int16(block)
    powers = ChannelPowers()
    if block.ndim == 2:
        powers.add(block)
    return mix_to_int16(block, powers.instead_of_mean)


class ChannelPowers:
    """Adds up the power of each channel and of their mean, block by block."""

    def __init__(self) -> None:
        self._mean = 0.0
        self._channels: NDArray[np.float64] | float = 0.0

    def add(self, block: NDArray[Any]) -> None:
        """Add samples (n, channels) of any number type."""
        values = np.ascontiguousarray(block.T, np.float64)
        mean = values.mean(axis=0)
        self._mean += float(np.dot(mean, mean))
        self._channels = self._channels + np.einsum("cn,cn->c", values, values)

    @property
    def instead_of_mean(self) -> int | None:
        """The loudest channel if the channels cancel each other out, else None."""
        powers = np.atleast_1d(self._channels)
        return int(powers.argmax()) if self._mean < _CANCELLED * powers.max() else None


def mix_to_int16(block: NDArray[Any], channel: int | None = None) -> Samples:
    """Samples (n,) or (n, channels), int16, int32 or float, to mono int16 (n,).

    Args:
        block: the samples.
        channel: the channel that is taken; None for the mean of all.

    Raises:
        InvalidInput: `audio.format` for another shape or an unknown sample type.
    """
    if block.ndim not in (1, 2):
        raise InvalidInput(f"audio of shape {block.shape} is not (n,) or (n, channels)", code="audio.format")
    if block.dtype not in (np.int16, np.int32) and block.dtype.kind != "f":
        raise InvalidInput(f"samples of type {block.dtype} are not known", code="audio.format")
    if block.ndim == 2 and channel is None and block.shape[1] > 1:
        mono: NDArray[Any] = block.mean(axis=1, dtype=np.float64)
    else:
        mono = block if block.ndim == 1 else block[:, channel or 0]
    if block.dtype == np.int16:
        return np.ascontiguousarray(np.rint(mono), np.int16)
    return to_int16(mono / 2**31 if block.dtype == np.int32 else mono)


def remove_dc(samples: Samples, above: float = 0.01) -> Samples:
    """Remove a constant (DC) offset from a whole clip, int16 (n,).

    Args:
        samples: the clip; returned as it is, bit for bit, if the offset is small.
        above: the smallest offset that is removed, as a part of full scale.
    """
    offset = float(samples.mean()) if len(samples) else 0.0
    if abs(offset) <= above * FULL_SCALE:
        return samples
    shifted: Samples = np.clip(np.rint(samples - offset), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return shifted


def level_dbfs(samples: Samples) -> float:
    """Root mean square of int16 (n,) about its mean, in dB below full scale (a full sine is -3)."""
    return LevelMeter(len(samples)).dbfs(samples) if len(samples) else SILENCE_DBFS


class LevelMeter:
    """Measures `level_dbfs` of many blocks of one size, in memory that is allocated once.

    Args:
        samples: size of a block, at least 1.
    """

    def __init__(self, samples: int) -> None:
        self._values: Floats = np.empty(samples, np.float32)
        # Results go into arrays of no dimension, because numpy allocates one for each result otherwise.
        self._sum = np.empty((), np.float32)
        self._power = np.empty((), np.float32)

    def dbfs(self, samples: Samples) -> float:
        """Of int16 (n,); see `level_dbfs`."""
        values = self._values
        values[:] = samples
        np.add.reduce(values, out=self._sum)
        np.dot(values, values, out=self._power)
        mean = float(self._sum[()] / len(values))
        power = float(self._power) / len(values) - mean * mean
        # Below one bit squared, the difference is rounding error, and may be negative.
        if power < FULL_SCALE**2 * 10 ** (SILENCE_DBFS / 10):
            return SILENCE_DBFS
        return float(10 * np.log10(power / FULL_SCALE**2))


class Resampler:
    """Changes the sample rate of a mono int16 stream, block by block, as if it were one block.

    Args:
        rate_in: rate of the incoming samples in Hz.
        rate_out: rate of the outgoing samples in Hz.

    Raises:
        InvalidInput: `audio.rate` for a rate outside `LOWEST_RATE` to `HIGHEST_RATE`.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        for rate in (rate_in, rate_out):
            check_rate(rate)
        self._stream = (
            None
            if rate_in == rate_out
            else soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16", quality="HQ")
        )

    def process(self, samples: Samples) -> Samples:
        """Add a block, int16 (n,); gives the output that is ready, int16 (m,).

        The output is some milliseconds late, so m may be 0.
        """
        if self._stream is None:
            return samples
        ready: Samples = self._stream.resample_chunk(np.ascontiguousarray(samples))
        return ready

    def flush(self) -> Samples:
        """The stream ends: gives the rest of the output, int16 (m,). Nothing may be added afterwards."""
        if self._stream is None:
            return np.zeros(0, np.int16)
        rest: Samples = self._stream.resample_chunk(np.zeros(0, np.int16), last=True)
        return rest


def check_rate(rate: int) -> None:
    """Raise InvalidInput `audio.rate` unless the rate, in Hz, is from `LOWEST_RATE` to `HIGHEST_RATE`."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise InvalidInput(
            f"a sample rate of {rate} Hz is outside {LOWEST_RATE} to {HIGHEST_RATE} Hz",
            hint="record at 16 kHz, 44.1 kHz or 48 kHz",
            code="audio.rate",
        )


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """A whole clip, int16 (n,), at another rate, int16 (m,); clipped, not wrapped.

    Raises:
        InvalidInput: `audio.rate`; see `check_rate`.
    """
    if rate_in == rate_out:
        return samples
    resampler = Resampler(rate_in, rate_out)
    return np.concatenate([resampler.process(samples), resampler.flush()])

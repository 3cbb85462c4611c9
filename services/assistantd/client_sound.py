"""The sound in a request of a client: a file, or bare samples."""

from __future__ import annotations

from assistant.audio.convert import resample
from assistant.audio.files import read_audio
from assistant.audio.format import Samples
from common.errors import TooLarge
from services.assistantd.converse import samples_of


def client_sound(data: bytes, sample_rate: int, max_seconds: float, rate_out: int) -> Samples:
    """The sound, mono int16 (n,), at `rate_out` Hz.

    Args:
        data: a sound file, or bare 16-bit mono samples.
        sample_rate: of bare samples, in Hz; 0 for a file.
        max_seconds: the longest that is accepted.
        rate_out: in Hz.

    Raises:
        InvalidInput: a sound that cannot be used; see `read_audio` and `samples_of`.
        TooLarge: `audio.too-long`.
    """
    if not sample_rate:
        return read_audio(data, max_seconds, rate_out)
    samples = samples_of(data, sample_rate)
    if len(samples) > max_seconds * sample_rate:
        raise TooLarge(
            f"{len(samples) / sample_rate:.0f} s of sound; the limit is {max_seconds:.0f} s",
            hint="send it in parts",
            code="audio.too-long",
        )
    return resample(samples, sample_rate, rate_out)

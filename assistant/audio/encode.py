"""Encodes speech as a streamed file: bytes are available while samples are still being added."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import soundfile

from assistant.audio.convert import Resampler
from assistant.audio.format import Samples
from common.errors import InvalidInput

#: Name -> container and encoding of libsndfile. WAV and raw samples ("pcm") are written without it.
_FILES: dict[str, tuple[str, str]] = {
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
}
FORMATS = ("pcm", "wav", *_FILES)
#: Opus supports 8, 12, 16, 24 and 48 kHz (RFC 6716, section 2). 22.05 kHz and others become 24 kHz.
_OPUS_RATE = 24_000
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
#: libsndfile's compression level, 0 (best) to 1: 80 kbit/s at 22.05 kHz, which is enough for speech.
_MP3_LEVEL = 0.5
#: MPEG version -> kbit/s by the index in a frame's header, for layer III (ISO 13818-3, table 2.4.2.3).
_MP3_KBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
#: Length that a WAV declares while its length is unknown: the largest for readers with signed lengths.
_OPEN_LENGTH = 0x7FFF_FFFF - 36


class _StreamFile:
    """A file object for libsndfile whose content is taken away while it is written.

    At the end libsndfile goes back to fill in a length. In a stream those bytes are sent already, so such
    writes are dropped; players work without the length.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._taken = 0
        self._at = 0

    def write(self, data: Any) -> int:
        """Write at the current position; the part that was taken already is dropped."""
        piece = bytes(data)
        start = self._at - self._taken
        skip = max(0, -start)
        if kept := piece[skip:]:
            start = max(0, start)
            self._pending[start : start + len(kept)] = kept
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As for a file."""
        base = (0, self._at, self._taken + len(self._pending))[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """As for a file."""
        return self._at

    def read(self, _count: int = -1) -> bytes:
        """Always empty: the file is only written."""
        return b""

    def take(self) -> bytes:
        """The bytes that were written since the last call."""
        data = bytes(self._pending)
        self._taken += len(data)
        self._pending.clear()
        return data


class StreamEncoder:
    """Encodes blocks of speech into one file, piece by piece.

    Args:
        name: one of `FORMATS`.
        rate: sample rate of the blocks, in Hz.
        rate_out: sample rate of the file, in Hz, for "pcm" and "wav"; 0 for that of the blocks.

    Raises:
        InvalidInput: `audio.format` if there is no such format; `audio.rate` for a rate that it cannot have.
    """

    def __init__(self, name: str, rate: int, rate_out: int = 0) -> None:
        if name not in FORMATS:
            raise InvalidInput(
                f"speech cannot be encoded as {name!r}",
                hint=f"ask for one of: {', '.join(FORMATS)}",
                code="audio.format",
            )
        if rate_out and name in _FILES:
            raise InvalidInput(
                f"the sample rate of {name} cannot be chosen",
                hint="leave it out, or ask for pcm or wav",
                code="audio.rate",
            )
        self.rate = rate_out or rate
        if name == "opus" and rate not in _OPUS_RATES:
            self.rate = _OPUS_RATE
        self._resampler = Resampler(rate, self.rate) if self.rate != rate else None
        self._head = _wav_head(self.rate) if name == "wav" else b""
        self._stream = _StreamFile()
        self._file: Any = None
        self._length_frame = name == "mp3"
        if name in _FILES:
            container, subtype = _FILES[name]
            # At a constant bit rate a player can compute the length of an MP3 from its size.
            steady = {"bitrate_mode": "CONSTANT", "compression_level": _MP3_LEVEL} if name == "mp3" else {}
            self._file = soundfile.SoundFile(
                self._stream, "w", self.rate, 1, subtype=subtype, format=container, **steady
            )

    def feed(self, samples: Samples) -> bytes:
        """Add int16 samples (n,); gives the bytes that are ready, which may be none."""
        if self._resampler is not None:
            samples = self._resampler.process(samples)
        return self._encoded(samples)

    def finish(self) -> bytes:
        """The last bytes; nothing may be added afterwards."""
        last = self._resampler.flush() if self._resampler is not None else np.zeros(0, np.int16)
        rest = self._encoded(last)
        if self._file is None:
            return rest
        self._file.close()
        return rest + self._take()

    def _encoded(self, samples: Samples) -> bytes:
        if self._file is not None:
            self._file.write(samples)
            return self._take()
        head, self._head = self._head, b""
        return head + np.asarray(samples, "<i2").tobytes()

    def _take(self) -> bytes:
        """What was written, without the first frame of an MP3: it declares a length, which is unknown yet."""
        data = self._stream.take()
        if self._length_frame and data:
            self._length_frame = False
            return data[_mp3_frame_length(data, self.rate) :]
        return data


def _mp3_frame_length(head: bytes, rate: int) -> int:
    """Length in bytes of the MP3 frame that `head` begins with."""
    version = 1 if head[1] & 0x08 else 2
    samples = 1152 if version == 1 else 576
    return samples // 8 * _MP3_KBITS[version][head[2] >> 4] * 1000 // rate + (head[2] >> 1 & 1)


def _wav_head(rate: int) -> bytes:
    """The 44 bytes of header before 16-bit mono samples whose length is unknown."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", _OPEN_LENGTH + 36, b"WAVE")
        + form
        + struct.pack("<4sI", b"data", _OPEN_LENGTH)
    )

"""Speech as a file that streams: bytes come out while samples still go in."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import soundfile

from assistant.audio.convert import Resampler
from assistant.audio.format import Samples
from common.errors import InvalidInput

#: Name -> container and encoding of libsndfile; WAV and bare samples are written by hand.
_FILES: dict[str, tuple[str, str]] = {
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
}
FORMATS = ("pcm", "wav", *_FILES)
#: Opus knows 8, 12, 16, 24 and 48 kHz (RFC 6716, section 2); a voice of 22.05 kHz goes up to 24.
_OPUS_RATE = 24_000
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
#: Of 0 (best) to 1: 80 kbit/s at 22.05 kHz, which speech does not suffer from.
_MP3_LEVEL = 0.5
#: kbit/s by the index in a frame's header, of MPEG-1 and of MPEG-2 layer III (ISO 13818-3, table 2.4.2.3).
_MP3_KBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
#: A WAV whose length is not known yet declares the most that readers of signed lengths take.
_OPEN_LENGTH = 0x7FFF_FFFF - 36


class _Tape:
    """A file that only grows: what was taken away cannot be changed any more.

    Writers go back at the end to fill in a length; in a stream that is too late, and players do without.
    """

    def __init__(self) -> None:
        self._new = bytearray()
        self._taken = 0
        self._at = 0

    def write(self, data: Any) -> int:
        """Write at the current place; what lies before the kept part is dropped."""
        piece = bytes(data)
        start = self._at - self._taken
        skip = max(0, -start)
        if kept := piece[skip:]:
            start = max(0, start)
            self._new[start : start + len(kept)] = kept
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of a file."""
        base = (0, self._at, self._taken + len(self._new))[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """As of a file."""
        return self._at

    def read(self, _count: int = -1) -> bytes:
        """Nothing: it is written only."""
        return b""

    def take(self) -> bytes:
        """What came since the last time."""
        data = bytes(self._new)
        self._taken += len(data)
        self._new.clear()
        return data


class StreamEncoder:
    """Turns blocks of speech into one file, piece by piece.

    Args:
        name: one of `FORMATS`.
        rate: of the samples, in Hz.

    Raises:
        InvalidInput: `audio.format`, no such format.
    """

    def __init__(self, name: str, rate: int) -> None:
        if name not in FORMATS:
            raise InvalidInput(
                f"speech is not made as {name!r}",
                hint=f"ask for one of: {', '.join(FORMATS)}",
                code="audio.format",
            )
        self.rate = rate
        self._resampler: Resampler | None = None
        self._head = _wav_head(rate) if name == "wav" else b""
        self._tape = _Tape()
        self._file: Any = None
        self._length_frame = name == "mp3"
        if name in _FILES:
            container, subtype = _FILES[name]
            if name == "opus" and rate not in _OPUS_RATES:
                self._resampler = Resampler(rate, _OPUS_RATE)
                self.rate = _OPUS_RATE
            # At a constant rate a player can tell the length of an MP3 from its size.
            steady = {"bitrate_mode": "CONSTANT", "compression_level": _MP3_LEVEL} if name == "mp3" else {}
            self._file = soundfile.SoundFile(
                self._tape, "w", self.rate, 1, subtype=subtype, format=container, **steady
            )

    def feed(self, samples: Samples) -> bytes:
        """The bytes that int16 samples (n,) lead to; may be none yet."""
        if self._resampler is not None:
            samples = self._resampler.process(samples)
        return self._encoded(samples)

    def finish(self) -> bytes:
        """The last bytes; nothing can be fed afterwards."""
        if self._file is None:
            return self._encoded(np.zeros(0, np.int16))
        rest = self._encoded(self._resampler.flush()) if self._resampler is not None else b""
        self._file.close()
        return rest + self._take()

    def _encoded(self, samples: Samples) -> bytes:
        if self._file is not None:
            self._file.write(samples)
            return self._take()
        head, self._head = self._head, b""
        return head + np.asarray(samples, "<i2").tobytes()

    def _take(self) -> bytes:
        """What was written, without the first frame of an MP3, which tells a length that nobody knows yet."""
        data = self._tape.take()
        if self._length_frame and data:
            self._length_frame = False
            return data[_mp3_frame_length(data, self.rate) :]
        return data


def _mp3_frame_length(head: bytes, rate: int) -> int:
    """Bytes of the frame that `head` begins with."""
    version = 1 if head[1] & 0x08 else 2
    samples = 1152 if version == 1 else 576
    return samples // 8 * _MP3_KBITS[version][head[2] >> 4] * 1000 // rate + (head[2] >> 1 & 1)


def _wav_head(rate: int) -> bytes:
    """The 44 bytes before 16-bit mono samples of a length that is not known."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", _OPEN_LENGTH + 36, b"WAVE")
        + form
        + struct.pack("<4sI", b"data", _OPEN_LENGTH)
    )

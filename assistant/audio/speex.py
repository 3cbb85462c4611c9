"""Speex's adaptive filter without its suppressor: the linear echo canceller.

A suppressor also removes the person during barge-in. Residual echo harms wake words and recognition less than
that (docs/performance.md, "Echo"), so a canceller that is made for phone calls does worse here.
"""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from common.errors import Unavailable

_LIBRARY = "libspeexdsp.so.1"
#: `SPEEX_ECHO_SET_SAMPLING_RATE` of speex/speex_echo.h.
_SET_SAMPLING_RATE = 24
#: Length of the filter in ms: the longest reverberation that is cancelled. It need not cover the delay,
#: because the reference is aligned before (`align.py`). A longer filter converges more slowly.
TAIL_MS = 250


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise Unavailable(
            f"the echo cancelling library {_LIBRARY} is not installed",
            hint='Install the Debian package libspeexdsp1, or set [audio] echo_cancellation = "off".',
            code="audio.no-speexdsp",
        ) from error
    frame = np.ctypeslib.ndpointer(np.int16, ndim=1, shape=(FRAME_SAMPLES,), flags="C_CONTIGUOUS")
    library.speex_echo_state_init.argtypes = [ctypes.c_int, ctypes.c_int]
    library.speex_echo_state_init.restype = ctypes.c_void_p
    library.speex_echo_state_destroy.argtypes = [ctypes.c_void_p]
    library.speex_echo_state_destroy.restype = None
    library.speex_echo_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    library.speex_echo_cancellation.argtypes = [ctypes.c_void_p, frame, frame, frame]
    library.speex_echo_cancellation.restype = None
    return library


class LinearCanceller:
    """Learns the echo path from loudspeaker to microphone, and subtracts the echo.

    Raises:
        Unavailable: `audio.no-speexdsp` if the library is not installed, `audio.no-memory`.
    """

    def __init__(self) -> None:
        self._library = _library()
        self._state = self._library.speex_echo_state_init(FRAME_SAMPLES, SAMPLE_RATE * TAIL_MS // 1000)
        if not self._state:
            raise Unavailable("no memory for the echo canceller", code="audio.no-memory")
        rate = ctypes.c_int(SAMPLE_RATE)
        self._library.speex_echo_ctl(self._state, _SET_SAMPLING_RATE, ctypes.byref(rate))

    def __del__(self) -> None:
        if state := getattr(self, "_state", None):
            self._library.speex_echo_state_destroy(state)

    def process(self, microphone: Samples, played: Samples) -> Samples:
        """Take 10 ms of each, int16 (160,); gives the microphone's frame without the echo, int16 (160,)."""
        clean = np.empty(FRAME_SAMPLES, np.int16)
        self._library.speex_echo_cancellation(
            self._state, np.ascontiguousarray(microphone), np.ascontiguousarray(played), clean
        )
        return clean

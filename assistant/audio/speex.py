"""A linear echo canceller: the adaptive filter of the speexdsp library, without its suppressor.

Voice networks hear through what is left of an echo, but not through what a suppressor cuts out of a person
who talks over the box (docs/performance.md, "Echo"); cancellers made for people therefore do worse here.
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
#: The longest reverberation that is cancelled. The filter does not look for the delay; it is fed what is
#: played as late as the echo comes. A longer one learns more slowly.
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
    """Learns the way from loudspeaker to microphone, and takes away what came along it.

    Raises:
        Unavailable: `audio.no-speexdsp`.
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
        """The microphone's frame without the echo, int16 (160,); both are 10 ms, int16 (160,)."""
        clean = np.empty(FRAME_SAMPLES, np.int16)
        self._library.speex_echo_cancellation(
            self._state, np.ascontiguousarray(microphone), np.ascontiguousarray(played), clean
        )
        return clean

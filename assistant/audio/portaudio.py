"""The only owner of PortAudio in this process: it loads the library, rescans devices and closes streams.

PortAudio lists the devices once, when it starts. To see a device that was plugged in later, it must be shut
down and started again, which ends every open stream. Therefore whoever has a stream open registers here.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Protocol

from common.errors import Unavailable

_CLOSE_TIMEOUT_S = 2.0
#: paInvalidSampleRate, paInvalidChannelCount, paSampleFormatNotSupported (portaudio.h).
_REFUSALS = frozenset({-9997, -9998, -9994})


class StreamHolder(Protocol):
    """An object that may have a stream open."""

    def close_for_rescan(self) -> bool:
        """Close the stream now and return True, or return False if it is in use."""


#: Held while streams are opened and while the library restarts.
lock = threading.RLock()
_holders: list[StreamHolder] = []
_closing: list[threading.Thread] = []


def library() -> Any:
    """The module `sounddevice`, loaded at first use.

    Raises:
        Unavailable: `audio.no-portaudio` when PortAudio is not installed.
    """
    with lock:
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise Unavailable(
                f"sound devices cannot be used: {error}",
                hint="install the package libportaudio2 (apt-get install libportaudio2)",
                code="audio.no-portaudio",
            ) from error
        return sounddevice


def is_refusal(error: Exception) -> bool:
    """Whether a device refused the rate, the channels or the format, so that others may work."""
    # PortAudioError carries (text, code, ...); sounddevice raises ValueError for a rate of 0.
    return len(error.args) > 1 and error.args[1] in _REFUSALS


def hold(holder: StreamHolder) -> None:
    """Register that `holder` has a stream open."""
    with lock:
        if holder not in _holders:
            _holders.append(holder)


def release(holder: StreamHolder) -> None:
    """Register that `holder` has closed its stream."""
    with lock:
        if holder in _holders:
            _holders.remove(holder)


def rescan() -> bool:
    """Restart PortAudio, so that it lists the devices again.

    Returns:
        False if it was not done, because a stream is in use or cannot be closed.

    Raises:
        Unavailable: `audio.no-portaudio` if PortAudio is not installed or does not start.
    """
    with lock:
        sounddevice = library()
        for holder in tuple(_holders):
            if not holder.close_for_rescan():
                return False
            release(holder)
        if any(thread.is_alive() for thread in _closing):
            return False
        # sounddevice has no public way to do this; it runs these two at import and at exit.
        with contextlib.suppress(sounddevice.PortAudioError):  # the last start may have failed
            sounddevice._terminate()
        try:
            sounddevice._initialize()
        except sounddevice.PortAudioError as error:
            raise Unavailable(f"PortAudio does not start: {error}", code="audio.no-portaudio") from error
        return True


def close_stream(stream: Any, timeout_s: float = _CLOSE_TIMEOUT_S) -> bool:
    """Stop and close a stream and drop what is queued; False if the driver hangs for `timeout_s` seconds.

    The driver of a device that was unplugged may block for ever, so a thread of its own closes the stream.
    """

    def close() -> None:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)

    thread = threading.Thread(target=close, name="close-stream", daemon=True)
    with lock:
        _closing[:] = [other for other in _closing if other.is_alive()] + [thread]
    thread.start()
    thread.join(timeout_s)
    return not thread.is_alive()

"""The only owner of PortAudio in this process: it loads the library, rescans devices and closes streams.

PortAudio lists the devices once, when it starts. To see a device that was plugged in later, it must be shut
down and started again, which ends every open stream. Therefore whoever has a stream open registers here.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable
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
_loaded: list[Any] = []
_holders: list[StreamHolder] = []
#: Threads that are in a driver; while one is, the library cannot be restarted.
_in_driver: list[threading.Thread] = []


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
        if sounddevice not in _loaded:
            _loaded.append(sounddevice)
            atexit.unregister(sounddevice._exit_handler)
            atexit.register(_end)
        return sounddevice


def _end() -> None:
    """End the library with the process, unless a stream hangs: the library would abort the process then."""
    if not _is_in_driver():
        _loaded[0]._exit_handler()


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
        False if it was not done, because a stream is in use or hangs in its driver.

    Raises:
        Unavailable: `audio.no-portaudio` if PortAudio is not installed or does not start.
    """
    with lock:
        sounddevice = library()
        if _is_in_driver():
            return False
        for holder in tuple(_holders):
            if not holder.close_for_rescan():
                return False
            release(holder)
        if _is_in_driver():
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
    """Stop and close a stream and drop what is queued; False if the driver hangs for `timeout_s` seconds."""

    def close() -> None:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)

    return _done_within(close, timeout_s)


def start_stream(stream: Any, timeout_s: float) -> bool:
    """Start a stream; False if the driver hangs for `timeout_s` seconds.

    A stream that hangs belongs to the thread that starts it, which closes it should the driver answer after
    all; the caller must forget it. ALSA's plugin for sound servers hangs where the device has gone since the
    stream was opened.

    Raises:
        sounddevice.PortAudioError: it does not start.
    """
    failures: list[Exception] = []
    decision = threading.Lock()
    started = given_up = False

    def start() -> None:
        nonlocal started
        try:
            stream.start()
        except library().PortAudioError as error:
            failures.append(error)
        with decision:
            started = True
            is_late = given_up
        if is_late:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)

    _done_within(start, timeout_s)
    with decision:
        given_up = not started
    if failures:
        raise failures[0]
    return not given_up


def stop_stream(stream: Any, timeout_s: float = _CLOSE_TIMEOUT_S) -> bool:
    """Stop a stream once it has played what is queued; False if the driver hangs for `timeout_s` seconds."""
    return _done_within(lambda: stream.stop(ignore_errors=True), timeout_s)


def _is_in_driver() -> bool:
    return any(thread.is_alive() for thread in _in_driver)


def _done_within(work: Callable[[], None], timeout_s: float) -> bool:
    """Do what a driver may never come back from, in a thread of its own; whether it came back in time.

    The driver of a device that was unplugged may block for ever.
    """
    thread = threading.Thread(target=work, name="sound-driver", daemon=True)
    with lock:
        _in_driver[:] = [other for other in _in_driver if other.is_alive()] + [thread]
    thread.start()
    thread.join(timeout_s)
    return not thread.is_alive()

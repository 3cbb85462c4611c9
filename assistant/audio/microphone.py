"""The microphone: a stream of frames that survives unplugging and replugging of the device."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from assistant.audio import portaudio
from assistant.audio.capture import BLOCK_MS, Capture
from assistant.audio.devices import choose
from assistant.audio.format import Samples
from common.errors import SottoError, Unavailable
from common.settings_file import between

_READ_TIMEOUT_S = 0.25


@dataclass(frozen=True)
class MicrophoneSettings:
    """How to record.

    Attributes:
        device: number, name or a part of the name; the default device without it.
        latency: PortAudio's "low", "high", or seconds of device buffer. With PulseAudio "high" gives
            sound every 20 ms and costs half the processor time of "low", which gives it every 10.
        queue_ms: how much may wait for a slow reader before the oldest frames are dropped.
        relaxed_ms: how much is read at once while nobody speaks.
        stall_s: after so long without a block the device counts as lost; sound servers often say
            nothing when a device goes.
        backoff_s: waits between attempts to open it again; the last one repeats.
    """

    device: str | None = None
    latency: Literal["low", "high"] | float = field(default="high", metadata=between(0.001, 2))
    queue_ms: int = field(default=2000, metadata=between(100, 60_000))
    relaxed_ms: int = field(default=120, metadata=between(20, 1000))
    stall_s: float = field(default=2.5, metadata=between(0.5, 300))
    backoff_s: tuple[float, ...] = field(
        default=(0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0), metadata=between(0.05, 3600)
    )


@dataclass(frozen=True)
class DeviceState:
    """The microphone was opened, reopened or lost. `device` is its name; `reason` says why it was lost."""

    kind: Literal["opened", "lost", "reopened"]
    device: str
    reason: str = ""


class Microphone:
    """Records 16 kHz mono in frames of 10 ms.

    Args:
        settings: which device and how.
        on_state: called from the reading thread when the device is opened, lost or reopened.
    """

    def __init__(
        self,
        settings: MicrophoneSettings | None = None,
        on_state: Callable[[DeviceState], None] = lambda _state: None,
    ) -> None:
        self._settings = settings or MicrophoneSettings()
        self._on_state = on_state
        #: Set it while the room is silent: the same frames are delivered, several at once, which saves power.
        self.relaxed = False
        self._capture: Capture | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._rescan_requested = threading.Event()
        self._was_open = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Device blocks (20 ms each) that were dropped so far because they were not read in time."""
        capture = self._capture
        return self._dropped + (capture.dropped_blocks if capture else 0)

    def open(self) -> str:
        """Open the device now and return its name. `frames` opens it, too, but retries instead of raising.

        Raises:
            Unavailable: `audio.no-input` if there is no microphone or it does not open, `audio.no-portaudio`,
                `audio.closed` after `close`.
            NotFound: `audio.no-device` if the device of the settings is not there; the message lists the
                names.
        """
        with portaudio.lock, self._lock:
            if self._closed.is_set():
                raise Unavailable("the microphone was closed", code="audio.closed")
            if self._capture is not None:
                return self._capture.device.name
            device = choose("input", self._settings.device)
            if device is None:
                raise Unavailable(
                    "there is no microphone",
                    hint="plug one in; it is found while running",
                    code="audio.no-input",
                )
            self._capture = Capture(device, self._settings.latency, self._settings.queue_ms)
            portaudio.hold(self)
        self._on_state(DeviceState("reopened" if self._was_open else "opened", device.name))
        self._was_open = True
        return device.name

    def frames(self) -> Iterator[Samples]:
        """Frames, int16 (160,), until `close`; waits while there is no device.

        A frame is valid until the next one is asked for; copy what is kept.
        """
        failures = 0
        while not self._closed.is_set():
            capture = self._capture
            if capture is None:
                failures = 0 if self._reopened(failures) else failures + 1
                continue
            at_once = self._settings.relaxed_ms // BLOCK_MS if self.relaxed else 1
            frames = capture.read(_READ_TIMEOUT_S, at_once)
            if frames:
                yield from frames
            elif capture.ended or capture.quiet_s() > self._settings.stall_s:
                reason = "it ended the stream" if capture.ended else "it delivers no sound"
                self._drop(capture)
                self._on_state(DeviceState("lost", capture.device.name, reason))

    def _reopened(self, failures: int) -> bool:
        try:
            if failures or self._was_open or self._rescan_requested.is_set():
                self._rescan_requested.clear()
                portaudio.rescan()
            self.open()
        except SottoError as error:
            if failures == 0 and not self._closed.is_set():
                self._on_state(DeviceState("lost", self._settings.device or "", error.message))
            waits = self._settings.backoff_s
            self._rescan_requested.wait(waits[min(failures, len(waits) - 1)])
            return False
        return True

    def request_rescan(self) -> None:
        """A device was plugged in or removed: `frames` looks for devices at once. Safe from any thread."""
        self._rescan_requested.set()

    def close_for_rescan(self) -> bool:
        """Close the stream so that PortAudio can list the devices again; `frames` reopens it. Always True."""
        capture = self._capture
        if capture is not None:
            self._drop(capture)
        return True

    def close(self) -> None:
        """Close for good; `frames` ends. Safe from any thread, and more than once."""
        self._closed.set()
        self._rescan_requested.set()
        capture = self._capture
        if capture is not None:
            self._drop(capture)

    def _drop(self, capture: Capture) -> None:
        with self._lock:
            if self._capture is not capture:
                return
            self._capture = None
            self._dropped += capture.dropped_blocks
        portaudio.release(self)
        capture.wake()
        capture.close()

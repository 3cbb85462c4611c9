"""One open input stream: a bounded queue of the device's blocks, which the reader converts into frames."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np

from assistant.audio import portaudio
from assistant.audio.convert import DcBlocker, Resampler, to_mono_int16
from assistant.audio.devices import AudioDevice
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from common.errors import Unavailable
from common.metrics import Counter

#: Length of a block that is requested from the device. Sound servers and USB deliver 20 ms or more at a time
#: anyway; half of that costs twice the callbacks, 0.4 % of a core, and delivers the sound no sooner.
BLOCK_MS = 20
DROPPED = Counter(
    "sotto_microphone_dropped_blocks_total",
    "Blocks of 20 ms that were lost because nobody read them in time",
)


class Capture:
    """Records from one device until it is closed or the device vanishes.

    More than twelve attributes: the state that two threads share stands in one place, under one lock.

    The device is asked for 16 kHz mono first. If it refuses, it is opened with two channels or at its own
    rate, and the sound is converted. The audio callback only copies; `read` does everything else.

    Args:
        device: where to record from.
        latency: size of the device's buffer: "low", "high" (PortAudio), or seconds.
        queue_ms: how much may wait for the reader before the oldest blocks are dropped.

    Raises:
        Unavailable: `audio.no-input` if the device does not open.
    """

    def __init__(self, device: AudioDevice, latency: str | float, queue_ms: int) -> None:
        self.device = device
        self.dropped_blocks = 0
        self._blocks: deque[bytes] = deque(maxlen=max(1, queue_ms // BLOCK_MS))
        self._arrived = threading.Condition()
        self._ended = False
        self._wanted = 1
        self._last_block = time.monotonic()
        self._rest: Samples = np.zeros(0, np.int16)
        self._dc = DcBlocker()
        self._stream, self.rate, self._channels = self._open(latency)
        self._resampler = Resampler(self.rate, SAMPLE_RATE)

    def _open(self, latency: str | float) -> tuple[Any, int, int]:
        with portaudio.lock:
            sounddevice = portaudio.library()
            two = min(2, self.device.inputs)
            shapes = (
                (SAMPLE_RATE, 1),
                (SAMPLE_RATE, two),
                (self.device.rate, 1),
                (self.device.rate, two),
            )
            failure: Exception | None = None
            for rate, channels in dict.fromkeys(shapes):
                stream = None
                try:
                    stream = sounddevice.RawInputStream(
                        device=self.device.index,
                        samplerate=rate,
                        channels=channels,
                        dtype="int16",
                        blocksize=rate * BLOCK_MS // 1000,
                        latency=latency,
                        callback=self._on_block,
                        finished_callback=self._on_end,
                    )
                    stream.start()
                except (sounddevice.PortAudioError, ValueError) as error:
                    failure = error
                    if stream is not None:
                        portaudio.close_stream(stream)
                    self._ended = False
                    if not portaudio.is_refusal(error):
                        break
                else:
                    self._last_block = time.monotonic()
                    return stream, rate, channels
        raise Unavailable(
            f"the microphone '{self.device.name}' does not open: {failure}",
            hint="check that no other program uses it",
            code="audio.no-input",
        ) from failure

    def _on_block(self, data: Any, _frames: int, _time: Any, _status: Any) -> None:
        # PortAudio's overflow flags stay 0 if a sound server loses samples, so they are not read.
        block = bytes(data)
        with self._arrived:
            if len(self._blocks) == self._blocks.maxlen:
                self.dropped_blocks += 1
                DROPPED.inc()
            self._blocks.append(block)
            self._last_block = time.monotonic()
            if len(self._blocks) >= self._wanted:
                self._arrived.notify()

    def _on_end(self) -> None:
        with self._arrived:
            self._ended = True
            self._arrived.notify()

    def wake(self) -> None:
        """Make a waiting `read` return now."""
        with self._arrived:
            self._arrived.notify()

    @property
    def ended(self) -> bool:
        """Whether the device has ended the stream."""
        return self._ended

    def quiet_s(self) -> float:
        """Seconds since the device last delivered a block."""
        return time.monotonic() - self._last_block

    def read(self, timeout_s: float, blocks: int = 1) -> list[Samples]:
        """Wait for blocks and convert them; gives whole frames, int16 (160,), 16 kHz. May be empty.

        Args:
            timeout_s: longest wait, in seconds.
            blocks: wait until so many have arrived. A larger number wakes the reader less often, which saves
                power.
        """
        with self._arrived:
            self._wanted = min(blocks, self._blocks.maxlen or 1)
            if len(self._blocks) < self._wanted and not self._ended:
                self._arrived.wait(timeout_s)
            taken = list(self._blocks)
            self._blocks.clear()
        if not taken:
            return []
        raw = np.frombuffer(b"".join(taken), np.int16).reshape(-1, self._channels)
        ready = self._dc.process(self._resampler.process(to_mono_int16(raw)))
        if len(self._rest):
            ready = np.concatenate([self._rest, ready])
        whole = len(ready) - len(ready) % FRAME_SAMPLES
        self._rest = ready[whole:]
        return [ready[at : at + FRAME_SAMPLES] for at in range(0, whole, FRAME_SAMPLES)]

    def close(self) -> bool:
        """Close the stream; False if the driver hangs and the stream was abandoned."""
        return portaudio.close_stream(self._stream)

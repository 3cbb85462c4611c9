"""One open input stream: the audio callback queues the device's blocks, the reader cuts them into frames."""

from __future__ import annotations

from typing import Any

from assistant.audio import portaudio
from assistant.audio.block_queue import BlockQueue
from assistant.audio.devices import AudioDevice
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.frame_cutter import FrameCutter
from common.errors import Unavailable

#: Length of a block that is requested from the device. Sound servers and USB deliver 20 ms or more at a time
#: anyway; half of that costs twice the callbacks, 0.4 % of a core, and delivers the sound no sooner.
BLOCK_MS = 20


class Capture:
    """Records from one device until it is closed or the device vanishes.

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
        self._blocks = max(1, queue_ms // BLOCK_MS)
        self._stream, self._queue, self._cutter = self._open(latency)

    def _open(self, latency: str | float) -> tuple[Any, BlockQueue, FrameCutter]:
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
                block = rate * BLOCK_MS // 1000
                queue = BlockQueue(self._blocks, max(1, block) * max(1, channels))
                try:
                    stream = sounddevice.RawInputStream(
                        device=self.device.index,
                        samplerate=rate,
                        channels=channels,
                        dtype="int16",
                        blocksize=block,
                        latency=latency,
                        callback=queue.on_block,
                        finished_callback=queue.end,
                    )
                    stream.start()
                except (sounddevice.PortAudioError, ValueError) as error:
                    failure = error
                    if stream is not None:
                        portaudio.close_stream(stream)
                    if not portaudio.is_refusal(error):
                        break
                else:
                    queue.begin()
                    return stream, queue, FrameCutter(rate, channels)
        raise Unavailable(
            f"the microphone '{self.device.name}' does not open: {failure}",
            hint="check that no other program uses it",
            code="audio.no-input",
        ) from failure

    def wake(self) -> None:
        """Make a waiting `read` return now."""
        self._queue.wake()

    @property
    def dropped_blocks(self) -> int:
        """Blocks that were dropped because they were not read in time."""
        return self._queue.dropped

    @property
    def ended(self) -> bool:
        """Whether the device has ended the stream."""
        return self._queue.ended

    def quiet_s(self) -> float:
        """Seconds since the device last delivered a block."""
        return self._queue.quiet_s()

    def read(self, timeout_s: float, blocks: int = 1) -> list[Samples]:
        """Wait for blocks and convert them; gives whole frames, int16 (160,), 16 kHz. May be empty.

        The frames are valid until the next call.

        Args:
            timeout_s: longest wait, in seconds.
            blocks: wait until so many have arrived. A larger number wakes the reader less often, which saves
                power.
        """
        samples = self._queue.read(timeout_s, blocks)
        return self._cutter.cut(samples) if len(samples) else []

    def close(self) -> bool:
        """Close the stream; False if the driver hangs and the stream was abandoned."""
        return portaudio.close_stream(self._stream)

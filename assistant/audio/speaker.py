"""The loudspeaker: plays a reply while the rest is synthesised, and stops within one block (10 ms)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.audio import portaudio
from assistant.audio.convert import Resampler
from assistant.audio.devices import AudioDevice, choose
from assistant.audio.feed import Feed
from assistant.audio.format import FRAME_MS, Samples
from assistant.audio.output_block import OutputBlock
from assistant.audio.playback import PlaybackReference
from assistant.audio.sink import Chunks, OnFirst
from common.errors import SottoError, Unavailable
from common.settings_file import between

_POLL_S = 0.1


@dataclass(frozen=True)
class SpeakerSettings:
    """How to play.

    Attributes:
        device: number, name or a part of the name; the default device without it.
        volume: 0 to 1.
        latency: PortAudio's "low", "high", or seconds of device buffer.
        ahead_s: how much may be synthesised ahead of what is heard.
        stall_s: after so long without the device asking for sound it counts as lost.
    """

    device: str | None = None
    volume: float = field(default=1.0, metadata=between(0, 1))
    latency: Literal["low", "high"] | float = field(default="low", metadata=between(0.001, 2))
    ahead_s: float = field(default=5.0, metadata=between(0.1, 60))
    stall_s: float = field(default=2.0, metadata=between(0.5, 300))


def gain_of(volume: float) -> float:
    """Linear gain for a volume from 0 to 1: its cube, as on PulseAudio's volume scale."""
    return float(min(max(volume, 0.0), 1.0)) ** 3


def _lost(reason: str) -> Unavailable:
    return Unavailable(
        f"the speaker was lost: {reason}",
        hint="plug it in again; the next reply tries again",
        code="audio.output-lost",
    )


class Speaker:
    """Plays replies on a sound device, which stays open between them, so that the next one starts fast.

    More than twelve attributes: the state that two threads share stands in one place, under one lock.

    Args:
        settings: which device and how.
        reference: receives each block as the device does: with its gain, and cut where it was interrupted.
    """

    def __init__(
        self, settings: SpeakerSettings | None = None, reference: PlaybackReference | None = None
    ) -> None:
        self._settings = settings or SpeakerSettings()
        self._reference = reference
        self._volume = self._settings.volume
        self._duck = 1.0
        self._play_lock = threading.Lock()
        self._feed: Feed | None = None
        self._on_first: OnFirst | None = None
        self._done = threading.Event()
        self._last_pull = 0.0
        self._stream: Any = None
        self._opened: tuple[int, int, int] = (0, 0, 0)
        self._output = OutputBlock(0, 1)
        self._rescan_requested = False
        self._streaming = False
        self._busy = False

    @property
    def volume(self) -> float:
        """Volume from 0 to 1; a change is heard within one block."""
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        self._volume = min(max(value, 0.0), 1.0)
        self._apply_gain()

    def duck(self, factor: float) -> None:
        """See `AudioSink.duck`."""
        self._duck = min(max(factor, 0.0), 1.0)
        self._apply_gain()

    def _apply_gain(self) -> None:
        feed = self._feed
        if feed is not None:
            feed.set_gain(gain_of(self._volume) * self._duck)

    def prepare(self, rate: int) -> None:
        """Open the device for replies at `rate` Hz, so that the first one starts as fast as later ones.

        Raises:
            Unavailable, NotFound: as for `play`.
        """
        with self._play_lock:
            self._ensure_open(rate)

    def play(self, chunks: Iterable[Samples], rate: int, on_first: OnFirst | None = None) -> bool:
        """See `AudioSink.play`; `on_first` is called from the audio thread.

        Raises:
            Unavailable: `audio.no-output` if there is no device or it does not open, `audio.output-lost` if
                it is lost while it plays.
            NotFound: `audio.no-device` if the device of the settings is not there; the message lists the
                names.
        """
        with self._play_lock, Chunks(chunks) as blocks:
            feed = self._feed = Feed(round(self._settings.ahead_s * rate))
            self._apply_gain()
            self._busy = True
            try:
                resampler = Resampler(rate, self._ensure_open(rate))
                return self._run(blocks, feed, resampler, on_first)
            except SottoError:
                self._rescan_requested = True
                raise
            finally:
                self._feed = None
                self._on_first = None
                if self._streaming:
                    # The device or the synthesiser failed.
                    self._close_stream()
                self._streaming = False
                self._busy = False

    def _run(self, blocks: Chunks, feed: Feed, resampler: Resampler, on_first: OnFirst | None) -> bool:
        while not feed.is_cut and (chunk := blocks.next()) is not None:
            self._push(resampler.process(chunk), feed, on_first)
        self._push(resampler.flush(), feed, on_first)
        if not self._streaming:
            return not feed.is_cut
        feed.end()
        while not self._done.wait(_POLL_S):
            self._check_alive(feed)
        self._check_alive(feed)
        self._streaming = not portaudio.stop_stream(self._stream)
        return not feed.is_cut

    def _push(self, ready: Samples, feed: Feed, on_first: OnFirst | None) -> None:
        if not len(ready):
            return
        while not feed.push(ready, _POLL_S):
            self._check_alive(feed)
        # The stream is started only when there is sound, because the device requests its first blocks at
        # once.
        if not self._streaming and not feed.is_cut:
            self._start(on_first)

    def _start(self, on_first: OnFirst | None) -> None:
        sounddevice = portaudio.library()
        self._on_first = on_first
        self._done.clear()
        self._streaming = True
        if self._reference is not None:
            self._reference.begin()
        try:
            reason = "it does not start"
            try:
                is_on = self._begin()
            except sounddevice.PortAudioError as error:
                is_on, reason = False, str(error)
            if not is_on:
                # The device may have been replugged since the last reply, and have another number.
                rate = self._opened[1]
                self._rescan_requested = True
                if self._ensure_open(rate) != rate or not self._begin():
                    raise _lost(reason)
        except sounddevice.PortAudioError as error:
            raise _lost(str(error)) from error

    def _begin(self) -> bool:
        """Start the open stream; where its driver hangs, forget it."""
        self._last_pull = time.monotonic()
        if portaudio.start_stream(self._stream, self._settings.stall_s):
            return True
        self._stream = None
        return False

    def _check_alive(self, feed: Feed) -> None:
        if self._done.is_set() and not feed.is_done:
            raise _lost("it ended the stream")
        if time.monotonic() - self._last_pull > self._settings.stall_s:
            raise _lost("it requests no more sound")

    def stop(self) -> None:
        """Interrupt at once: the next block fades out, and the rest is dropped."""
        feed = self._feed
        if feed is not None:
            feed.cut()

    def request_rescan(self) -> None:
        """A device was plugged in or removed: choose the device again before the next reply."""
        self._rescan_requested = True

    def close_for_rescan(self) -> bool:
        """Close the idle stream so that PortAudio can list the devices again; False while playing."""
        if self._busy:
            return False
        self._close_stream()
        return True

    def close(self) -> None:
        """Interrupt, and close the device."""
        self.stop()
        with self._play_lock:
            self._close_stream()

    def _on_block(self, out: Any, frames: int, _time: Any, _status: Any) -> None:
        self._last_pull = time.monotonic()
        feed = self._feed
        if feed is None:
            out[:] = bytes(len(out))
            raise portaudio.library().CallbackAbort
        cut = feed.is_cut
        _index, rate, channels = self._opened
        if len(self._output.mono) != frames:
            self._output = OutputBlock(frames, channels)
        real = feed.pull(self._output.mono)
        if self._reference is not None:
            self._reference.played(self._output.mono, rate, time.perf_counter())
        out[:] = self._output.bytes()
        if real and self._on_first is not None:
            on_first, self._on_first = self._on_first, None
            on_first()
        if cut:
            raise portaudio.library().CallbackAbort
        if feed.is_done and not feed.is_cut:
            raise portaudio.library().CallbackStop

    def _ensure_open(self, rate: int) -> int:
        """Open a stream of at least `rate` Hz unless one is open; gives its rate in Hz."""
        if self._rescan_requested:
            self._rescan_requested = False
            self._close_stream()
            portaudio.rescan()
        with portaudio.lock:
            device = choose("output", self._settings.device)
            if device is None:
                raise Unavailable("there is no speaker", hint="plug one in", code="audio.no-output")
            index, opened_rate, _channels = self._opened
            if self._stream is not None and index == device.index and opened_rate >= rate:
                return opened_rate
            self._close_stream()
            self._open(device, rate)
            portaudio.hold(self)
        return self._opened[1]

    def _open(self, device: AudioDevice, rate: int) -> None:
        sounddevice = portaudio.library()
        two = min(2, device.outputs)
        failure: Exception | None = None
        # An earlier stream, which hung, may still come to its end.
        self._done = threading.Event()
        for stream_rate, channels in dict.fromkeys(
            ((rate, 1), (rate, two), (device.rate, 1), (device.rate, two))
        ):
            try:
                self._stream = sounddevice.RawOutputStream(
                    device=device.index,
                    samplerate=stream_rate,
                    channels=channels,
                    dtype="int16",
                    blocksize=stream_rate * FRAME_MS // 1000,
                    latency=self._settings.latency,
                    callback=self._on_block,
                    finished_callback=self._done.set,
                    # Otherwise the device plays a whole buffer of silence before the first sample.
                    prime_output_buffers_using_stream_callback=True,
                )
            except (sounddevice.PortAudioError, ValueError) as error:
                failure = error
                if not portaudio.is_refusal(error):
                    break
            else:
                self._opened = (device.index, stream_rate, channels)
                self._output = OutputBlock(stream_rate * FRAME_MS // 1000, channels)
                return
        raise Unavailable(
            f"the speaker '{device.name}' does not open: {failure}",
            hint="check that no other program uses it",
            code="audio.no-output",
        ) from failure

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        portaudio.release(self)
        if stream is not None:
            portaudio.close_stream(stream)

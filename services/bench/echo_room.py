"""A loudspeaker and a microphone in one room, computed: echo without a sound card, faster than real time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic, sleep

import numpy as np
from numpy.typing import NDArray

from assistant.audio.convert import FULL_SCALE, Resampler, to_int16
from assistant.audio.echo import EchoCanceller
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.playback import PlaybackReference
from assistant.audio.sink import Chunks, OnFirst
from assistant.audio.speaker import gain_of
from assistant.turn.conversation import Conversation
from assistant.turn.settings import Phase

_FFT = 8192
_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
#: A voice that does not come for so many seconds of real time will not come any more.
_LIMIT_S = 60.0


@dataclass(frozen=True)
class Acoustics:
    """What the room does to what is played.

    Attributes:
        delay_ms: buffers of both devices and the way through the air.
        decay_s: seconds until the reverberation is 60 dB lower, at most 0.3.
        echo_db: level of the echo against what is played, dB.
        drive: how hard the loudspeaker is driven; 0 is linear, 1 bends a full-scale sine by a quarter.
        noise_dbfs: of the microphone.
        jitter_ms: each reply begins up to so much later at the device than it was handed over. 25 is what
            PulseAudio did on a quiet machine.
    """

    delay_ms: float = 60.0
    decay_s: float = 0.25
    echo_db: float = 0.0
    drive: float = 0.5
    noise_dbfs: float = -70.0
    jitter_ms: float = 25.0

    def impulse_response(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """The way from loudspeaker to microphone: a delay, the direct sound, and noise that decays."""
        times = np.arange(int(self.decay_s * SAMPLE_RATE)) / SAMPLE_RATE
        # A thousandth of the amplitude is 60 dB less.
        tail = rng.normal(0, 0.08, len(times)) * np.exp(np.log(1e-3) / self.decay_s * times)
        tail[0] = 1.0
        response = np.concatenate([np.zeros(int(self.delay_ms * SAMPLE_RATE / 1000)), tail])
        scaled: NDArray[np.float64] = response * 10 ** (self.echo_db / 20) / np.sqrt(np.sum(tail**2))
        return scaled


class _Way:
    """The way of sound from the loudspeaker to the microphone, frame by frame of 160 samples."""

    def __init__(self, acoustics: Acoustics, seed: int) -> None:
        self._acoustics = acoustics
        self._rng = np.random.default_rng(seed)
        self._response = np.fft.rfft(acoustics.impulse_response(self._rng), _FFT)
        self._past = np.zeros(_FFT)
        self._late = np.zeros(0)
        self._begins = False

    def begin(self) -> None:
        """A reply begins: the device delays it by another number of samples."""
        self._begins = True

    def echo(self, played: Samples | None) -> Samples:
        """What the microphone gets of a frame that is played; None for silence."""
        return self._through_the_room(self._device(played))

    def noise(self) -> NDArray[np.float64]:
        """A frame of the noise of room and microphone."""
        return self._rng.normal(0, FULL_SCALE * 10 ** (self._acoustics.noise_dbfs / 20), FRAME_SAMPLES)

    def _device(self, played: Samples | None) -> NDArray[np.float64]:
        """What the loudspeaker makes of it, some samples later; how many is drawn for each reply."""
        if played is None:
            played = np.zeros(FRAME_SAMPLES, np.int16)
        elif self._begins:
            self._begins = False
            samples = int(self._rng.uniform(0, self._acoustics.jitter_ms) * SAMPLE_RATE / 1000)
            self._late = np.zeros(samples)
        waiting = np.concatenate([self._late, played])
        self._late = waiting[FRAME_SAMPLES:]
        return waiting[:FRAME_SAMPLES]

    def _through_the_room(self, played: NDArray[np.generic]) -> Samples:
        sound = played.astype(np.float64) / FULL_SCALE
        drive = self._acoustics.drive
        if drive:
            # A cone that gives less the further it is out, and not the same on both sides.
            sound = np.tanh(drive * sound) / drive + 0.05 * drive * sound**2
        self._past = np.concatenate([self._past[FRAME_SAMPLES:], sound])
        heard = np.fft.irfft(np.fft.rfft(self._past) * self._response)[-FRAME_SAMPLES:]
        return to_int16(heard)


class EchoRoom:
    """An `AudioSink` whose sound comes back through the microphone; time passes in `tick` only.

    Args:
        acoustics: of the room.
        cancelling: whether the microphone's echo is cancelled.
        seed: of noise and reverberation.
    """

    def __init__(self, acoustics: Acoustics, *, cancelling: bool, seed: int = 1) -> None:
        self.volume = 1.0
        self._duck = 1.0
        self._way = _Way(acoustics, seed)
        self._reference = PlaybackReference()
        self._canceller = EchoCanceller(self._reference) if cancelling else None
        self._blocks: queue.Queue[Samples | None] = queue.Queue(maxsize=500)
        self._playing = threading.Event()
        self._stopped = threading.Event()
        self._done = threading.Event()
        self._ticks = 0
        #: What of the last tick's sound at the microphone was echo.
        self.echo: Samples = np.zeros(FRAME_SAMPLES, np.int16)

    # -- the sink ------------------------------------------------------------------------------------

    def play(self, chunks: Iterable[Samples], rate: int, on_first: OnFirst | None = None) -> bool:
        """See `AudioSink.play`; ends when `tick` has played all of it."""
        self._stopped.clear()
        self._done.clear()
        self._reference.begin()
        self._way.begin()
        resampler, rest = Resampler(rate, SAMPLE_RATE), np.zeros(0, np.int16)
        with Chunks(chunks) as blocks:
            while not self._stopped.is_set() and (chunk := blocks.next()) is not None:
                rest = self._queue(np.concatenate([rest, resampler.process(chunk)]))
                if on_first is not None and not self._playing.is_set():
                    on_first()
                self._playing.set()
        rest = np.concatenate([rest, resampler.flush()])
        self._queue(np.pad(rest, (0, -len(rest) % FRAME_SAMPLES)))
        self._blocks.put(None)
        self._playing.set()
        self._done.wait(_LIMIT_S)
        return not self._stopped.is_set()

    def _queue(self, samples: Samples) -> Samples:
        whole = len(samples) - len(samples) % FRAME_SAMPLES
        for frame in samples[:whole].reshape(-1, FRAME_SAMPLES):
            while not self._stopped.is_set():
                try:
                    self._blocks.put(frame, timeout=0.05)
                    break
                except queue.Full:
                    continue
        return samples[whole:]

    def stop(self) -> None:
        """See `AudioSink.stop`."""
        self._stopped.set()

    def duck(self, factor: float) -> None:
        """See `AudioSink.duck`."""
        self._duck = factor

    def close(self) -> None:
        """Nothing is held."""
        self.stop()

    # -- the room ------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Whether the loudspeaker has something to play, or waits for the voice."""
        return self._playing.is_set()

    def tick(self, near: Samples) -> Samples:
        """Ten milliseconds pass: what the assistant hears of them, int16 (160,).

        Args:
            near: what a person says at the microphone, int16 (160,).
        """
        self._ticks += 1
        now = self._ticks * _FRAME_S
        played = self._next() if self._playing.is_set() else None
        if played is not None:
            played = to_int16(played / FULL_SCALE * gain_of(self.volume) * self._duck)
            self._reference.played(played, SAMPLE_RATE, now - _FRAME_S)
        self.echo = self._way.echo(played)
        noise = self._way.noise()
        microphone = to_int16((near + self.echo.astype(np.float64) + noise) / FULL_SCALE)
        return self._canceller.process(microphone, now) if self._canceller is not None else microphone

    def _next(self) -> Samples | None:
        """The next frame of what is played; waits for a voice that is slower than time in here."""
        frame = self._blocks.get(timeout=_LIMIT_S)
        while self._stopped.is_set() and frame is not None:
            frame = self._blocks.get(timeout=_LIMIT_S)
        if frame is None:
            self._playing.clear()
            self._done.set()
        return frame


def live(room: EchoRoom, conversation: Conversation, near: Iterable[Samples]) -> Iterator[Samples]:
    """Let a conversation live in the room, frame by frame of what people say; gives what it hears.

    Time in the room stands still while the voice gets ready, so that runs are alike.
    """
    for frame in near:
        heard = room.tick(frame)
        conversation.feed(heard)
        yield heard
        end = monotonic() + _LIMIT_S
        while conversation.phase is Phase.SPEAKING and not room.playing and monotonic() < end:
            sleep(0.0005)


def silence(seconds: float) -> Iterator[Samples]:
    """Frames without speech of a person."""
    for _ in range(round(seconds / _FRAME_S)):
        yield np.zeros(FRAME_SAMPLES, np.int16)


def frames(samples: Samples) -> Iterator[Samples]:
    """A recording in frames; the last one is filled up with silence."""
    yield from np.pad(samples, (0, -len(samples) % FRAME_SAMPLES)).reshape(-1, FRAME_SAMPLES)

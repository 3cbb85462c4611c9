"""What the audio path, from the audio callback to the ears, allocates after its warm-up."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import assistant
from assistant.audio.block_queue import BlockQueue
from assistant.audio.echo import EchoCanceller
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.frame_cutter import FrameCutter
from assistant.audio.playback import PlaybackReference
from assistant.hearing.ears import Ears
from assistant.hearing.hearing import Hearing
from services.bench.array_memory import counted_arrays
from services.bench.resources import quiet

_OURS, _NUMPY = (str(Path(module.__file__ or "").parent) for module in (assistant, np))
#: Blocks of the device as `Capture` requests them, and how many may wait.
_BLOCK_SAMPLES = 2 * FRAME_SAMPLES
_QUEUED = 100
#: Length of a sound; four runs of it are longer than what ears keep (30 s).
_SECONDS = 10.0


class AudioPath:
    """The way of the sound from the audio callback to the ears, without a device.

    Args:
        ears: of the stream.
        sound: what the microphone delivers, again and again; int16 (n,), 16 kHz.
    """

    def __init__(self, ears: Ears, sound: Samples) -> None:
        self._ears = ears
        whole = len(sound) // _BLOCK_SAMPLES * _BLOCK_SAMPLES
        self._blocks = [block.data.cast("B") for block in sound[:whole].reshape(-1, _BLOCK_SAMPLES)]
        self._queue = BlockQueue(_QUEUED, _BLOCK_SAMPLES)
        self._cutter = FrameCutter(SAMPLE_RATE, 1)
        self._echo = EchoCanceller(PlaybackReference())
        self._position = 0

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self._blocks) * _BLOCK_SAMPLES / SAMPLE_RATE

    def run(self) -> None:
        """All of the sound, once."""
        for block in self._blocks:
            self._queue.put(block)
            for frame in self._cutter.cut(self._queue.read(0)):
                self._position += FRAME_SAMPLES
                clean = self._echo.process(frame, self._position / SAMPLE_RATE)
                self._ears.feed(clean, want_wake=True)


@dataclass(frozen=True)
class Allocations:
    """What a run allocated.

    Attributes:
        seconds: of sound from the earlier to the later runs.
        kept_bytes: the least that the assistant and numpy hold after one of the later runs, above the most
            that they held after one of the earlier; by tracemalloc. What each run leaves behind adds up.
        most_bytes: the most that was in use within it above what there was before, libraries included: the
            small objects of a frame.
        arrays: bytes of array data, by the line that asked for them; freed or not.
    """

    seconds: float
    kept_bytes: int
    most_bytes: int
    arrays: dict[str, int] = field(default_factory=dict)

    @property
    def bytes_a_second(self) -> float:
        """Bytes that a second of sound keeps allocated."""
        return self.kept_bytes / self.seconds

    @property
    def own_arrays(self) -> dict[str, int]:
        """Of `arrays`, what code of the assistant asked for, and no library."""
        return {place: size for place, size in self.arrays.items() if place.startswith(_OURS)}


def allocations(path: AudioPath, runs: int = 4) -> Allocations:
    """Measure the sound of the path: it is heard `runs` times to warm up, and twice as often then.

    The warm-up should be longer than what the ears keep, because their memory of it must be full. tracemalloc
    must not be tracing.
    """
    tracemalloc.start()
    try:
        for _ in range(runs):
            path.run()
        before = max(_kept_by(path) for _ in range(runs))
        start = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        path.run()
        peak = tracemalloc.get_traced_memory()[1]
        after = min(_kept_by(path) for _ in range(runs))
    finally:
        tracemalloc.stop()
    with counted_arrays() as arrays:
        path.run()
    return Allocations(path.seconds * (runs + 1), max(0, after - before), peak - start, dict(arrays))


def _kept_by(path: AudioPath) -> int:
    """Bytes that the assistant and numpy hold after a run, a few numbers more or less.

    Python uses the memory of freed numbers again, and tracemalloc counts it to the line that had it first.
    """
    path.run()
    gc.collect()
    of_ours = [tracemalloc.Filter(True, f"{folder}/*") for folder in (_OURS, _NUMPY)]
    snapshot = tracemalloc.take_snapshot().filter_traces(of_ours)
    return sum(line.size for line in snapshot.statistics("filename"))


def measure(hearing: Hearing, speech: Sequence[Samples]) -> dict[str, dict[str, float]]:
    """The allocations in a silent room, and with speech, with and without wake words.

    Args:
        hearing: makes the ears.
        speech: recordings with speech, 16 kHz; some seconds.
    """
    silence = quiet(_SECONDS)
    spoken = np.concatenate([quiet(1.0), *speech])[: int(_SECONDS * SAMPLE_RATE)]
    paths = {
        "silent room": AudioPath(hearing.ears(wake=True), silence),
        "speech": AudioPath(hearing.ears(wake=False), spoken),
        "speech, wake words": AudioPath(hearing.ears(wake=True), spoken),
    }
    figures = {}
    for name, path in paths.items():
        found = allocations(path)
        figures[name] = {
            "bytes_a_second": found.bytes_a_second,
            "most_bytes": found.most_bytes,
            "array_bytes_a_second": sum(found.own_arrays.values()) / path.seconds,
            "array_bytes_a_second_with_libraries": sum(found.arrays.values()) / path.seconds,
        }
    return figures

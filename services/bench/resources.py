"""What the assistant costs without speech: start-up, memory, processor."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, process_time, sleep

import numpy as np
import psutil

from assistant.assistant import Assistant
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples, whole_frames
from services.bench import virtual_sound
from services.client.backend import ListenOptions
from services.client.remote import RemoteBackend

_READY_WITHIN_S = 60.0


def silent_room(assistant: Assistant, audio: Samples) -> dict[str, float]:
    """Processor time that hearing a room costs while it waits for a wake word."""
    ears = assistant.ears(wake=True)
    frames = whole_frames(audio)
    before = process_time()
    for frame in frames:
        ears.feed(frame, want_wake=True)
    seconds = len(frames) * FRAME_SAMPLES / SAMPLE_RATE
    return {
        "core_percent": round(100 * (process_time() - before) / seconds, 3),
        "seconds": round(seconds, 1),
        "wake_inferences": ears.wake_inferences,
    }


def quiet(seconds: float, dbfs: float = -70.0) -> Samples:
    """A silent room: noise of a good microphone."""
    level = 32768 * 10 ** (dbfs / 20)
    noise = np.random.default_rng(1).normal(0, level, int(seconds * SAMPLE_RATE))
    return noise.astype(np.int16)


class Daemon:
    """assistantd in a process and a folder of its own, watched from outside.

    Args:
        environment: added to this process's own.
        arguments: of the command line.
    """

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="sotto-")
        folder = Path(self._scratch.name)
        socket = folder / "run" / "assistantd.sock"
        started = monotonic()
        #: Of the daemon; what belongs to it uses the same.
        self.environment = {
            **os.environ,
            "SOTTO_STATE": str(folder / "state"),
            "SOTTO_SOCKET": str(socket),
            "SOTTO_CONFIG": str(folder / "config"),
            **environment,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.assistantd.main", *arguments],
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )
        self.client = _connect(socket, self._process, started)
        #: Seconds from start to the first answer.
        self.ready_s = monotonic() - started
        self._watched = psutil.Process(self._process.pid)

    @property
    def rss_mb(self) -> float:
        """Resident memory, megabytes."""
        return float(self._watched.memory_info().rss / 1e6)

    def core_percent(self, seconds: float) -> float:
        """Share of one core that it takes during the next `seconds`."""
        before = sum(self._watched.cpu_times()[:2])
        sleep(seconds)
        return float(100 * (sum(self._watched.cpu_times()[:2]) - before) / seconds)

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        self._scratch.cleanup()


def daemon(clips: Sequence[Samples], turns: int) -> dict[str, float]:
    """Start the daemon without a microphone, talk to it, then leave it alone."""
    with Daemon({}, "--no-microphone") as box:
        at_start = box.rss_mb
        # Sentences of many lengths: the allocator keeps more of them than of one, said again and again.
        for clip in itertools.islice(itertools.cycle(clips), turns):
            box.client.listen(clip, ListenOptions(label="bench", reply_audio=True))
        return {
            "ready_s": round(box.ready_s, 2),
            "rss_mb_at_start": round(at_start, 1),
            "rss_mb_after_turns": round(box.rss_mb, 1),
            "turns": turns,
            "idle_core_percent": round(box.core_percent(10), 2),
        }


def silent_daemon(seconds: float) -> dict[str, float] | str:
    """The whole daemon with an open microphone in a silent room; a reason where there is no PulseAudio.

    The path is the real one: PulseAudio, ALSA, PortAudio, sounddevice, resampler, ears.
    """
    if reason := virtual_sound.why_not():
        return reason
    sound = virtual_sound.PulseServer()
    try:
        if not sound.start():
            return "PulseAudio does not start here"
        with Daemon(sound.environment) as box:
            sleep(3)
            return {"core_percent": round(box.core_percent(seconds), 2), "seconds": seconds}
    finally:
        sound.stop()


def _connect(socket: Path, process: subprocess.Popen[bytes], started: float) -> RemoteBackend:
    while monotonic() - started < _READY_WITHIN_S:
        if process.poll() is not None:
            raise RuntimeError(f"the daemon ended with status {process.returncode}")
        if socket.exists():
            client = RemoteBackend(socket)
            if client.answers():
                return client
        sleep(0.05)
    raise RuntimeError(f"the daemon was not ready within {_READY_WITHIN_S:.0f} s")

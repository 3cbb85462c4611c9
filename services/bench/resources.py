"""What the assistant costs while nobody speaks: start-up, memory, processor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic, process_time, sleep

import numpy as np
import psutil

from assistant.assistant import Assistant
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from services.backend import ListenOptions
from services.client import RemoteBackend

_READY_WITHIN_S = 60.0


def silent_room(assistant: Assistant, audio: Samples) -> dict[str, float]:
    """Processor time that hearing a room costs while it waits for a wake word."""
    ears = assistant.ears(wake=True)
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
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


def daemon(speech: Samples, turns: int) -> dict[str, float]:
    """Start the daemon, talk to it, and look at it from outside.

    Returns:
        Seconds until it answers, resident megabytes after start and after `turns` turns, and the
        percentage of a core it takes when left alone.
    """
    with tempfile.TemporaryDirectory(prefix="sotto-") as scratch:
        folder = Path(scratch)
        socket = folder / "run" / "assistantd.sock"
        environment = {
            **os.environ,
            "SOTTO_STATE": str(folder / "state"),
            "SOTTO_SOCKET": str(socket),
            "SOTTO_CONFIG": str(folder / "config"),
        }
        started = monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "services.assistantd.main", "--no-microphone"],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            client = _connect(socket, process, started)
            ready = monotonic() - started
            watched = psutil.Process(process.pid)
            at_start = watched.memory_info().rss / 1e6
            for _ in range(turns):
                client.listen(speech, ListenOptions(label="bench"))
            after = watched.memory_info().rss / 1e6
            before = sum(watched.cpu_times()[:2])
            sleep(10)
            idle = (sum(watched.cpu_times()[:2]) - before) / 10
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    return {
        "ready_s": round(ready, 2),
        "rss_mb_at_start": round(at_start, 1),
        "rss_mb_after_turns": round(after, 1),
        "turns": turns,
        "idle_core_percent": round(100 * idle, 2),
    }


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

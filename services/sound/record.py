"""Records one second from each microphone through PipeWire, and prints the readings as JSON.

It is a program of its own: the daemon would keep NumPy in memory for one second a week.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np

from services.sound.judge import judge
from services.sound.reading import MicReading, nothing_heard

RATE = 48_000
_WANTED_S = 1.0
# A card clicks when it is opened, and digital microphones send zeros until their filter has settled.
_SETTLING_S = 0.3
_LIMIT_S = 5.0
_BYTES = 4
_AT_ONCE = 4
_READ = 65_536


@dataclass(frozen=True)
class Input:
    """What is needed to record from a microphone; the attributes are those of `choose.Device`."""

    name: str
    channels: int
    position: tuple[str, ...]


def listen_to_all(microphones: Sequence[Input]) -> list[MicReading]:
    """A reading of each microphone; four are recorded at a time, for up to 5 s."""
    with ThreadPoolExecutor(_AT_ONCE, "measure") as pool:
        return list(pool.map(listen, microphones))


def listen(microphone: Input) -> MicReading:
    """Record one second and judge it. Does not raise: a failure is a reading without sound."""
    try:
        process = subprocess.Popen(
            _command(microphone), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        return nothing_heard(f"could not be recorded from: {error}")
    with process:
        try:
            return _collect(process, microphone.channels)
        finally:
            process.kill()


def _command(microphone: Input) -> list[str]:
    # PipeWire must neither fall back to another microphone nor store anything about this stream.
    properties = {
        "node.name": "sotto_measure",
        "node.dont-fallback": True,
        "node.dont-move": True,
        "state.restore-target": False,
        "state.restore-props": False,
    }
    command = ["pw-record", "--target", microphone.name, "--rate", str(RATE), "--format", "f32", "--raw"]
    command += ["--channels", str(microphone.channels)]
    if len(microphone.position) == microphone.channels:
        command += ["--channel-map", ",".join(microphone.position)]
    return [*command, "--properties", json.dumps(properties), "-"]


def _collect(process: subprocess.Popen[bytes], channels: int) -> MicReading:
    assert process.stdout is not None
    handle = process.stdout.fileno()
    stride = channels * _BYTES
    settling, wanted = (int(RATE * seconds) * stride for seconds in (_SETTLING_S, _WANTED_S))
    end = time.monotonic() + _LIMIT_S
    data = bytearray()
    arrivals: list[tuple[float, int]] = []
    while len(data) < settling + wanted:
        left = end - time.monotonic()
        if left <= 0 or not select.select([handle], [], [], left)[0]:
            break
        piece = os.read(handle, _READ)
        if not piece:
            break
        data += piece
        if len(data) >= settling:
            arrivals.append((time.monotonic(), len(data)))
    sound = np.frombuffer(bytes(data[settling : len(data) // stride * stride]), "<f4")
    return judge(sound.reshape(-1, channels), RATE, _rate(arrivals, stride))


def _rate(arrivals: Sequence[tuple[float, int]], stride: int) -> float:
    """Samples per second between the first and the last arrival; 0 if less than half a second is known."""
    if len(arrivals) < 2:
        return 0.0
    (start, before), (stop, after) = arrivals[0], arrivals[-1]
    return (after - before) / stride / (stop - start) if stop - start > _WANTED_S / 2 else 0.0


def main() -> int:
    """Read a JSON list of inputs from the first argument and print their readings."""
    inputs = [Input(one["name"], one["channels"], tuple(one["position"])) for one in json.loads(sys.argv[1])]
    print(json.dumps([asdict(heard) for heard in listen_to_all(inputs)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

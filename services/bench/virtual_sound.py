"""A PulseAudio of our own, for tests and measurements: null sinks stand for microphone and loudspeaker."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assistant.audio.format import VOICE_RATE, Samples

ALSA_CONFIG = Path("/usr/share/alsa/alsa.conf")
SPEAKER_RATE = VOICE_RATE
_FLAGS = ("--daemonize=no", "--disallow-exit", "--exit-idle-time=-1")
# Without rewinds a null sink moves on every 50 ms instead of every 2 s.
_SINK = ("channels=1", "format=s16le", "norewinds=1")
_NEEDED = ("pulseaudio", "pactl", "paplay", "parec")


def why_not() -> str:
    """Why the tests cannot run here; empty if they can."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed (apt: pulseaudio pulseaudio-utils)"
    if not ALSA_CONFIG.is_file():
        return f"{ALSA_CONFIG} is missing (apt: libasound2-data)"
    if not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        return "ALSA cannot reach PulseAudio (apt: libasound2-plugins)"
    return ""


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until something is so; whether it came to be."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class PulseServer:
    """Runs in a temporary folder with its own socket; `environment` leads programs to it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pulse-"))
        socket = self.folder / "socket"
        alsa = self.folder / "alsa.conf"
        pcms = "\n".join(
            f"{kind}.{name} {{ type pulse }}" for kind in ("pcm", "ctl") for name in ("pulse", "!default")
        )
        alsa.write_text(f"<{ALSA_CONFIG}>\n{pcms}\n")
        (self.folder / "pulse.pa").write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={socket}\n"
        )
        self.environment = {
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_SOURCE": "microphone",
            "PULSE_SINK": "speaker",
            "ALSA_CONFIG_PATH": str(alsa),
            "XDG_RUNTIME_DIR": str(self.folder),
            "HOME": str(self.folder),
        }
        self._all = os.environ | self.environment
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            ["pulseaudio", *_FLAGS, "-n", "-F", str(self.folder / "pulse.pa")],
            env=self._all,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._modules: dict[str, list[str]] = {}

    def start(self) -> bool:
        """Wait for it and plug both devices in; False if it does not come up."""
        ready = until(lambda: self._process.poll() is not None or self._run("pactl", "info") is not None)
        if not ready or self._process.poll() is not None:
            return False
        self.plug_microphone()
        self.plug_speaker()
        return True

    def plug_microphone(self) -> None:
        """What is played into the sink `playback` is heard by the source `microphone`."""
        self._modules["microphone"] = [
            self._load("module-null-sink", "sink_name=playback", "rate=16000", *_SINK),
            self._load("module-remap-source", "master=playback.monitor", "source_name=microphone"),
        ]

    def plug_speaker(self) -> None:
        """What is played is found on the source `speaker.monitor`."""
        rate = f"rate={SPEAKER_RATE}"
        self._modules["speaker"] = [self._load("module-null-sink", "sink_name=speaker", rate, *_SINK)]

    def unplug(self, device: str) -> None:
        """Pull "microphone" or "speaker" out."""
        for module in reversed(self._modules.pop(device)):
            self._run("pactl", "unload-module", module)

    def speak(self, wav: Path) -> subprocess.Popen[bytes]:
        """Play a file into the microphone."""
        return subprocess.Popen(["paplay", "-d", "playback", str(wav)], env=self._all)

    def tap(self) -> Tap:
        """Record what the loudspeaker plays from now on."""
        return Tap(self._all, self.folder / "tap.raw")

    def stop(self) -> None:
        """End it, by its own process id, and remove the folder."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _load(self, *words: str) -> str:
        answer = self._run("pactl", "load-module", *words)
        if not answer:
            raise RuntimeError(f"PulseAudio refused {words}")
        return answer.strip()

    def _run(self, *command: str) -> str | None:
        done = subprocess.run(command, env=self._all, capture_output=True, text=True, timeout=20)
        return done.stdout if done.returncode == 0 else None


class Tap:
    """A recording of the loudspeaker's monitor."""

    def __init__(self, environment: dict[str, str], path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        words = f"parec -d speaker.monitor --format=s16le --rate={SPEAKER_RATE} --channels=1"
        self._process = subprocess.Popen(
            [*words.split(), "--latency-msec=20"], env=environment, stdout=self._file
        )
        if not until(lambda: path.stat().st_size > 0):
            raise RuntimeError("the loudspeaker's monitor gives nothing")

    def samples(self) -> Samples:
        """What was heard so far."""
        raw = self._path.read_bytes()
        return np.frombuffer(raw[: len(raw) // 2 * 2], np.int16)

    def close(self) -> None:
        """End the recording."""
        self._process.terminate()
        self._process.wait(5)
        self._file.close()

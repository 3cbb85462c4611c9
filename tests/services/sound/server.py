"""A PipeWire of our own for a test: own socket and folders, nodes for cards, programs beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tests.conftest import REPOSITORY

_NEEDED = ("pipewire", "wireplumber", "pw-cli", "pw-dump", "pw-mon", "pw-record", "pw-play", "pw-metadata")
RATE = 48_000


def why_not() -> str:
    """Why PipeWire cannot be tested here; empty if it can."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    return f"{', '.join(missing)} not installed (apt: pipewire wireplumber)" if missing else ""


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until something is so; whether it came to be."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class SoundServer:
    """PipeWire and WirePlumber with the box's own configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        runtime = folder / "run"
        runtime.mkdir()
        for name in ("pipewire", "wireplumber"):
            shutil.copytree(REPOSITORY / "rootfs/etc" / name, folder / "config" / name)
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(runtime),
            "PIPEWIRE_RUNTIME_DIR": str(runtime),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        self._running: list[subprocess.Popen[bytes]] = []
        self._log = (folder / "log").open("wb")

    def start(self) -> None:
        """Come up, with an empty room."""
        self.run("pipewire")
        assert until(lambda: (self.folder / "run/pipewire-0").exists()), self.log()
        self.run("wireplumber", "--profile", "main-systemwide")
        assert until(lambda: "default" in self.ask("pw-metadata", "-l", check=False)), self.log()

    def run(
        self, *command: str, extra: dict[str, str] | None = None, stdin: IO[bytes] | int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a program beside it; `stop` ends it."""
        process = subprocess.Popen(
            command,
            env={**self.environment, **(extra or {})},
            cwd=REPOSITORY,
            stdin=stdin,
            stdout=self._log,
            stderr=self._log,
        )
        self._running.append(process)
        return process

    def ask(self, *command: str, check: bool = True) -> str:
        """What a program prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=20, check=check
        )
        return done.stdout

    def end(self, process: subprocess.Popen[bytes]) -> int:
        """SIGTERM to one program; its exit status."""
        process.send_signal(signal.SIGTERM)
        self._running.remove(process)
        return process.wait(15)

    def stop(self) -> None:
        """End all that was started here, the last first."""
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        self._log.close()

    def log(self) -> str:
        """What all programs complained about."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def air(self, name: str) -> None:
        """A place into which sound can be played, and out of which it can be recorded."""
        properties = {
            "factory.name": "support.null-audio-sink",
            "node.name": name,
            "media.class": "Audio/Sink",
            "object.linger": True,
            "audio.position": ["MONO"],
        }
        self.ask("pw-cli", "create-node", "adapter", json.dumps(properties))
        assert until(lambda: name in self.nodes()), self.log()

    def card(self, name: str, *, hears: str = "", plays_to: str = "", bus: str = "usb") -> Any:
        """Plug a card in: a microphone that hears a place, a loudspeaker that plays into one."""
        modules: list[dict[str, Any]] = [
            {"name": f"libpipewire-module-{module}"}
            for module in ("protocol-native", "client-node", "adapter")
        ]
        of_card = {"device.api": "alsa", "device.bus": bus, "alsa.card": name}
        sleeps = {"node.passive": True}
        # 40 ms from mouth to ear, as through a sound card.
        delay = {"target.delay.sec": 0.04, "audio.position": ["MONO"]}
        if hears:
            inner = {
                "node.name": f"{name}_ear",
                "target.object": hears,
                "stream.capture.sink": True,
                **sleeps,
            }
            outer = {"node.name": f"alsa_input.{name}", "media.class": "Audio/Source", **of_card}
            modules.append(_loopback({**delay, "capture.props": inner, "playback.props": outer}))
        if plays_to:
            outer = {"node.name": f"alsa_output.{name}", "media.class": "Audio/Sink", **of_card}
            inner = {"node.name": f"{name}_mouth", "target.object": plays_to, **sleeps}
            modules.append(_loopback({**delay, "capture.props": outer, "playback.props": inner}))
        libraries = {
            "audio.convert.*": "audioconvert/libspa-audioconvert",
            "support.*": "support/libspa-support",
        }
        path = self.folder / f"{name}.conf"
        path.write_text(
            f"context.spa-libs = {json.dumps(libraries, indent=1)}\n"
            f"context.modules = {json.dumps(modules, indent=1)}\n"
        )
        process = self.run("pipewire", "-c", str(path))
        wanted = {f"alsa_input.{name}"} if hears else {f"alsa_output.{name}"}
        assert until(lambda: wanted <= self.nodes()), self.log()
        return process

    def nodes(self) -> set[str]:
        """Names of all nodes."""
        objects = json.loads(self.ask("pw-dump", "-N"))
        return {each.get("info", {}).get("props", {}).get("node.name", "") for each in objects}

    def default(self, kind: str) -> str:
        """The name of the default "source" or "sink" that is set."""
        for line in self.ask("pw-metadata", "0", f"default.configured.audio.{kind}").splitlines():
            if "value:" in line:
                return str(json.loads(line.split("value:'")[1].split("'")[0])["name"])
        return ""

    def heard_by(self, stream: str) -> set[str]:
        """The nodes from which a recording stream is linked."""
        lines = self.ask("pw-link", "-l").splitlines()
        found, inside = set(), False
        for line in lines:
            if not line.startswith(" "):
                inside = line.startswith(f"{stream}:")
            elif inside and "|<-" in line:
                found.add(line.split("|<-")[1].strip().rsplit(":", 1)[0])
        return found

    def play(self, target: str, sound: NDArray[np.float32], name: str = "sound") -> subprocess.Popen[bytes]:
        """Play float (n,) at 48 kHz to a node, without waiting."""
        path = self.folder / f"{name}.f32"
        sound.astype("<f4").tofile(path)
        command = ("pw-play", "--target", target, "--rate", str(RATE), "--channels", "1", "--format", "f32")
        with path.open("rb") as file:
            return self.run(*command, "--raw", "-", stdin=file)

    def record(self, target: str, seconds: float) -> NDArray[np.float32]:
        """Record from a node, float (n,) at 48 kHz."""
        command = ("pw-record", "--target", target, "--rate", str(RATE), "--channels", "1", "--format", "f32")
        process = subprocess.Popen(
            (*command, "--raw", "-"), env=self.environment, stdout=subprocess.PIPE, stderr=self._log
        )
        assert process.stdout is not None
        try:
            return np.frombuffer(process.stdout.read(int(seconds * RATE) * 4), "<f4")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _loopback(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"name": "libpipewire-module-loopback", "args": arguments}

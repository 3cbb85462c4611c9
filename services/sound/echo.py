"""Echo cancellation: PipeWire's module in a process of its own, between the chosen card and the assistant.

The module can take what is played from the monitor of a card, or be the place into which it is played. The
second is used: both sides then run in step, and the echo is 45 to 70 dB lower instead of 15 to 25 (measured
with speech and an echo path of 40 ms). A process of its own, because the canceller must follow the card, and
because the sound server should outlive it.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Collection
from pathlib import Path

from assistant.audio.choose import Device
from assistant.errors import SottoError
from services.sound.graph import names
from services.sound.programs import dump

MICROPHONE = "sotto_mic"
SPEAKER = "sotto_speaker"
# A small board that is still booting takes its time.
_START_S = 15.0
_LOOK_S = 0.2
_STOP_S = 3.0
_RATE = 48_000


def configuration(microphone: Device, speaker: Device) -> str:
    """The configuration of a PipeWire client that cancels the echo of `speaker` in `microphone`."""
    # It waits for its card, and takes no other: with none left, the default would be itself.
    stays = {
        "node.dont-fallback": True,
        "node.dont-move": True,
        "node.linger": True,
        # While nobody listens or plays, the card may sleep.
        "node.passive": True,
        "state.restore-target": False,
        "state.restore-props": False,
    }
    arguments = {
        "library.name": "aec/libspa-aec-webrtc",
        "monitor.mode": False,
        "audio.rate": _RATE,
        "audio.channels": 1,
        "audio.position": ["MONO"],
        # The canceller works in 10 ms; asking for that would wake the whole graph 190 times a second.
        "node.latency": f"1024/{_RATE}",
        # Only the echo is taken away: recognisers do better without others' noise suppression and gain.
        "aec.args": {
            "webrtc.high_pass_filter": True,
            "webrtc.noise_suppression": False,
            "webrtc.gain_control": False,
            "webrtc.voice_detection": False,
            "webrtc.transient_suppression": False,
        },
        "capture.props": {"node.name": f"{MICROPHONE}_in", "target.object": microphone.name, **stays},
        "source.props": {"node.name": MICROPHONE, "node.description": "Microphone without echo"},
        "sink.props": {"node.name": SPEAKER, "node.description": "Loudspeaker whose echo is taken away"},
        "playback.props": {"node.name": f"{SPEAKER}_out", "target.object": speaker.name, **stays},
    }
    modules: list[dict[str, object]] = [
        {"name": "libpipewire-module-rt", "flags": ["ifexists", "nofail"]},
        {"name": "libpipewire-module-protocol-native"},
        {"name": "libpipewire-module-client-node"},
        {"name": "libpipewire-module-adapter"},
        {"name": "libpipewire-module-echo-cancel", "args": arguments},
    ]
    sections = {
        "context.properties": {"log.level": 1},
        "context.spa-libs": {
            "audio.convert.*": "audioconvert/libspa-audioconvert",
            "support.*": "support/libspa-support",
        },
        "context.modules": modules,
    }
    # PipeWire 1.4 refuses some arrays that are written without line breaks.
    return "".join(f"{name} = {json.dumps(value, indent=1)}\n" for name, value in sections.items())


class EchoCanceller:
    """Holds at most one canceller.

    Args:
        folder: where its configuration is written.
        sleep: waits between looks whether it has come up.
    """

    def __init__(self, folder: Path, sleep: Callable[[float], None] = time.sleep) -> None:
        self._configuration = folder / "echo-cancel.conf"
        self._sleep = sleep
        self._process: subprocess.Popen[bytes] | None = None
        self._pair: tuple[str, str] | None = None

    def ended(self, there: Collection[str] = (MICROPHONE, SPEAKER)) -> bool:
        """Whether it was started and has ended by itself, or lost its nodes; `there` names all there are."""
        if self._process is None:
            return False
        return self._process.poll() is not None or not {MICROPHONE, SPEAKER} <= set(there)

    def between(self, microphone: Device, speaker: Device) -> str:
        """Run it for these two; why it does not, or nothing when it does.

        One that runs for the same two goes on undisturbed.
        """
        pair = (microphone.name, speaker.name)
        if self._pair == pair and not self.ended():
            return ""
        self.stop()
        try:
            self._configuration.write_text(configuration(microphone, speaker), "utf-8")
            self._process = subprocess.Popen(
                ["pipewire", "-c", str(self._configuration)], stdin=subprocess.DEVNULL
            )
            why = self._come_up()
        except (OSError, SottoError) as error:
            why = f"the echo canceller does not start: {error}"
        if why:
            self.stop()
        else:
            self._pair = pair
        return why

    def _come_up(self) -> str:
        end = time.monotonic() + _START_S
        while self._process is not None and time.monotonic() < end:
            if self._process.poll() is not None:
                return (
                    f"the echo canceller ended with status {self._process.returncode}; the journal says why"
                )
            if {MICROPHONE, SPEAKER} <= names(dump()):
                return ""
            self._sleep(_LOOK_S)
        return f"the echo canceller was not there after {_START_S:.0f} s"

    def stop(self) -> None:
        """End it, if it runs."""
        process, self._process, self._pair = self._process, None, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

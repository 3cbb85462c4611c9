"""Has microphones listened to, by a program that ends when it is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from assistant.audio.choose import Device
from assistant.audio.choose_heard import Health, MicReading, nothing_heard
from common.errors import Unavailable
from services.sound.programs import run

# Five seconds for each four of at most sixteen, and the start of Python on a slow machine.
_TIMEOUT_S = 60.0


def listen_to_all(microphones: Sequence[Device]) -> dict[Device, MicReading]:
    """What each of them gives; see `record`. Never fails: what goes wrong is in the judgement."""
    inputs = [{"name": m.name, "channels": m.channels, "position": m.position} for m in microphones]
    try:
        told = run(sys.executable, "-m", "services.sound.record", json.dumps(inputs), timeout_s=_TIMEOUT_S)
        heard = [MicReading(**{**one, "health": Health(one["health"])}) for one in json.loads(told)]
        return dict(zip(microphones, heard, strict=True))
    except (Unavailable, ValueError, TypeError, KeyError) as error:
        return {microphone: nothing_heard(f"could not be listened to: {error}") for microphone in microphones}

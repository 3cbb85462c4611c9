"""Measures microphones in a process of its own, `services.sound.record`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from common.errors import Unavailable
from services.sound.choose import Device
from services.sound.programs import run
from services.sound.reading import Health, MicReading, nothing_heard

# Sixteen microphones, four at a time, take up to 5 s each; the rest is the start of Python on a slow machine.
_TIMEOUT_S = 60.0


def listen_to_all(microphones: Sequence[Device]) -> dict[Device, MicReading]:
    """A reading of each microphone, see `record`. Does not raise: a failure is a reading without sound."""
    inputs = [{"name": m.name, "channels": m.channels, "position": m.position} for m in microphones]
    try:
        told = run(sys.executable, "-m", "services.sound.record", json.dumps(inputs), timeout_s=_TIMEOUT_S)
        heard = [MicReading(**{**one, "health": Health(one["health"])}) for one in json.loads(told)]
        return dict(zip(microphones, heard, strict=True))
    except (Unavailable, ValueError, TypeError, KeyError) as error:
        return {microphone: nothing_heard(f"could not be listened to: {error}") for microphone in microphones}

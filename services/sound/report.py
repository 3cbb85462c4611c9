"""Writes `choice.json`: which devices are chosen and why. Other daemons and people read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common.files import replace_file
from services.sound.choose import Choice, Device, Observations
from services.sound.reading import MicReading

_VERSION = 2
_SHOWN = ("noise_dbfs", "peak", "clipped", "offset", "rate_hz")


def as_table(choice: Choice, seen: Observations, problems: Sequence[str], at: float) -> dict[str, Any]:
    """The content of `choice.json`; `at` is in seconds since 1970."""
    heard = dict(seen.microphones)
    mine = choice.microphone
    return {
        "version": _VERSION,
        "at": round(at, 3),
        "reason": choice.reason,
        "settled": choice.settled,
        "microphone": _device(mine, heard.get(mine) if mine else None),
        "speaker": _device(choice.speaker, None),
        "same_card": choice.same_card,
        "echo": not (mine and mine.cable and choice.speaker and choice.speaker.cable),
        "microphones": [_device(device, result) for device, result in seen.microphones],
        "speakers": [_device(device, None) for device in seen.speakers],
        "problems": list(problems),
    }


def _device(device: Device | None, heard: MicReading | None) -> Mapping[str, Any] | None:
    if device is None:
        return None
    table: dict[str, Any] = {
        "name": device.name,
        "label": device.label,
        "card": device.card,
        "way": device.way.name.lower(),
        "plug": device.plug.value,
        "channels": device.channels,
    }
    if heard is not None:
        table |= {"health": heard.health.name.lower(), "heard": heard.words, "distinct": heard.distinct}
        table |= {key: round(getattr(heard, key), 4) for key in _SHOWN}
    return table


def write(path: Path, table: Mapping[str, Any]) -> None:
    """Replace the file in one step, with mode 0644.

    Raises:
        OSError: it cannot be written.
    """
    data = (json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode()
    replace_file(path, data, 0o644, durable=False)

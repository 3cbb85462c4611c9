"""`choice.json`: what was chosen and why, for the voice gate, for status, for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.audio.choose import Choice, Device, Observations
from assistant.audio.choose_heard import MicReading

#: Where the box's sound service leaves it; gone while it does not run.
REPORT = Path("/run/sotto-sound/choice.json")
_LIMIT_BYTES = 1 << 20
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
    """Replace the file, whole; everybody may read it.

    Raises:
        OSError: it cannot be written.
    """
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)


def may_echo(path: Path = REPORT) -> bool:
    """Whether the microphone may hear the loudspeaker: always, but on a loopback cable inside the machine.

    No report, or one that cannot be read, says yes.
    """
    try:
        with path.open("rb") as file:
            table = json.loads(file.read(_LIMIT_BYTES))
        return table["echo"] is not False
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return True

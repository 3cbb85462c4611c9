"""`choice.json`, which the sound service writes: whether its choice of cards lets an echo through."""

from __future__ import annotations

import json
from pathlib import Path

#: Where the box's sound service leaves it; gone while it does not run.
SOUND_CHOICE = Path("/run/sotto-sound/choice.json")
_LIMIT_BYTES = 1024 * 1024


def may_echo(path: Path = SOUND_CHOICE) -> bool:
    """Whether the microphone may hear the loudspeaker: always, but on a loopback cable inside the machine.

    No report, or one that cannot be read, says yes.
    """
    try:
        with path.open("rb") as file:
            table = json.loads(file.read(_LIMIT_BYTES))
        return table["echo"] is not False
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return True

"""Sound devices, as the kernel lists them."""

from __future__ import annotations

import re
from pathlib import Path

_LINE = re.compile(r"\s*\d+ \[(?P<id>[^\]]*)\]: (?P<driver>\S.*?) - ")
_LIMIT = 64 * 1024


def sound_cards(proc: Path) -> tuple[str, ...]:
    """Identifier and driver of every card in /proc/asound/cards, sorted; none where there is no sound."""
    try:
        with (proc / "asound/cards").open("rb") as file:
            text = file.read(_LIMIT).decode("utf-8", "replace")
    except OSError:
        return ()
    found = [match for line in text.splitlines() if (match := _LINE.match(line))]
    return tuple(sorted(f"{match['id'].strip()} ({match['driver']})" for match in found))

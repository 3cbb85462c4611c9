"""What a description of a home may hold, wherever it comes from: a file, a hub, or what was kept of one."""

from __future__ import annotations

import re

MAX_DEVICES = 500
#: Also of floors.
MAX_AREAS = 100
#: Ways to say one thing besides its name.
MAX_ALIASES = 20
MAX_NAME = 60

_ID = re.compile(r"[\w.:-]{1,100}")


def is_id(text: str) -> bool:
    """Whether `text` may be the id of a floor, an area or a device."""
    return _ID.fullmatch(text) is not None


def speakable(text: str) -> str:
    """A name with single spaces.

    Raises:
        ValueError: it cannot be spoken; the message says why, as the end of a sentence.
    """
    name = " ".join(text.split())
    if len(name) > MAX_NAME:
        raise ValueError(f"the name is longer than {MAX_NAME} characters")
    if not re.search(r"[^\W_]", name) or not name.isprintable():
        raise ValueError(f"{text[:MAX_NAME]!r} is no name that can be spoken")
    return name

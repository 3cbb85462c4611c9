"""Was what a recogniser heard what was said?"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

#: No two renderings of our own voice are alike, and free recognition takes one in three of "Turned on the
#: light" for "Purned on the light" or "Pruned ...", one in sixty of "pairing code" for "pairing coat": 0.89
#: and 0.83.
ALIKE = 0.8


def plain(text: str) -> str:
    """The words of a recognised text."""
    return " ".join(re.sub(r"[^a-z0-9' ]", " ", text.lower()).split())


def likeness(heard: str, said: str) -> float:
    """How far `said`, as a whole, is found in what was heard: 0 to 1 (difflib's ratio of the best place)."""
    said, heard = plain(said), plain(heard)
    places = range(max(len(heard) - len(said), 0) + 1)
    return max(SequenceMatcher(None, heard[at : at + len(said)], said).ratio() for at in places)


def was_said(heard: str, said: str) -> bool:
    """Whether `said` is what was heard, or a part of it, but for a sound or two."""
    return likeness(heard, said) > ALIKE

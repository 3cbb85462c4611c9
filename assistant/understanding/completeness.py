"""How finished a sentence is: what endpointing goes by."""

from __future__ import annotations

from enum import Enum


class Completeness(Enum):
    """Where a text stands in the grammar, so that a pause after it can be judged.

    COMPLETE: it is a command, and nothing worth waiting for can follow.
    EXTENDABLE: it is a command, and more words could change what it does.
    UNFINISHED: it is the beginning of a command, but not one yet.
    UNPARSED: the grammar knows neither it nor anything that begins with it.
    """

    COMPLETE = "complete"
    EXTENDABLE = "extendable"
    UNFINISHED = "unfinished"
    UNPARSED = "unparsed"

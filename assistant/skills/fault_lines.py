"""What the box says of its faults: which file and key; several in one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.skills.lines import line
from assistant.skills.phrases import Phrases
from assistant.skills.replies import Replies
from common.faults import STATE_LOST, Fault

_KEY = line("faults.key", "file", "key")
_FILE = line("faults.file", "file")
_LOST = line("faults.lost", "files")
_UNNAMED = line("faults.unnamed")
_SEVERAL = line("faults.several", "count", "files")
_SEVERAL_UNNAMED = line("faults.several_unnamed", "count")
_MORE = line("faults.more")

#: Files that are named; nobody remembers more.
_MOST_FILES = 3
_LONGEST_NAME = 40
#: A file in a message, without its folder.
_NAME = re.compile(r"[\w-]{1,40}\.(?:toml|ya?ml|json|sqlite|txt)\b")


def fault_text(replies: Replies, faults: Sequence[Fault]) -> str:
    """What is said of at least one fault: no path, and of a name only letters and digits."""
    lost = [fault for fault in faults if fault.code == STATE_LOST]
    others = [fault for fault in faults if fault.code != STATE_LOST]
    sentences = (
        [replies.text(_LOST, files=Phrases(replies).joined(_files(lost)[:_MOST_FILES]))] if lost else []
    )
    sentences += [_wrong(replies, others)] if others else []
    return " ".join([*sentences, replies.text(_MORE)])


def _files(faults: Sequence[Fault]) -> list[str]:
    return list(dict.fromkeys(name for fault in faults if (name := _spoken(_file_of(fault)))))


def _wrong(replies: Replies, faults: Sequence[Fault]) -> str:
    """What is said of files that cannot be used."""
    files = _files(faults)
    if len(faults) > 1:
        named = Phrases(replies).joined(files[:_MOST_FILES])
        return (
            replies.text(_SEVERAL, count=len(faults), files=named)
            if files
            else replies.text(_SEVERAL_UNNAMED, count=len(faults))
        )
    if not files:
        return replies.text(_UNNAMED)
    if key := _spoken(faults[0].key):
        return replies.text(_KEY, file=files[0], key=key)
    return replies.text(_FILE, file=files[0])


def _file_of(fault: Fault) -> str:
    if fault.file:
        return fault.file
    named = _NAME.search(fault.message)
    return named[0] if named else ""


def _spoken(name: str) -> str:
    """A name as words; "" for one that is too long to be said."""
    words = " ".join(re.sub(r"[\W_]+", " ", name).split())
    return words if len(words) <= _LONGEST_NAME else ""

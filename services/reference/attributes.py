"""Reading the `Attributes:` section of a docstring."""

from __future__ import annotations

import inspect
import re

#: "name: text", or "name, other: text" for several attributes with one text.
_ENTRY = re.compile(r"    (?P<names>\w+(?:, \w+)*): (?P<text>.*)")


def attributes(cls: type) -> dict[str, str]:
    """Name -> text of each attribute that the docstring of `cls` describes, in its order."""
    _, _, section = (inspect.getdoc(cls) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        if match := _ENTRY.fullmatch(line):
            names = match["names"].split(", ")
            found |= dict.fromkeys(names, match["text"])
        else:
            for name in names:
                found[name] = f"{found[name]} {line.strip()}".strip()
    return found

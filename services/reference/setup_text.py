"""The example of sotto.toml, and the table of its keys in docs/image.md."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from services.provision.key_field import NOTHING, Key
from services.provision.key_index import KEYS
from services.reference.markdown import table

_WIDTH = 110
_HEAD = """\
# The set-up of a Sotto box. Copy this file as "sotto.toml" beside it onto the card's first partition, change
# it with a plain text editor, and start the box. All lines are optional; a line that begins with # is a
# comment. Texts stand between straight quotation marks. The box speaks what is wrong in this file, and writes
# it to sotto-problems.txt.
"""


def example_file() -> str:
    """The example: every key with what it means, those that not everybody needs as comments."""
    parts = [_HEAD]
    for section, keys in KEYS.items():
        parts.append(f"\n[{section}]\n" if section else "")
        parts += _lines(keys, blank=not section)
    return "".join(parts)


def _lines(keys: Mapping[str, Key], *, blank: bool) -> list[str]:
    lines = []
    for name, known in keys.items():
        remark = textwrap.wrap(f"{known.help} {_without(known)}", _WIDTH)
        value = f"{name} = {known.example}".splitlines()
        lines.append("\n" if blank else "")
        lines += [f"# {line}\n" for line in remark]
        lines += [f"{'' if known.set_in_example else '#'}{line}\n" for line in value]
    return lines


def _without(known: Key) -> str:
    return "" if known.default == NOTHING else f"Without this line: {known.default}."


def keys_table() -> str:
    """Every key, what it means, and what holds without it."""
    rows = [
        (f"`{name}`" if not section else f"`[{section}] {name}`", known.help, known.default)
        for section, keys in KEYS.items()
        for name, known in keys.items()
    ]
    return table(("key", "meaning", "without it"), rows)

"""Writing the set-up file: the few kinds of TOML that it needs."""

from __future__ import annotations

from typing import Any

from services.provision.config import to_table
from services.provision.sections import Setup

HEAD = "# The set-up of this box, written by its set-up page. sotto.toml.example explains every line.\n"


def to_toml(setup: Setup) -> str:
    """`setup` as a file that `config.read` takes back unchanged."""
    table = to_table(setup)
    top = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [HEAD, *_lines(top)]
    for section, values in table.items():
        if isinstance(values, dict):
            lines += [f"\n[{section}]\n", *_lines(values)]
    return "".join(lines)


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{key} = {toml_value(value)}\n" for key, value in table.items()]


def toml_value(value: object) -> str:
    """A bool, a text or a list of texts in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return '"' + "".join(_escaped(c) for c in str(value)) + '"'


def _escaped(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    return c if c.isprintable() else f"\\U{ord(c):08X}"

"""Writing TOML: the few kinds of values that are needed."""

from __future__ import annotations

from collections.abc import Mapping


def toml_lines(table: Mapping[str, object]) -> str:
    """Keys and values, one a line."""
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in table.items())


def toml_value(value: object) -> str:
    """A bool, an int, a text or a list of them in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return '"' + "".join(_escaped(c) for c in str(value)) + '"'


def _escaped(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    return c if c.isprintable() else f"\\U{ord(c):08X}"

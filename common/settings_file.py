"""Reads a settings dataclass from a TOML file; every key or value that does not fit is an error."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common.errors import InvalidInput
from common.toml_file import Flaw, read_toml

_LIMIT_BYTES = 256 * 1024
_KEYS = "settings keys"
_HINTS: dict[Flaw, str] = {
    "unreadable": "check its rights",
    "too-large": "a settings file is a few lines; is this the right file?",
    "syntax": "mend the line named",
}


def keyed_by(names: Iterable[str]) -> Mapping[str, Any]:
    """Metadata of a `dict[str, ...]` field whose keys stand in the table of its class, beside other fields.

    Args:
        names: the keys that there can be.
    """
    return {_KEYS: tuple(names)}


def keys_of(field: dataclasses.Field[Any]) -> tuple[str, ...]:
    """The keys of a settings file that fill `field`: its name, or the names given to `keyed_by`."""
    names: tuple[str, ...] = field.metadata.get(_KEYS, (field.name,))
    return names


def read_table(file: Path) -> dict[str, Any]:
    """A settings file as a table.

    Raises:
        InvalidInput: it is not there, cannot be read, is too large, or no TOML.
    """

    def failed(flaw: Flaw, why: str) -> InvalidInput:
        return InvalidInput(f"{file} {why}", hint=_HINTS[flaw], code=f"settings.{flaw}")

    table = read_toml(file, _LIMIT_BYTES, failed)
    if table is None:
        raise failed("unreadable", "cannot be read: it is not there")
    return table


def fill(cls: type[Any], table: dict[str, Any], file: Path, where: tuple[str, ...] = ()) -> Any:
    """The settings dataclass `cls` with the values of `table`.

    Args:
        cls: a dataclass whose fields all have a default.
        table: as read from `file`; a field with `keyed_by` takes several of its keys.
        file: named in errors.
        where: the keys that lead to this table.

    Raises:
        InvalidInput: an unknown key, or a value of the wrong kind.
    """
    hints = typing.get_type_hints(cls)
    fields = {key: f for f in dataclasses.fields(cls) for key in keys_of(f)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        place = ".".join((*where, key))
        if key not in fields:
            raise InvalidInput(
                f"{file}: unknown setting {place}",
                hint=f"known here: {', '.join(sorted(fields))}",
                code="settings.unknown",
            )
        field = fields[key]
        if _KEYS in field.metadata:
            kind = typing.get_args(hints[field.name])[1]
            values.setdefault(field.name, {})[key] = _value(kind, value, file, (*where, key))
        else:
            values[key] = _value(hints[key], value, file, (*where, key))
    # First the class itself: what it says about a value is more exact.
    settings = cls(**values)
    for key, value in values.items():
        if typing.get_origin(hints[key]) is typing.Literal and value not in typing.get_args(hints[key]):
            raise _wrong_kind((hints[key],), value, file, (*where, key))
    return settings


def _value(hint: Any, value: Any, file: Path, where: tuple[str, ...]) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return fill(typing.cast(type[Any], hint), value, file, where)
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for kind in kinds:
        if kind is Path and isinstance(value, str):
            return Path(value)
        if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if typing.get_origin(kind) is tuple and isinstance(value, list):
            inner = typing.get_args(kind)[0]
            return tuple(_value(inner, item, file, where) for item in value)
        if typing.get_origin(kind) is typing.Literal and isinstance(value, str):
            return value
        if kind in (bool, int, str) and type(value) is kind:
            return value
    raise _wrong_kind(kinds, value, file, where)


def _wrong_kind(kinds: Iterable[Any], value: Any, file: Path, where: tuple[str, ...]) -> InvalidInput:
    return InvalidInput(
        f"{file}: {'.'.join(where)} = {value!r} is not {' or '.join(map(kind_name, kinds))}",
        hint="see docs/settings.md for every setting and its kind",
        code="settings.kind",
    )


def kind_name(kind: Any) -> str:
    """What a value must be: "a float", or one of the values of a choice."""
    if typing.get_origin(kind) is typing.Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in typing.get_args(kind))
    return f"a {getattr(kind, '__name__', kind)}"

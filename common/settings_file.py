"""Reads a settings dataclass from a TOML file.

A key or a value that does not fit is an error (`fill`), or is left out and reported (`fill_usable`).
"""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from common.errors import InvalidInput, SottoError
from common.faults import Fault
from common.toml_file import Flaw, read_toml, shown, shown_key

_LIMIT_BYTES = 256 * 1024
_LONGEST_TEXT = 1000
_LONGEST_LIST = 100
_KEYS = "settings keys"
_BOUNDS = "settings bounds"
#: Takes an error and the keys that lead to it; raises it, or keeps it as a fault.
_Blame = Callable[[SottoError, tuple[str, ...]], None]
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


def between(low: float, high: float) -> Mapping[str, Any]:
    """Metadata of a field: its number, or each number of its list, is from `low` to `high`."""
    return {_BOUNDS: (low, high)}


def bounds_of(field: dataclasses.Field[Any]) -> tuple[float, float] | None:
    """What `between` has set; None for no bounds."""
    bounds: tuple[float, float] | None = field.metadata.get(_BOUNDS)
    return bounds


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


def is_there(file: Path) -> bool:
    """Whether there is something of that name, be it a folder, a link to nothing, or out of reach."""
    try:
        os.lstat(file)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def read_usable_table(file: Path, effect: str) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """A settings file as a table; an empty one where there is no file, or one that cannot be used.

    Args:
        effect: of a file that cannot be used.

    Returns:
        The table, and the fault of the file, if it has one.
    """
    if not is_there(file):
        return {}, ()
    try:
        return read_table(file), ()
    except InvalidInput as error:
        return {}, (Fault.of(error, effect, file.name),)


def fill(cls: type[Any], table: dict[str, Any], file: Path, where: tuple[str, ...] = ()) -> Any:
    """The settings dataclass `cls` with the values of `table`.

    Args:
        cls: a dataclass whose fields all have a default.
        table: as read from `file`; a field with `keyed_by` takes several of its keys.
        file: named in errors.
        where: the keys that lead to this table.

    Raises:
        InvalidInput: an unknown key, a value of the wrong kind, or one that is out of bounds.
    """

    def refuse(error: SottoError, _where: tuple[str, ...]) -> None:
        raise error

    return _filled(cls, table, file, where, refuse)


def fill_usable(cls: type[Any], table: dict[str, Any], file: Path) -> tuple[Any, tuple[Fault, ...]]:
    """As `fill`, but what is wrong is left out: the key if the rest makes sense without it, else its section.

    Returns:
        The settings, and a fault for each key or section that was left out.
    """
    faults: list[Fault] = []

    def leave_out(error: SottoError, where: tuple[str, ...]) -> None:
        key = ".".join(map(shown_key, where))
        faults.append(
            Fault.of(error, f"{key or 'The file'} is left out, and the default is used.", file.name, key)
        )

    return _filled(cls, table, file, (), leave_out), tuple(faults)


def _filled(cls: type[Any], table: dict[str, Any], file: Path, where: tuple[str, ...], blame: _Blame) -> Any:
    hints = typing.get_type_hints(cls)
    fields = {key: f for f in dataclasses.fields(cls) for key in keys_of(f)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        place = (*where, key)
        if key not in fields:
            blame(_unknown(place, fields, file), place)
            continue
        field = fields[key]
        keyed = _KEYS in field.metadata
        hint = typing.get_args(hints[field.name])[1] if keyed else hints[key]
        try:
            read = _value(hint, value, file, place, blame)
            _check_size(read, field, file, place)
        except InvalidInput as error:
            blame(error, place)
            continue
        if keyed:
            values.setdefault(field.name, {})[key] = read
        else:
            values[key] = read
    # First the class itself: what it says about a value is more exact.
    settings = _made(cls, values, where, blame)
    for key, value in list(values.items()):
        if typing.get_origin(hints[key]) is typing.Literal and value not in typing.get_args(hints[key]):
            blame(_wrong_kind((hints[key],), value, file, (*where, key)), (*where, key))
            del values[key]
            settings = _made(cls, values, where, blame)
    return settings


def _made(cls: type[Any], values: dict[str, Any], where: tuple[str, ...], blame: _Blame) -> Any:
    """`cls` with as many of the values as it takes; those that it refuses are taken out of `values`."""
    try:
        return cls(**values)
    except SottoError as error:
        made, kept, refused = _most_of(cls, values, error)
        for key, why in refused:
            blame(why, (*where, key))
        values.clear()
        values.update(kept)
        return made


def _most_of(
    cls: type[Any], values: dict[str, Any], error: SottoError
) -> tuple[Any, dict[str, Any], list[tuple[str, SottoError]]]:
    """`cls` without what it refuses with `error`, its values, and the keys that lost something, and why."""
    for rest, key in _with_less(values):
        try:
            return cls(**rest), rest, [(key, error)]
        except SottoError:
            continue
    kept: dict[str, Any] = {}
    refused = []
    for key, value in values.items():
        try:
            cls(**kept, **{key: value})
        except SottoError as why:
            refused.append((key, why))
        else:
            kept[key] = value
    return cls(**kept), kept, refused


def _with_less(values: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """`values` less one item of a list, then less one key; with the key that loses."""
    for key, value in values.items():
        if isinstance(value, tuple):
            for item in value:
                yield {**values, key: tuple(other for other in value if other != item)}, key
    for key in values:
        yield {other: value for other, value in values.items() if other != key}, key


def _value(hint: Any, value: Any, file: Path, where: tuple[str, ...], blame: _Blame) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _filled(typing.cast(type[Any], hint), value, file, where, blame)
    kinds = kinds_of(hint)
    for kind in kinds:
        if kind is Path and isinstance(value, str) and "\0" not in value:
            return Path(value)
        if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                break
        if typing.get_origin(kind) is tuple and isinstance(value, list):
            inner = typing.get_args(kind)[0]
            return tuple(_value(inner, item, file, where, blame) for item in value)
        literal = typing.get_origin(kind) is typing.Literal and isinstance(value, str)
        if literal and (len(kinds) == 1 or value in typing.get_args(kind)):
            return value
        if kind in (bool, int, str) and type(value) is kind:
            return value
    raise _wrong_kind(kinds, value, file, where)


def _check_size(value: Any, field: dataclasses.Field[Any], file: Path, where: tuple[str, ...]) -> None:
    bounds = bounds_of(field)
    items = value if isinstance(value, tuple) else (value,)
    for item in items:
        number = isinstance(item, int | float) and not isinstance(item, bool)
        # "Not within" rather than "below or above": nan is neither.
        if number and bounds is not None and not bounds[0] <= item <= bounds[1]:
            raise _out_of_bounds(shown(item), f"from {bounds[0]:g} to {bounds[1]:g}", file, where)
        if isinstance(item, str | Path) and len(str(item)) > _LONGEST_TEXT:
            raise _out_of_bounds("a long text", f"at most {_LONGEST_TEXT} characters", file, where)
    if len(items) > _LONGEST_LIST or (bounds is not None and not items):
        raise _out_of_bounds(f"a list of {len(items)}", f"1 to {_LONGEST_LIST} values", file, where)


def _out_of_bounds(what: str, allowed: str, file: Path, where: tuple[str, ...]) -> InvalidInput:
    return InvalidInput(
        f"{file}: {'.'.join(where)} = {what} is out of bounds",
        hint=f"allowed: {allowed}",
        code="settings.bounds",
    )


def _unknown(where: tuple[str, ...], known: Iterable[str], file: Path) -> InvalidInput:
    return InvalidInput(
        f"{file}: unknown setting {'.'.join(map(shown_key, where))}",
        hint=f"known here: {', '.join(sorted(known))}",
        code="settings.unknown",
    )


def _wrong_kind(kinds: Iterable[Any], value: Any, file: Path, where: tuple[str, ...]) -> InvalidInput:
    return InvalidInput(
        f"{file}: {'.'.join(where)} = {shown(value)} is not {' or '.join(map(kind_name, kinds))}",
        hint="see docs/settings.md for every setting and its kind",
        code="settings.kind",
    )


def kinds_of(hint: Any) -> tuple[Any, ...]:
    """The kinds that a type names: those of a union, else itself."""
    union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    return typing.get_args(hint) if union else (hint,)


def kind_name(kind: Any) -> str:
    """What a value must be: "a float", or one of the values of a choice."""
    if typing.get_origin(kind) is typing.Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in typing.get_args(kind))
    return f"a {getattr(kind, '__name__', kind)}"

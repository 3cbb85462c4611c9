"""The tables of docs/settings.md: every setting, and what the catalogue offers."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.models.catalogue import LANGUAGES, WAKE_WORDS, by_task
from assistant.settings import RENAMED, Settings
from common.settings_file import bounds_of, keys_of, kind_name, kinds_of
from common.toml_text import toml_value
from services.reference.attributes import attributes
from services.reference.markdown import table

_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        section: of the file, as in "recogniser.beam"; "" for its top.
        key: its name in the section.
        kind: of its values.
        default: as in the file; "" if there is none.
        meaning: what it does; "" if its class does not say.
    """

    section: str
    key: str
    kind: str
    default: str
    meaning: str


def settings_of(instance: Any = None, section: str = "") -> Iterator[Setting]:
    """All settings of a settings object, `Settings()` by default, section by section."""
    instance = Settings() if instance is None else instance
    hints, meanings = typing.get_type_hints(type(instance)), attributes(type(instance))
    inner = []
    for field in dataclasses.fields(instance):
        value, kind = getattr(instance, field.name), hints[field.name]
        if dataclasses.is_dataclass(value):
            inner.append((value, f"{section}.{field.name}" if section else field.name))
            continue
        keys = keys_of(field)
        if keys != (field.name,):
            kind = typing.get_args(kind)[1]
            value = kind()
        for key in keys:
            yield Setting(
                section, key, _kind(kind) + _bounds(field), _default(value), meanings.get(field.name, "")
            )
    for value, name in inner:
        yield from settings_of(value, name)


def settings_tables() -> str:
    """A table for each section, with what the section is for."""
    titles = attributes(Settings)
    by_section: dict[str, list[Setting]] = {}
    for setting in settings_of():
        by_section.setdefault(setting.section, []).append(setting)
    parts = []
    for section, found in by_section.items():
        former = [old for old, new in RENAMED.items() if new == section]
        title = f"`[{section}]`" if section else "At the top of the file"
        about = titles.get(section, "").rstrip(".")
        parts.append(f"### {title}: {about}\n" if about else f"### {title}\n")
        if former:
            parts.append(f"Formerly `[{former[0]}]`, which is still read.\n")
        rows = [(f"`{each.key}`", each.kind, _code(each.default), each.meaning) for each in found]
        parts.append(table(("setting", "kind", "default", "meaning"), rows))
    return "\n".join(parts)


def catalogue_table() -> str:
    """Languages, recognisers, voices and wake words, as settings and hubs call them."""
    rows = [("language", f"`{code}`", code, name) for code, name in LANGUAGES.items()]
    for task, what in (("asr", "recogniser"), ("tts", "voice")):
        rows += [(what, f"`{each.id}`", each.language, each.title) for each in by_task(task)]
    rows += [
        ("wake word", f"`{word}`", each.language, f'"{each.phrase}"') for word, each in WAKE_WORDS.items()
    ]
    return table(("what", "id", "language", "name"), rows)


def _kind(hint: Any) -> str:
    return " or ".join(_one_kind(kind) for kind in kinds_of(hint) if kind is not types.NoneType)


def _bounds(field: dataclasses.Field[Any]) -> str:
    bounds = bounds_of(field)
    return f", {_default(bounds[0])} to {_default(bounds[1])}" if bounds else ""


def _one_kind(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return f"list of: {_one_kind(typing.get_args(kind)[0])}"
    return _KINDS.get(kind) or kind_name(kind)


def _default(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_default, value))}]"
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else toml_value(value)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""

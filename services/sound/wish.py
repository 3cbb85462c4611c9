"""The owner's settings of sound devices: `sound.toml`, and device names in `assistant.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.errors import InvalidInput
from common.toml_file import Flaw, read_toml
from services.sound.choose import Wish

_LIMIT = 256 * 1024
_LONGEST = 200
#: Unknown settings that are named one by one.
_MOST_UNKNOWN = 8
_OWN = "sound.toml"
_ASSISTANT = "assistant.toml"
_KNOWN = ("microphone", "speaker")


def read_wish(folder: Path) -> tuple[Wish, tuple[str, ...]]:
    """The owner's wish, and the problems of the files; an invalid value counts as not set.

    `sound.toml` has `microphone` and `speaker`, parts of a device's name; those that it leaves out are taken
    from `[microphone] device` and `[speaker] device` of `assistant.toml`.
    """
    problems: list[str] = []
    own = _table(folder / _OWN, problems)
    others = _table(folder / _ASSISTANT, problems)
    for key in sorted(set(own) - set(_KNOWN))[:_MOST_UNKNOWN]:
        problems.append(f"{_OWN}: unknown setting {key[:40]!r}; known: {', '.join(_KNOWN)}")
    devices = {}
    for kind in ("microphone", "speaker"):
        section = others.get(kind)
        told = section.get("device") if isinstance(section, dict) else None
        devices[kind] = _name(own, kind, _OWN, problems) or _name(
            {} if told is None else {kind: told}, kind, _ASSISTANT, problems
        )
    return Wish(devices["microphone"], devices["speaker"]), tuple(problems)


def _name(table: Mapping[str, Any], key: str, file: str, problems: list[str]) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _LONGEST:
        problems.append(f'{file}: {key} is a part of a device\'s name, as in "USB", not {str(value)[:40]!r}')
        return None
    return value.strip() or None


def _table(path: Path, problems: list[str]) -> dict[str, Any]:
    def failed(flaw: Flaw, why: str) -> InvalidInput:
        told = f"has more than {_LIMIT // 1024} kB" if flaw == "too-large" else why
        return InvalidInput(f"{path.name} {told}", code=f"sound.{flaw}")

    try:
        return read_toml(path, _LIMIT, failed) or {}
    except InvalidInput as error:
        problems.append(error.message)
        return {}

"""What the owner set about sound: `sound.toml`, and device names in `assistant.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.audio.choose import Wish

_LIMIT = 256 * 1024
_LONGEST = 200
#: Unknown settings that are named one by one.
_MOST_UNKNOWN = 8
_OWN = "sound.toml"
_ASSISTANT = "assistant.toml"
_KNOWN = ("microphone", "speaker")


def read_wish(folder: Path) -> tuple[Wish, tuple[str, ...]]:
    """The owner's wish and what is wrong with the files; what is wrong counts as not said.

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
    try:
        if path.exists() and not path.is_file():
            problems.append(f"{path.name} is no plain file")
            return {}
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        problems.append(f"{path.name} cannot be read: {error.strerror}")
        return {}
    if len(data) > _LIMIT:
        problems.append(f"{path.name} has more than {_LIMIT // 1024} kB")
        return {}
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        problems.append(f"{path.name} is not valid TOML: {error}")
        return {}

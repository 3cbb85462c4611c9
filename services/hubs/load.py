"""Reads connector.toml; without that file there is no connector."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from common.errors import InvalidInput, NotFound
from common.faults import Fault
from common.paths import config_dir
from common.settings_file import fill, fill_usable, is_there, read_table
from common.toml_file import shown
from services.hubs.kinds import KINDS
from services.hubs.settings import ConnectorSettings, one_of

#: A token of Home Assistant has about 180 characters.
_MAX_SECRET = 4096
#: Keys that say which hub it is, and how the two know each other.
_NEEDED = ("kind", "url", "secret_file", "user", "ca_file")
_NO_HUB = "No hub is connected."


def settings_file() -> Path:
    """Where the settings lie when no other file is named."""
    return config_dir() / "connector.toml"


def load_connector_settings(path: Path | None = None) -> ConnectorSettings:
    """Settings from `path`, or from `connector.toml` in the settings folder.

    A key that another kind has may stay in the file; it is not used.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no TOML, has an unknown key, or a value that cannot be used.
    """
    file = path or settings_file()
    cls, table = _kind_and_keys(file)
    settings: ConnectorSettings = fill(cls, table, file)
    _check(settings, file)
    return _located(settings, file)


def load_usable_connector_settings(
    path: Path | None = None,
) -> tuple[ConnectorSettings | None, tuple[Fault, ...]]:
    """As `load_connector_settings`, but a key that cannot be used is left out.

    Returns:
        The settings, None if a key of `_NEEDED` cannot be used: nothing is to be sent to another hub, or in
        another way, than was meant. And a fault for each thing that was left out.

    Raises:
        NotFound: there is no such file.
    """
    file = path or settings_file()
    try:
        cls, table = _kind_and_keys(file)
        settings, faults = fill_usable(cls, table, file)
        needed = [fault for fault in faults if fault.key in _NEEDED]
        if needed:
            return None, tuple(replace(fault, effect=_NO_HUB) for fault in needed)
        settings, more = _usable(settings, table, file)
    except InvalidInput as error:
        return None, (Fault.of(error, _NO_HUB, file.name),)
    return _located(settings, file), (*faults, *more)


def _usable(
    settings: ConnectorSettings, table: Mapping[str, Any], file: Path
) -> tuple[ConnectorSettings, list[Fault]]:
    """`settings` less the keys without which they pass the check: one, else all that are not needed.

    Raises:
        InvalidInput: there are none.
    """
    try:
        _check(settings, file)
        return settings, []
    except InvalidInput as error:
        usual = type(settings)()
        spare = [key for key in table if key not in _NEEDED and hasattr(usual, key)]
        for keys in (*([key] for key in spare), spare):
            tried = replace(settings, **{key: getattr(usual, key) for key in keys})
            try:
                _check(tried, file)
            except InvalidInput:
                continue
            effect = f"The default is used for {', '.join(keys)}."
            return tried, [Fault.of(error, effect, file.name, keys[0])]
        raise


def _kind_and_keys(file: Path) -> tuple[type[ConnectorSettings], dict[str, Any]]:
    """The class of the settings, and what stands in the file for it.

    Raises:
        NotFound, InvalidInput: as `load_connector_settings`.
    """
    if not is_there(file):
        raise NotFound(
            f"there is no {file}: no hub is set",
            hint="docs/hub.md shows what stands in it",
            code="connector.missing",
        )
    table = read_table(file)
    name = table.get("kind", "")
    one_of(name if isinstance(name, str) else shown(name), tuple(KINDS), file, "kind")
    kind = KINDS[name]
    others = _keys(*(each.settings for each in KINDS.values())) - _keys(kind.settings)
    return kind.settings, {key: value for key, value in table.items() if key not in others}


def _check(settings: ConnectorSettings, file: Path) -> None:
    if problem := settings.url_form.problem(settings.url):
        raise InvalidInput(
            f"{file}: url {problem}", hint=f'as in url = "{settings.url_form.example}"', code="connector.url"
        )
    settings.check(file)


def _located(settings: ConnectorSettings, file: Path) -> ConnectorSettings:
    folder = file.parent
    return replace(
        settings,
        secret_file=folder / settings.secret_file if settings.secret_file else None,
        ca_file=folder / settings.ca_file if settings.ca_file else None,
    )


def _keys(*kinds: type[ConnectorSettings]) -> set[str]:
    return {field.name for kind in kinds for field in fields(kind)}


def read_secret(path: Path) -> str:
    """The token or password in a file that is its owner's alone.

    Raises:
        InvalidInput: it is not there, others may read it, or what is in it is no secret.
    """

    def wrong(what: str, hint: str) -> InvalidInput:
        return InvalidInput(f"{path} {what}", hint=hint, code="connector.secret")

    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}", "put the token or password into it") from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise wrong("is no plain file", "put the token or password into a file")
        if status.st_mode & 0o077:
            raise wrong("can be read by others", f"chmod 600 {path}")
        data = file.read(_MAX_SECRET + 1)
    try:
        secret = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        secret = ""
    if not secret or not secret.isprintable() or len(data) > _MAX_SECRET:
        raise wrong("holds no token or password", "one line, and nothing else")
    return secret

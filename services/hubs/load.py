"""Reads connector.toml; without that file there is no connector."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path

from common.errors import InvalidInput, NotFound
from common.paths import config_dir
from common.settings_file import fill, read_table
from services.hubs.kinds import KINDS
from services.hubs.settings import ConnectorSettings, one_of

#: A token of Home Assistant has about 180 characters.
_MAX_SECRET = 4096


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
    if not file.is_file():
        raise NotFound(
            f"there is no {file}: no hub is set",
            hint="docs/hub.md shows what stands in it",
            code="connector.missing",
        )
    table = read_table(file)
    name = table.get("kind", "")
    one_of(name if isinstance(name, str) else repr(name), tuple(KINDS), file, "kind")
    kind = KINDS[name]
    others = _keys(*(each.settings for each in KINDS.values())) - _keys(kind.settings)
    used = {key: value for key, value in table.items() if key not in others}
    settings: ConnectorSettings = fill(kind.settings, used, file)
    if problem := kind.url.problem(settings.url):
        raise InvalidInput(
            f"{file}: url {problem}", hint=f'as in url = "{kind.url.example}"', code="connector.url"
        )
    settings.check(file)
    folder = file.parent
    return dataclasses.replace(
        settings,
        secret_file=folder / settings.secret_file if settings.secret_file else None,
        ca_file=folder / settings.ca_file if settings.ca_file else None,
    )


def _keys(*kinds: type[ConnectorSettings]) -> set[str]:
    return {field.name for kind in kinds for field in dataclasses.fields(kind)}


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

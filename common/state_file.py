"""Small state on disk: a JSON file, replaced in one step; a power cut leaves the old or the new one."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path

from common.errors import StorageError
from common.files import read_plain, replace_file

log = logging.getLogger(__name__)

_LIMIT_BYTES = 1024 * 1024


def save_json(path: Path, value: object, durable: bool = True) -> None:
    """Write `value` as JSON to `path`, whole or not at all, readable by the owner only.

    Args:
        path: the file; its folder is made when missing.
        value: anything `json` takes.
        durable: as `common.files.replace_file` takes it.

    Raises:
        StorageError: the disk is full or the folder cannot be written; the old file is untouched.
    """
    data = json.dumps(value, ensure_ascii=False, indent=1).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data, 0o600, durable=durable)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}",
            hint="free some disk space and check that the folder is writable",
            code="storage.state",
        ) from error


def load_json(path: Path) -> object | None:
    """What `save_json` wrote, or None where there is nothing to read.

    A file that is damaged or too large is renamed to `NAME.damaged` with a warning: lost state must not
    keep the assistant from starting.
    """
    try:
        data = read_plain(path, _LIMIT_BYTES + 1)
        if len(data) > _LIMIT_BYTES:
            set_aside(path, f"larger than {_LIMIT_BYTES // 1024} kB")
            return None
        value: object = json.loads(data.decode("utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        set_aside(path, str(error))
        return None
    except OSError as error:
        log.warning("%s could not be read: %s", path, error)
        return None
    return value


def set_aside(path: Path, reason: str) -> None:
    """Rename a state file that cannot be used to `NAME.damaged`, so that it is kept and not overwritten."""
    aside = path.with_name(path.name + ".damaged")
    log.warning("%s is damaged (%s); set aside as %s", path, reason, aside.name)
    with contextlib.suppress(OSError):
        path.replace(aside)

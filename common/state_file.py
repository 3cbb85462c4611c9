"""Small state on disk: one JSON file, replaced as a whole, so that a power cut leaves old or new."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from pathlib import Path

from common.errors import StorageError

log = logging.getLogger(__name__)

_LIMIT_BYTES = 1024 * 1024


def save_json(path: Path, value: object, durable: bool = True) -> None:
    """Write `value` as JSON to `path`, whole or not at all, readable by the owner only.

    Args:
        path: the file; its folder is made when missing.
        value: anything `json` takes.
        durable: wait until it is on the disk, which costs milliseconds on flash. Without it a power
            cut within the next seconds may leave the old content.

    Raises:
        StorageError: the disk is full or the folder cannot be written; the old file is untouched.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, indent=1)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
        temporary = None
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}",
            hint="free some disk space and check that the folder is writable",
            code="storage.state",
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def load_json(path: Path) -> object | None:
    """What `save_json` wrote, or None where there is nothing to read.

    A file that is damaged or too large is set aside as `NAME.damaged` with a warning: lost state must
    not keep the assistant from starting.
    """
    try:
        if path.stat().st_size > _LIMIT_BYTES:
            set_aside(path, f"larger than {_LIMIT_BYTES // 1024} kB")
            return None
        value: object = json.loads(path.read_text("utf-8"))
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
    """Rename a state file that cannot be used, so that it can be looked at and is not overwritten."""
    aside = path.with_name(path.name + ".damaged")
    log.warning("%s is damaged (%s); set aside as %s", path, reason, aside.name)
    with contextlib.suppress(OSError):
        path.replace(aside)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; some file systems refuse, which is no reason to fail."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

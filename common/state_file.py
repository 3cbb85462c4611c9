"""Small state on disk: a JSON file, replaced in one step, and a copy of it beside it.

A power cut leaves the old or the new file. Where the disk damages it, the copy is taken.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from common.errors import InvalidInput, StorageError
from common.faults import STATE_LOST, Fault, Faults
from common.files import read_plain, replace_file

log = logging.getLogger(__name__)

_LIMIT_BYTES = 1024 * 1024
#: What a file that cannot be used may raise while it is read; a disk that does not answer raises OSError too,
#: which leaves the file where it is.
_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, InvalidInput)

Content = TypeVar("Content")


def save_json(path: Path, value: object, durable: bool = True, *, copy: bool = True) -> None:
    """Write `value` as JSON to `path`, whole or not at all, readable by the owner only.

    Args:
        path: the file; its folder is made when missing.
        value: anything `json` takes.
        durable: as `common.files.replace_file` takes it.
        copy: write the copy as well. It never waits for the disk: a power cut within the next seconds may
            leave the copy of before.

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
    if copy:
        try:
            replace_file(_copy_of(path), data, 0o600, durable=False)
        except OSError as error:
            log.warning("the copy of %s could not be written: %s", path, error)


def load_json(
    path: Path,
    read: Callable[[Any], Content] = lambda content: content,
    *,
    what: str = "",
    faults: Faults | None = None,
) -> Content | None:
    """What `save_json` wrote, as `read` makes it; None where there is nothing to read.

    A file that is damaged, too large or refused by `read` is renamed to `NAME.damaged`, and its copy is
    taken: lost state must not keep a daemon from starting. If the copy cannot be used either, the state is
    lost.

    Args:
        path: the file.
        read: makes the content from JSON values; may raise what a wrong value raises.
        what: the state in words, for people ("the timers"); the name of the file by default.
        faults: is told of a loss (`state.lost`).
    """
    try:
        return read(_values(path))
    except FileNotFoundError:
        # Not the copy: an owner who removes a file wants to be rid of what was in it.
        return None
    except OSError as error:
        log.warning("%s could not be read: %s", path, error)
        return None
    except _DAMAGED as error:
        set_aside(path, f"{type(error).__name__}: {error}")
    what = what or path.stem
    try:
        content = read(_values(_copy_of(path)))
    except (OSError, *_DAMAGED) as error:
        log.error("%s could not be read, nor the copy (%s): lost", what, error)
        if faults is not None:
            faults.report(f"state.{path.name}", [_loss(path, what)])
        return None
    log.warning("%s comes from the copy %s", what, _copy_of(path).name)
    return content


def set_aside(path: Path, reason: str) -> None:
    """Rename a state file that cannot be used to `NAME.damaged`, so that it is kept and not overwritten."""
    aside = path.with_name(path.name + ".damaged")
    log.warning("%s is damaged (%s); set aside as %s", path, reason, aside.name)
    with contextlib.suppress(OSError):
        path.replace(aside)


def _loss(path: Path, what: str) -> Fault:
    return Fault(
        STATE_LOST,
        f"{what} could not be read, nor the copy, and are lost",
        hint=f"{path.name}.damaged, in the folder of the state, has what was there",
        effect="The box begins with none.",
        file=path.name,
    )


def _copy_of(path: Path) -> Path:
    return path.with_name(path.name + ".copy")


def _values(path: Path) -> object:
    data = read_plain(path, _LIMIT_BYTES + 1)
    if len(data) > _LIMIT_BYTES:
        raise ValueError(f"larger than {_LIMIT_BYTES // 1024} kB")
    values: object = json.loads(data.decode("utf-8"))
    return values

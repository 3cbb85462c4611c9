"""The undo log: what each file said before we wrote to it, on disk before the first write.

It survives the process, so that another one can put everything back. The folder is one that a restart of the
machine empties, because then there is nothing left to undo.
"""

from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Collection, Iterator
from pathlib import Path

from common.files import read_plain, replace_file
from power.errors import SysfsError, UndoLogError
from power.plan import Kind, in_order
from power.sysfs import Sysfs
from power.topology import CPU

_LIMIT_BYTES = 256 * 1024
_MOST_ENTRIES = 4096
#: Only files of these kinds are ever put back: a damaged log must not become a way to write elsewhere.
_ALLOWED = (f"{CPU}/", "sys/class/devfreq/", "sys/fs/cgroup/")

_LIMITS = ("/scaling_min_freq", "/scaling_max_freq")


class Journal:
    """The log at `path`, empty if there is none.

    Raises:
        UndoLogError: there is one, and it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[str, str] = _load(path)

    @property
    def entries(self) -> dict[str, str]:
        """Path -> value before, in the order they were first written."""
        return dict(self._entries)

    def remember(self, values: dict[str, str], instead_of: Collection[str] = ()) -> None:
        """Add what is not there yet, and put the log on disk before returning.

        Args:
            values: by path.
            instead_of: paths that are forgotten in the same step.

        Raises:
            UndoLogError: it cannot be written; nothing may be changed then.
        """
        kept = {path: value for path, value in self._entries.items() if path not in instead_of}
        entries = {**kept, **{path: value for path, value in values.items() if path not in kept}}
        if entries == self._entries:
            return
        try:
            # Settings of the kernel do not survive a power cut, and neither need the log.
            replace_file(
                self.path, json.dumps({"before": list(entries.items())}).encode(), 0o600, durable=False
            )
        except OSError as error:
            raise UndoLogError(
                f"the undo log {self.path} cannot be written: {error.strerror}",
                hint="nothing is changed without it; check the folder",
            ) from error
        self._entries = entries

    def undo(self, sysfs: Sysfs) -> tuple[SysfsError, ...]:
        """Put everything back and remove the log.

        Returns:
            What could not be put back: files that are gone, or that refuse twice.
        """
        failed = _restore(sysfs, self._entries)
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self._entries = {}
        return failed


def _load(path: Path) -> dict[str, str]:
    try:
        data = read_plain(path, _LIMIT_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    try:
        pairs = json.loads(data)["before"]
        entries = {str(name): str(value) for name, value in pairs}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if len(data) > _LIMIT_BYTES or len(entries) > _MOST_ENTRIES:
        raise _damaged(path, "it is too long")
    for name, value in entries.items():
        if name.endswith(_LIMITS) and not value.isdigit():
            raise _damaged(path, f"{name} cannot have been {value[:40]!r}")
        if not name.startswith(_ALLOWED) or ".." in name.split("/"):
            raise _damaged(path, f"it names {name[:80]!r}")
    return entries


def _damaged(path: Path, why: str) -> UndoLogError:
    return UndoLogError(
        f"the undo log {path} is of no use: {why}",
        hint="remove it; a restart of the machine puts every setting back",
    )


def _restore(sysfs: Sysfs, entries: dict[str, str]) -> tuple[SysfsError, ...]:
    """Cores on first, because clusters without any refuse; then clusters; then the rest, and off last."""
    again: list[tuple[str, str]] = []
    for path, value in _ordered(sysfs, entries):
        if sysfs.maybe(path) == value:
            continue
        try:
            sysfs.write(path, value)
        except SysfsError:
            again.append((path, value))
    failed = []
    for path, value in again:
        # A preference is refused under one governor and taken under the one that is back by now.
        try:
            sysfs.write(path, value)
        except SysfsError as error:
            if error.errno != errno.ENOENT:
                failed.append(error)
    return tuple(failed)


def _ordered(sysfs: Sysfs, entries: dict[str, str]) -> Iterator[tuple[str, str]]:
    online = {path: value for path, value in entries.items() if path.endswith("/online")}
    yield from ((path, value) for path, value in online.items() if value == "1")
    for path, value in entries.items():
        if path not in online and not path.endswith(_LIMITS):
            yield path, value
    for path in entries:
        if path.endswith("/scaling_min_freq"):
            yield from _limits(sysfs, entries, path.removesuffix("/scaling_min_freq"))
    yield from ((path, value) for path, value in online.items() if value != "1")


def _limits(sysfs: Sysfs, entries: dict[str, str], folder: str) -> Iterator[tuple[str, str]]:
    names = {Kind.FLOOR: f"{folder}/scaling_min_freq", Kind.CEILING: f"{folder}/scaling_max_freq"}
    if names[Kind.CEILING] not in entries:
        yield names[Kind.FLOOR], entries[names[Kind.FLOOR]]
        return
    now = {kind: sysfs.maybe_int(path) or 0 for kind, path in names.items()}
    floor, ceiling = (int(entries[names[kind]]) for kind in (Kind.FLOOR, Kind.CEILING))
    for kind in in_order(now[Kind.FLOOR], now[Kind.CEILING], floor, ceiling):
        yield names[kind], entries[names[kind]]

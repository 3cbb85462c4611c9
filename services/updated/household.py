"""What must survive an update: timers, alarms and what the first boot and paired hubs left."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.updated.places import Places

_LIMIT = 1024 * 1024
_BOOKS = ("timers", "alarms")
#: Who is paired: tokens of programs, addresses of hubs. Somebody may be unpaired at any time, so that only
#: the books themselves must survive.
_PAIRINGS = ("tokens", "hubs")
_MOST_FILES = 500
#: What provision writes from `sotto.toml`, and removes when that no longer asks for it.
_FROM_SETUP = ("ssh/authorized_keys", "update.json", "hub.json", "hub-secret", "hub-certificate.pem")


@dataclass(frozen=True)
class Household:
    """A look at the state of the box.

    Attributes:
        boot: the kernel's id of the boot it was in.
        at: when, seconds since the epoch.
        entries: "timers/3" to the time it is due, None where that is open (paused, repeated).
        files: of the provisioning folder, relative, and "pairings/tokens" and the like.
        damaged: books that are there and cannot be read.
        setup: SHA-256 of `sotto.toml`, "" where there is none, None where it was not noted.
    """

    boot: str
    at: float
    entries: Mapping[str, float | None]
    files: tuple[str, ...]
    damaged: tuple[str, ...] = ()
    setup: str | None = None


def look(places: Places, now: float) -> Household:
    """The household as it is on disk now."""
    entries: dict[str, float | None] = {}
    damaged = []
    for book in _BOOKS:
        path = places.assistant / f"{book}.json"
        try:
            entries |= _entries(path, book)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            damaged.append(book)
    pairings = []
    for book in _PAIRINGS:
        try:
            with (places.gateway / f"{book}.json").open("rb") as file:
                pairings += [f"pairings/{book}"] if json.loads(file.read(_LIMIT))[book] is not None else []
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            damaged.append(book)
    files = (*_files(places.provision), *pairings)
    return Household(boot_id(places), now, entries, files, tuple(damaged), _digest(places.setup_file))


def lost(before: Household, now: Household) -> list[str]:
    """What was there and should still be, as sentences; what became due meanwhile may be gone."""
    reasons = [f"the {book} cannot be read" for book in now.damaged if book not in before.damaged]
    paired = [f"pairings/{book}" for book in _PAIRINGS if book not in now.damaged]
    reasons += [
        f"the paired {name.removeprefix('pairings/')} are gone"
        for name in paired
        if name in before.files and name not in now.files
    ]
    for book in _BOOKS:
        if book in now.damaged:
            continue
        gone = [
            entry
            for entry, due in before.entries.items()
            if entry.startswith(f"{book}/") and entry not in now.entries and (due is None or due > now.at)
        ]
        if gone:
            reasons.append(f"{len(gone)} of the {book} are gone")
    # The owner may take out a key or a hub between two boots. Where there is no file, all stays as it was.
    edited = now.setup != "" and before.setup not in (None, now.setup)
    reasons += [
        f"the set-up file {name} is gone"
        for name in before.files
        if name not in now.files and not name.startswith("pairings/") and not (edited and name in _FROM_SETUP)
    ]
    return reasons


def household_from(values: Any) -> Household | None:
    """A stored household; raises KeyError, TypeError, ValueError or AttributeError where it is invalid."""
    if values is None:
        return None
    return Household(
        str(values["boot"]),
        float(values["at"]),
        {str(entry): None if due is None else float(due) for entry, due in values["entries"].items()},
        tuple(str(name) for name in values["files"]),
        tuple(str(book) for book in values["damaged"]),
        # Versions of before did not note it.
        None if values.get("setup") is None else str(values["setup"]),
    )


def boot_id(places: Places) -> str:
    """The kernel's id of this boot; "" if it has none."""
    try:
        return (places.proc / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.sha256(file.read(_LIMIT)).hexdigest()
    except OSError:
        return ""


def _entries(path: Path, book: str) -> dict[str, float | None]:
    with path.open("rb") as file:
        content = json.loads(file.read(_LIMIT))
    return {f"{book}/{int(entry['id'])}": _due(entry) for entry in content[book]}


def _due(entry: Mapping[str, Any]) -> float | None:
    """When a timer or an alarm goes off, as `assistant.skills` stores them."""
    moment = entry.get("moment")
    if moment is None:
        ends_at = entry.get("ends_at")
        return None if ends_at is None else float(ends_at)
    if moment["weekdays"]:
        return None
    if entry.get("exact") is not None:
        return float(entry["exact"])
    year, month, day = (int(part) for part in moment["day"].split("-"))
    return time.mktime((year, month, day, int(moment["hour"]), int(moment["minute"]), 0, 0, 0, -1))


def _files(folder: Path) -> tuple[str, ...]:
    try:
        found = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    except OSError:
        return ()
    return tuple(sorted(str(path.relative_to(folder)) for path in found)[:_MOST_FILES])

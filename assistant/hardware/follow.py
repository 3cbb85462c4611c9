"""Follows accelerators that are plugged in or removed while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assistant.audio.hotplug import Hotplug
from assistant.hardware.scan import Accelerator, Scan, scan
from assistant.hardware.table import load_table
from common.errors import Unavailable

#: A Coral stick leaves with one id and comes back with another within two seconds, at its first use.
GONE_S = 5.0
#: Events come in groups: device, interfaces, node.
_SETTLE_S = 0.3

Key = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """An accelerator that appeared, that vanished, or whose standing is another one now."""

    what: Literal["appeared", "vanished", "changed"]
    accelerator: Accelerator


@dataclass(frozen=True)
class View:
    """What is known at one time.

    Attributes:
        present: the accelerators that are there.
        leaving: those that are not seen any more, and since when, in seconds of the caller's clock.
    """

    present: tuple[Accelerator, ...] = ()
    leaving: tuple[tuple[Accelerator, float], ...] = ()


def key_of(accelerator: Accelerator) -> Key:
    """What makes it the same accelerator in two looks: its entry, and where it is plugged in."""
    return accelerator.entry.id, accelerator.place


def follow(view: View, seen: tuple[Accelerator, ...], now_s: float) -> tuple[View, tuple[Change, ...]]:
    """The view after another look at the machine, and what has changed. Pure.

    An accelerator that is not seen is kept for `GONE_S`. One of the same kind that comes in this time is the
    same one, wherever it is plugged in now.
    """
    keys = {key_of(each) for each in seen}
    before = {key_of(each): each for each in view.present}
    leaving = [*view.leaving, *((each, now_s) for key, each in before.items() if key not in keys)]
    changes: list[Change] = []
    for each in seen:
        old = before.get(key_of(each)) or _take(leaving, each)
        if old is None:
            changes.append(Change("appeared", each))
        elif old.standing != each.standing:
            changes.append(Change("changed", each))
    changes += [Change("vanished", each) for each, since_s in leaving if now_s - since_s >= GONE_S]
    kept = tuple((each, since_s) for each, since_s in leaving if now_s - since_s < GONE_S)
    return View(seen, kept), tuple(changes)


def _take(leaving: list[tuple[Accelerator, float]], new: Accelerator) -> Accelerator | None:
    """The one that `new` is, out of those that are leaving: at the same place before any other."""
    same = [pair for pair in leaving if pair[0].entry.id == new.entry.id]
    if not same:
        return None
    pair = next((pair for pair in same if pair[0].place == new.place), same[0])
    leaving.remove(pair)
    return pair[0]


class AcceleratorWatch:
    """Looks at the machine again when the kernel reports a change.

    Args:
        on_change: called with each change, first with those that are there already.
        look: looks at the machine; without trials by default, because they cost seconds.
    """

    def __init__(
        self, on_change: Callable[[Change], None], look: Callable[[], Scan] = lambda: scan(trials=False)
    ) -> None:
        self._on_change = on_change
        self._look = look
        self._stopped = threading.Event()
        self._wake = threading.Event()

    def run(self) -> None:
        """Follow until `stop` is called.

        Raises:
            Unavailable: `hardware.no-events`, or as `scan` does.
        """
        # Events are taken before the first look, so that nothing is lost between the two.
        hotplug = Hotplug(lambda _action, _name: self._wake.set(), load_table().subsystems())
        if not hotplug.watching:
            raise Unavailable(
                hotplug.reason,
                hint="is libudev installed, and may this process use netlink?",
                code="hardware.no-events",
            )
        try:
            self._run()
        finally:
            hotplug.stop()

    def stop(self) -> None:
        """End `run`, from another thread or a signal handler."""
        self._stopped.set()
        self._wake.set()

    def _run(self) -> None:
        view = View()
        while not self._stopped.is_set():
            self._wake.clear()
            view, changes = follow(view, self._look().accelerators, time.monotonic())
            for change in changes:
                self._on_change(change)
            self._wake.wait(GONE_S if view.leaving else None)
            self._stopped.wait(_SETTLE_S)

"""How often the code of an alarm panel may be tried, so that nobody finds it by guessing."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.home.commands import CODE, EFFECTS
from assistant.home.executor import Action, HomeExecutor
from assistant.home.model import DeviceState, Home
from common.errors import HomeError, StorageError
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)

#: After so many wrong codes in a row there is a wait; each further one makes it twice as long, up to an hour.
#: That is about 30 codes in the first day, of 10,000 with four digits.
WRONG_AT_ONCE = 3
FIRST_WAIT_S, LONGEST_WAIT_S = 60.0, 3600.0
#: Right or wrong, so many codes are taken within `WINDOW_S`: some panels do not say which they were.
MOST_TRIES, WINDOW_S = 6, 600.0
#: Codes of the errors that mean a wrong code.
_WRONG = frozenset({"home.code", "hub.refused"})


@dataclass(frozen=True)
class Tries:
    """What was tried with one panel. Times are seconds since the epoch.

    Attributes:
        at: when, within the window.
        wrong: wrong ones in a row.
        until: no code is taken before.
    """

    at: tuple[float, ...] = ()
    wrong: int = 0
    until: float = 0.0


def wait_s(tries: Tries, now: float) -> float:
    """Seconds until a code is taken, at most the longest wait, whatever the clock was set to. Pure."""
    recent = [at for at in tries.at if 0 <= now - at < WINDOW_S]
    full = recent[-MOST_TRIES] + WINDOW_S - now if len(recent) >= MOST_TRIES else 0.0
    return min(LONGEST_WAIT_S, max(0.0, full, tries.until - now))


def tried(tries: Tries, now: float, right: bool) -> Tries:
    """What is known after one more code. Pure."""
    at = (*tries.at, now)[-MOST_TRIES:]
    if right:
        return Tries(at)
    wrong = tries.wrong + 1
    over = wrong - WRONG_AT_ONCE
    until = now + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(over, 10)) if over >= 0 else 0.0
    return Tries(at, wrong, until)


class GuardedHome:
    """A `HomeExecutor` that bounds how often codes are tried, whoever tries them. Called from any thread.

    Args:
        inner: carries the commands out.
        path: the JSON file that keeps the tries over a restart.
        clock: seconds since the epoch.
    """

    def __init__(self, inner: HomeExecutor, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._inner = inner
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: dict[str, Tries] = load_json(path, _read) or {}

    @property
    def home(self) -> Home:
        """See `HomeExecutor`."""
        return self._inner.home

    def state(self, device_id: str) -> DeviceState:
        """See `HomeExecutor`."""
        return self._inner.state(device_id)

    def act(self, action: Action) -> None:
        """See `HomeExecutor`.

        Raises:
            HomeError: also where no code is taken at present.
        """
        if action.value is None or EFFECTS[action.command].takes != CODE:
            self._inner.act(action)
            return
        # One at a time: else a hundred at once would all come before the first is known to be wrong.
        with self._lock:
            self._try(action)

    def _try(self, action: Action) -> None:
        id_, now = action.device_id, self._clock()
        known = self._tries.get(id_, Tries())
        if wait := wait_s(known, now):
            minutes = math.ceil(wait / 60)
            raise HomeError(
                f"too many codes were tried; try again in {minutes} minute{'s' * (minutes > 1)}",
                code="home.code-wait",
            )
        try:
            self._inner.act(action)
        except HomeError as error:
            if error.code in _WRONG:
                self._keep(id_, tried(known, now, right=False))
            raise
        self._keep(id_, tried(known, now, right=True))

    def _keep(self, panel: str, tries: Tries) -> None:
        self._tries[panel] = tries
        try:
            save_json(self._path, {panel: asdict(one) for panel, one in self._tries.items()})
        except StorageError as error:
            # It holds until the next start.
            log.warning("the tries with codes were not saved: %s", error)


def _read(content: Any) -> dict[str, Tries]:
    return {
        str(panel): Tries(tuple(map(float, row["at"])), int(row["wrong"]), float(row["until"]))
        for panel, row in content.items()
    }

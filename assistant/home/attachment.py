"""An attached connector to a hub: orders go out to it, and its reports come in."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assistant.home.executor import Action
from assistant.home.imported import Skipped
from assistant.home.model import DeviceState, Home
from common.errors import HomeError, Unavailable

#: Said when a command is given while there is no way to the hub.
AWAY = "the hub is away"
#: Commands under way at once; one sentence about a large home gives a few dozen, one after the other.
MAX_PENDING = 32


@dataclass(frozen=True)
class Order:
    """A command on its way to the hub, under a number of its own."""

    id: int
    action: Action


@dataclass
class Pending:
    """An order that a caller waits for."""

    done: threading.Event = field(default_factory=threading.Event)
    error: HomeError | Unavailable | None = None


class Listener(Protocol):
    """What takes the reports of a connector; see the methods of `Attachment`."""

    def take_home(self, attachment: Attachment, home: Home) -> None:
        """From `describe`."""

    def take_states(
        self, attachment: Attachment, states: Mapping[str, DeviceState], unreachable: frozenset[str]
    ) -> None:
        """From `report`."""

    def take_link(self, attachment: Attachment, up: bool, problem: str, skipped: Sequence[Skipped]) -> None:
        """From `link`."""

    def let_go(self, attachment: Attachment) -> None:
        """From `close`."""


class Attachment:
    """One connector while it is attached. Reports after it was closed have no effect."""

    def __init__(self, hub: Listener) -> None:
        self._hub = hub
        self._ready = threading.Condition()
        self._orders: deque[Order] = deque()
        self._pending: dict[int, Pending] = {}
        self._last_id = 0
        self._closed = False

    def describe(self, home: Home) -> None:
        """The hub's home from now on; what cannot be spoken is left out."""
        self._hub.take_home(self, home)

    def report(self, states: Mapping[str, DeviceState], unreachable: frozenset[str] = frozenset()) -> None:
        """States that changed, and devices that the hub does not reach; others stay as they are."""
        self._hub.take_states(self, states, unreachable)

    def link(self, up: bool, problem: str = "", skipped: Sequence[Skipped] = ()) -> None:
        """Whether the hub is reached, if not why, and what of it is not used."""
        self._hub.take_link(self, up, problem, skipped)

    def answer(self, order_id: int, error: HomeError | Unavailable | None) -> None:
        """Take the result of an order; it is ignored if the caller does not wait any more."""
        with self._ready:
            pending = self._pending.pop(order_id, None)
        if pending is not None:
            pending.error = error
            pending.done.set()

    def orders(self) -> Iterator[Order]:
        """Orders as they come, until the attachment is closed."""
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._orders or self._closed)
                if self._closed:
                    return
                order = self._orders.popleft()
            yield order

    def close(self) -> None:
        """Give the place free. May be called twice."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        self._hub.let_go(self)
        self.fail_all()

    # -- what the hub's home calls -------------------------------------------------------------------

    def enqueue(self, action: Action) -> Pending:
        """Put an order in the queue.

        Raises:
            Unavailable: too many are under way already.
        """
        with self._ready:
            if len(self._pending) >= MAX_PENDING:
                raise Unavailable("the hub does not keep up", hint="try again in a moment", code="hub.slow")
            self._last_id += 1
            pending = self._pending[self._last_id] = Pending()
            self._orders.append(Order(self._last_id, action))
            self._ready.notify_all()
            return pending

    def forget(self, pending: Pending) -> None:
        """The caller does not wait any more."""
        with self._ready:
            for id_, waiting in list(self._pending.items()):
                if waiting is pending:
                    del self._pending[id_]
                    self._orders = deque(order for order in self._orders if order.id != id_)

    def fail_all(self) -> None:
        """The hub is away: whatever waits has failed."""
        with self._ready:
            waiting = list(self._pending.values())
            self._pending.clear()
            self._orders.clear()
        for pending in waiting:
            pending.error = Unavailable(AWAY, hint="it went away before it answered", code="hub.away")
            pending.done.set()

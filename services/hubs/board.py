"""The present state of the hub; the uplink takes what has changed. Used in one event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping

from assistant.home.imported import Imported, Skipped
from assistant.home.model import DeviceState, Home
from common.metrics import Counter, Gauge
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.home import home_to_wire, skipped_to_wire, state_to_wire

log = logging.getLogger(__name__)

HUB_UP = Gauge("sotto_hub_up", "Whether the hub is reached")
CHANGES = Counter("sotto_hub_link_changes_total", "Times that the hub was reached, or was lost", ("to",))

#: Most reasons in the log; `sotto home` shows more.
_MAX_LOGGED = 50
#: Devices whose states go into one message.
_MAX_STATES = 200


class Board:
    """Home, states and link. However fast a hub reports, only the newest of each is kept."""

    def __init__(self) -> None:
        self._imported = Imported(Home())
        self._states: dict[str, DeviceState] = {}
        self._unreachable: set[str] = set()
        self._up = False
        self._problem = "the connector has not reached the hub yet"
        self._home_changed = self._link_changed = False
        self._changed: set[str] = set()
        self._news = asyncio.Event()

    @property
    def home(self) -> Home:
        """The home as the driver described it last."""
        return self._imported.home

    @property
    def up(self) -> bool:
        """Whether the hub is reached."""
        return self._up

    def describe(self, imported: Imported) -> None:
        """Set the home, and what of the hub is not used."""
        if imported == self._imported:
            return
        for item in imported.skipped[:_MAX_LOGGED]:
            if item not in self._imported.skipped:
                log.info("not used: %s: %s", item.id, item.reason)
        self._home_changed = self._home_changed or imported.home != self._imported.home
        self._link_changed = self._link_changed or imported.skipped != self._imported.skipped
        self._imported = imported
        known = {device.id for device in imported.home.devices}
        self._states = {id_: state for id_, state in self._states.items() if id_ in known}
        self._unreachable &= known
        self._changed = set(known)
        self._news.set()

    def report(self, states: Mapping[str, DeviceState], unreachable: Iterable[str] = ()) -> None:
        """States of devices, and those that the hub does not reach.

        A state that is as before is reported too: after a command another one may be expected.
        """
        away = set(unreachable)
        self._states.update(states)
        self._unreachable = (self._unreachable - states.keys()) | away
        self._changed |= states.keys() | away
        if self._changed:
            self._news.set()

    def link(self, up: bool, problem: str = "") -> None:
        """Set whether the hub is reached; without a hub no state is known."""
        if (up, problem) == (self._up, self._problem):
            return
        if up != self._up:
            CHANGES.inc("up" if up else "down")
        HUB_UP.set(up)
        self._up, self._problem, self._link_changed = up, problem, True
        if not up:
            self._states.clear()
            self._unreachable.clear()
            self._changed.clear()
        self._news.set()

    async def changed(self) -> None:
        """Wait until there is something to take."""
        await self._news.wait()

    def everything(self) -> list[pb.HomeReport]:
        """Everything, for an assistant that was just reached; without a home that was never described."""
        self._home_changed = bool(self.home.devices) or self._up
        self._link_changed = True
        self._changed = {device.id for device in self.home.devices}
        return self.take()

    def take(self) -> list[pb.HomeReport]:
        """What has changed, in the order in which it must be sent."""
        self._news.clear()
        reports = []
        if self._home_changed:
            reports.append(pb.HomeReport(description=home_to_wire(self.home)))
        if self._up:
            reports += self._state_reports()
        if self._link_changed:
            reports.append(pb.HomeReport(link=self._link_report(self._imported.skipped)))
        self._home_changed = self._link_changed = False
        self._changed.clear()
        return reports

    def _state_reports(self) -> list[pb.HomeReport]:
        states = [
            pb.DeviceState(id=id_, unreachable=True)
            if id_ in self._unreachable
            else pb.DeviceState(id=id_, state=state_to_wire(self._states[id_]))
            for id_ in sorted(self._changed)
            if id_ in self._unreachable or id_ in self._states
        ]
        parts = (states[start : start + _MAX_STATES] for start in range(0, len(states), _MAX_STATES))
        return [pb.HomeReport(states=pb.DeviceStates(devices=part)) for part in parts]

    def _link_report(self, skipped: Iterable[Skipped]) -> pb.HubLink:
        return pb.HubLink(up=self._up, problem=self._problem, skipped=skipped_to_wire(skipped))

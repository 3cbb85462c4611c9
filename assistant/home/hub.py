"""The home of a hub: described, followed and commanded through a connector that attaches itself.

While none is attached the last known home stays in force, so that a command is understood and answered with
"the hub is away".
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.home.attachment import AWAY, Attachment
from assistant.home.executor import Action
from assistant.home.imported import Skipped, tidy
from assistant.home.model import Device, DeviceState, Home
from assistant.home.state import after
from assistant.home.stored import home_from_json, home_to_json
from common.errors import Conflict, HomeError, StorageError, Unavailable
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)

#: Seconds that a hub gets to carry out a command; a lock of a radio network takes about two.
ANSWER_S = 5.0


@dataclass(frozen=True)
class HubStatus:
    """How it stands between the box and the hub.

    Attributes:
        kind, address: as the attached connector reports them; "" without a connector.
        attached_at: when it attached, seconds since the epoch; None without a connector.
        up: whether it reaches the hub, and has described the home.
        changed_at: since when that is so, seconds since the epoch.
        problem: why it does not, in one sentence; empty when it does.
        skipped: what of the hub is not used, and why.
    """

    kind: str = ""
    address: str = ""
    attached_at: float | None = None
    up: bool = False
    changed_at: float = 0.0
    problem: str = ""
    skipped: tuple[Skipped, ...] = ()


class HubHome:
    """A `HomeExecutor` whose devices are a hub's. All methods may be called from any thread.

    Args:
        path: where the last known home is kept; a damaged file is set aside.
        clock: seconds since the epoch.
        answer_s: seconds that the hub gets to carry out a command.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, answer_s: float = ANSWER_S
    ) -> None:
        self._path = path
        self._clock = clock
        self._answer_s = answer_s
        self._lock = threading.RLock()
        self._home = load_json(path, home_from_json) or Home()
        self._devices = {device.id: device for device in self._home.devices}
        self._states: dict[str, DeviceState] = {}
        self._unreachable: frozenset[str] = frozenset()
        #: How often the state of a device was reported: whether a report came since a command.
        self._reports: dict[str, int] = {}
        self._attached: Attachment | None = None
        self._status = HubStatus(changed_at=clock(), problem="no connector is attached")
        self._listeners: tuple[Callable[[], None], ...] = ()

    @property
    def home(self) -> Home:
        """The hub's home as it was described last."""
        with self._lock:
            return self._home

    @property
    def status(self) -> HubStatus:
        """How it stands between the box and the hub."""
        return self._status

    def listen(self, changed: Callable[[], None]) -> None:
        """Call `changed`, in the connector's thread, whenever the home has been described again.

        The new home is published after that, so it may not wait.
        """
        self._listeners = (*self._listeners, changed)

    def attach(self, kind: str, address: str) -> Attachment:
        """Take a connector; there is one at most.

        Args:
            kind: "home-assistant" or "mqtt".
            address: of the hub, for people.

        Raises:
            Conflict: another one is attached.
        """
        with self._lock:
            if self._attached is not None:
                raise Conflict(
                    f"a connector to {self._status.address or 'a hub'} is attached already",
                    hint="one connector at a time; stop the other one first",
                    code="hub.attached",
                )
            self._attached = attachment = Attachment(self)
            now = self._clock()
            problem = "the connector has not reached the hub yet"
            self._status = HubStatus(kind, address, now, False, now, problem)
        log.info("a connector to %s is attached (%s)", address, kind)
        return attachment

    def act(self, action: Action) -> None:
        """Hand `action` to the hub and wait until it has carried it out.

        Raises:
            HomeError: no such device, it cannot do that, or the hub refused it.
            Unavailable: the hub or the device is away, or does not answer in time.
        """
        with self._lock:
            device = self._device(action.device_id)
            state = self._states.get(device.id, DeviceState())
            expected = after(device, state, action, self._home.unit)
            attachment = self._way_to_hub()
            if device.id in self._unreachable:
                raise Unavailable(f"the {device.name} cannot be reached", code="hub.device-away")
            reports = self._reports.get(device.id, 0)
            pending = attachment.enqueue(action)
        if not pending.done.wait(self._answer_s):
            attachment.forget(pending)
            raise Unavailable("the hub does not answer", hint="is it overloaded?", code="hub.slow")
        if pending.error is not None:
            raise pending.error
        with self._lock:
            # What the device itself has reported since is truer than what was to be expected.
            if self._reports.get(device.id, 0) == reports and self._attached is attachment:
                self._states[device.id] = expected

    def state(self, device_id: str) -> DeviceState:
        """What the hub reported last; nothing is known of a device that the hub does not reach.

        Raises:
            HomeError: no such device.
            Unavailable: the hub is away; what was known may be wrong by now.
        """
        with self._lock:
            device = self._device(device_id)
            self._way_to_hub()
            if device.id in self._unreachable:
                return DeviceState()
            return self._states.get(device.id, DeviceState())

    def _device(self, device_id: str) -> Device:
        device = self._devices.get(device_id)
        if device is None:
            raise HomeError(f"there is no device {device_id}", code="home.no-device")
        return device

    def _way_to_hub(self) -> Attachment:
        if self._attached is None or not self._status.up:
            raise Unavailable(AWAY, hint=f"{self._status.problem}; see `sotto home`", code="hub.away")
        return self._attached

    # -- what the attachment calls -------------------------------------------------------------------

    def take_home(self, attachment: Attachment, home: Home) -> None:
        """See `Attachment.describe`."""
        imported = tidy(home)
        with self._lock:
            if self._attached is not attachment:
                return
            changed = imported.home != self._home
            self._home = imported.home
            self._devices = {device.id: device for device in imported.home.devices}
            self._states = {id_: state for id_, state in self._states.items() if id_ in self._devices}
            self._unreachable &= self._devices.keys()
            self._reports = {id_: count for id_, count in self._reports.items() if id_ in self._devices}
            if changed:
                # Nobody sees a home that would be forgotten by a restart now, or that is not understood yet.
                self._save(imported.home)
                for listener in self._listeners:
                    listener()
        if changed:
            log.info("the hub described %d devices", len(imported.home.devices))

    def _save(self, home: Home) -> None:
        try:
            save_json(self._path, home_to_json(home), copy=False)
        except StorageError as error:
            log.warning("the hub's home was not saved: %s", error)

    def take_states(
        self, attachment: Attachment, states: Mapping[str, DeviceState], unreachable: frozenset[str]
    ) -> None:
        """See `Attachment.report`."""
        with self._lock:
            if self._attached is not attachment:
                return
            for id_, state in states.items():
                if id_ in self._devices:
                    self._states[id_] = state
                    self._reports[id_] = self._reports.get(id_, 0) + 1
            reported = states.keys() | unreachable
            self._unreachable = (self._unreachable - reported) | (unreachable & self._devices.keys())

    def take_link(self, attachment: Attachment, up: bool, problem: str, skipped: Sequence[Skipped]) -> None:
        """See `Attachment.link`."""
        with self._lock:
            if self._attached is not attachment:
                return
            before = self._status
            changed_at = before.changed_at if before.up == up else self._clock()
            self._status = HubStatus(
                before.kind, before.address, before.attached_at, up, changed_at, problem, tuple(skipped)
            )
            if not up:
                self._states, self._unreachable = {}, frozenset()
        if not up:
            attachment.fail_all()
        if before.up != up or before.problem != problem:
            log.warning("the hub is %s", "there" if up else f"away: {problem}")

    def let_go(self, attachment: Attachment) -> None:
        """See `Attachment.close`."""
        with self._lock:
            if self._attached is not attachment:
                return
            self._attached = None
            self._states, self._unreachable, self._reports = {}, frozenset(), {}
            self._status = HubStatus(changed_at=self._clock(), problem="no connector is attached")
        log.warning("the connector to the hub has gone")

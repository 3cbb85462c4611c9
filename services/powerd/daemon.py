"""The daemon: a manager, a bus, and one clock that ticks every two seconds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable
from pathlib import Path

from dbus_next.aio.message_bus import MessageBus
from dbus_next.constants import BusType, MessageType, NameFlag, RequestNameReply
from dbus_next.message import Message

from common.errors import Conflict, Denied, InvalidInput, Unavailable
from common.faults import Fault
from common.metrics import Counter
from power.demand import Phase
from power.manager import Manager
from services.daemon.notify import notify
from services.powerd.access import HOLD, PHASE, SWITCH, Access
from services.powerd.bus import Objects
from services.powerd.holds import Holds
from services.powerd.interfaces import NAMES, SOTTO, SOTTO_PATH, interfaces

log = logging.getLogger(__name__)

PHASES = Counter("sotto_power_phases_total", "Phases that the assistant has reported", ("phase",))
#: Seconds between two readings of the sensors; below half of WatchdogSec in the unit.
TICK_S = 2.0
#: Seconds that the bus has for an answer to the first call.
_CONNECT_S = 20.0
#: Seconds from a write until it is read back: an utterance does not wait for that.
_SETTLE_S = 0.1


async def connect() -> MessageBus:
    """The system bus.

    Raises:
        Unavailable: there is none.
    """
    try:
        return await asyncio.wait_for(MessageBus(bus_type=BusType.SYSTEM).connect(), _CONNECT_S)
    except Exception as error:
        raise Unavailable(
            f"the system bus cannot be reached: {error}",
            hint="is dbus running? DBUS_SYSTEM_BUS_ADDRESS names another one",
            code="power.bus",
        ) from error


async def claim_names(bus: MessageBus) -> None:
    """Own all names, or none of them.

    Raises:
        Conflict: another power daemon owns one; nothing has been changed.
    """
    for name in NAMES:
        if await bus.request_name(name, NameFlag.DO_NOT_QUEUE) is not RequestNameReply.PRIMARY_OWNER:
            raise Conflict(
                f"another power daemon owns {name}, so this one ends",
                hint="switch off power-profiles-daemon or tuned-ppd if Sotto is to govern this machine",
                code="power.name-taken",
            )


class Daemon:
    """Serves one manager on one bus.

    Args:
        bus: connected, names claimed.
        manager: governs the machine; its maker closes it.
        profiles: names that can be chosen.
        user: the assistant's.
        remember: file that keeps the chosen profile over a restart; None for none.
        faults: of the owner's profiles.
    """

    def __init__(
        self,
        bus: MessageBus,
        manager: Manager,
        profiles: tuple[str, ...],
        user: str,
        remember: Path | None,
        faults: tuple[Fault, ...] = (),
    ) -> None:
        self.manager = manager
        self.holds = Holds()
        self.profiles = profiles
        self.faults = faults
        self._bus = bus
        self._access = Access(bus, user)
        self._remember = remember
        self._chosen = manager.profile
        self._objects = Objects(bus, interfaces(self))
        self._wake: asyncio.TimerHandle | None = None
        bus.add_message_handler(self._message)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set or the bus goes away.

        Raises:
            Unavailable: the bus has gone.
        """
        await self._bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="AddMatch",
                signature="s",
                body=["type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''"],
            )
        )
        lost = asyncio.ensure_future(self._bus.wait_for_disconnect())
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                self._tick()
                await asyncio.wait({lost, stopped}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED)
                if lost.done():
                    with contextlib.suppress(Exception):
                        lost.result()
                    raise Unavailable(
                        "the system bus has gone", hint="the service starts again", code="power.bus"
                    )
        finally:
            for waiting in (lost, stopped):
                waiting.cancel()
            if self._wake is not None:
                self._wake.cancel()

    async def set_phase(self, message: Message) -> list[object]:
        """A phase from a caller that is not known yet."""
        phase = _phase(message.body[0])
        if not await self._access.allows(message, PHASE):
            raise Denied("only the assistant and administrators report phases", hint="see docs/power.md")
        self._report(phase)
        return []

    async def set_profile(self, message: Message, name: object) -> None:
        """Choose a profile; that ends all holds."""
        if not isinstance(name, str) or name not in self.profiles:
            raise InvalidInput(
                f"there is no profile {str(name)[:40]!r}", hint=f"known: {', '.join(self.profiles)}"
            )
        await self._must(message, SWITCH)
        self._chosen = name
        for hold in self.holds.drop():
            self._objects.signal("ProfileReleased", [hold.cookie])
        self._choose()
        if self._remember is not None:
            try:
                self._remember.write_text(name + "\n")
            except OSError as error:
                log.warning("the profile will be forgotten at a restart: %s", error)

    async def hold(self, message: Message) -> list[object]:
        """A profile for as long as the caller lives."""
        await self._must(message, HOLD)
        profile, reason, application = message.body
        cookie = self.holds.add(profile, reason, application, message.sender)
        self._choose()
        return [cookie]

    async def release(self, message: Message) -> list[object]:
        """A hold of the caller ends."""
        cookie = message.body[0]
        self.holds.release(cookie, message.sender)
        self._objects.signal("ProfileReleased", [cookie])
        self._choose()
        return []

    async def set_action(self, message: Message) -> list[object]:
        """Use one of the mechanisms, or leave it alone."""
        name, enabled = message.body
        await self._must(message, SWITCH)
        self.manager.set_action(name, enabled, time.monotonic())
        self._objects.emit_changes()
        return []

    def _message(self, message: Message) -> Message | bool | None:
        """Every message passes here first; what a sentence waits for is done before anything else."""
        if message.message_type is MessageType.METHOD_CALL:
            if (
                message.member == "SetPhase"
                and message.interface == SOTTO
                and message.path == SOTTO_PATH
                and message.signature == "s"
                and message.body[0] in _PHASES
                and self._access.may_report_at_once(message.sender)
            ):
                self._report(_PHASES[message.body[0]])
                self._objects.reply(message, "", [])
                return True
            return self._objects.handle(message)
        if message.message_type is MessageType.SIGNAL and message.member == "NameOwnerChanged":
            self._left(str(message.body[0]))
        return None

    def _left(self, name: str) -> None:
        self._access.forget(name)
        gone = self.holds.drop(name)
        for hold in gone:
            self._objects.signal("ProfileReleased", [hold.cookie])
        if gone:
            self._choose()

    def _report(self, phase: Phase) -> None:
        now = time.monotonic()
        self.manager.report(phase, now)
        PHASES.inc(str(phase))
        asyncio.get_running_loop().call_later(_SETTLE_S, self._settle)
        self._plan(now)

    def _settle(self) -> None:
        self.manager.settle()
        self._objects.emit_changes()

    def _choose(self) -> None:
        self.manager.choose(self.holds.profile or self._chosen, time.monotonic())
        self._objects.emit_changes()

    def _tick(self) -> None:
        now = time.monotonic()
        self.manager.refresh(now)
        self._plan(now)
        self._objects.emit_changes()
        notify("WATCHDOG=1")

    def _plan(self, now: float) -> None:
        """Wake up when the decision changes by time alone, if that is before the next tick."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        wait = self.manager.next_change(now)
        if wait is not None and wait < TICK_S:
            self._wake = asyncio.get_running_loop().call_later(wait + 0.001, self._due)

    def _due(self) -> None:
        now = time.monotonic()
        self.manager.advance(now)
        self._plan(now)

    async def _must(self, message: Message, action: str) -> None:
        if not await self._access.allows(message, action):
            raise Denied(f"you may not do that ({action})", hint="polkit decides; an administrator may")


_PHASES = {str(phase): phase for phase in Phase}


def _phase(text: str) -> Phase:
    if text not in _PHASES:
        raise InvalidInput(f"there is no phase {text[:40]!r}", hint=f"one of {', '.join(_PHASES)}")
    return _PHASES[text]


def run(
    manager_of: Callable[[], Manager],
    profiles: tuple[str, ...],
    user: str,
    remember: Path | None,
    faults: tuple[Fault, ...],
) -> None:
    """`serve` in a loop of its own; the same arguments and errors."""
    asyncio.run(serve(manager_of, profiles, user, remember, faults))


async def serve(
    manager_of: Callable[[], Manager],
    profiles: tuple[str, ...],
    user: str,
    remember: Path | None,
    faults: tuple[Fault, ...],
) -> None:
    """Connect, claim the names, govern until SIGTERM or SIGINT, and put everything back.

    Raises:
        SottoError: there is no bus, or another power daemon; nothing was changed then.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bus = await connect()
    manager: Manager | None = None
    try:
        await claim_names(bus)
        manager = manager_of()
        notify("READY=1")
        await Daemon(bus, manager, profiles, user, remember, faults).run(stop)
        notify("STOPPING=1")
    finally:
        if manager is not None:
            for failed in manager.close():
                log.warning("not put back: %s", failed)
        with contextlib.suppress(Exception):
            bus.disconnect()

"""Access rules: root and the assistant's user are allowed at once, polkit decides on all others."""

from __future__ import annotations

import logging
import pwd

from dbus_next.aio.message_bus import MessageBus
from dbus_next.constants import MessageFlag, MessageType
from dbus_next.message import Message
from dbus_next.signature import Variant

log = logging.getLogger(__name__)

SWITCH = "org.freedesktop.UPower.PowerProfiles.switch-profile"
HOLD = "org.freedesktop.UPower.PowerProfiles.hold-profile"
PHASE = "org.sotto.Power1.set-phase"
#: Callers whose user is remembered, so that a report of a phase needs no look-up.
_MOST_CALLERS = 256
#: CheckAuthorizationFlags: AllowUserInteraction.
_INTERACTIVE = 1


class Access:
    """Decides on the callers of one bus.

    Args:
        user: the assistant's; if it does not exist, only root may report phases.
    """

    def __init__(self, bus: MessageBus, user: str) -> None:
        self._bus = bus
        self._users: dict[str, int] = {}
        try:
            self._assistant = pwd.getpwnam(user).pw_uid
        except KeyError:
            self._assistant = 0

    def may_report_at_once(self, sender: str) -> bool:
        """Whether `sender` is known to be the assistant or root; false says only that it is not known."""
        return self._users.get(sender) in (0, self._assistant)

    def forget(self, sender: str) -> None:
        """Forget a caller that has left the bus."""
        self._users.pop(sender, None)

    async def allows(self, message: Message, action: str) -> bool:
        """Whether the sender of `message` may do `action`."""
        user = await self._user(message.sender)
        if user == 0 or (action == PHASE and user == self._assistant):
            return True
        return user is not None and await self._polkit(message, action)

    async def _user(self, sender: str) -> int | None:
        if sender in self._users:
            return self._users[sender]
        reply = await self._bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="GetConnectionUnixUser",
                signature="s",
                body=[sender],
            )
        )
        if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
            return None
        if len(self._users) >= _MOST_CALLERS:
            self._users.clear()
        self._users[sender] = int(reply.body[0])
        return self._users[sender]

    async def _polkit(self, message: Message, action: str) -> bool:
        asks = bool(message.flags & MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION)
        reply = await self._bus.call(
            Message(
                destination="org.freedesktop.PolicyKit1",
                path="/org/freedesktop/PolicyKit1/Authority",
                interface="org.freedesktop.PolicyKit1.Authority",
                member="CheckAuthorization",
                signature="(sa{sv})sa{ss}us",
                body=[
                    ["system-bus-name", {"name": Variant("s", message.sender)}],
                    action,
                    {},
                    _INTERACTIVE if asks else 0,
                    "",
                ],
            )
        )
        if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
            log.warning("polkit does not answer, so %s is refused: %s", action, reply.body if reply else "")
            return False
        return bool(reply.body[0][0])

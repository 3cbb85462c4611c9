"""Turning things on and off, which for some is opening, locking, activating, ..."""

from __future__ import annotations

from assistant.home.executor import Command
from assistant.home.model import Device, Domain
from assistant.home.state import first_of
from assistant.skills import slots
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request
from assistant.skills.home_skill import HomeSkill
from assistant.skills.lines import Line, line
from assistant.skills.selection import Selection

#: What "everything" is switched off with; a heating goes on, and doors and blinds are no switches.
EVERYTHING = (Domain.LIGHT, Domain.SWITCH, Domain.FAN, Domain.MEDIA_PLAYER)

_SWITCHED = (
    *(Domain.LIGHT, Domain.SWITCH, Domain.FAN, Domain.CLIMATE),
    *(Domain.HUMIDIFIER, Domain.WATER_HEATER, Domain.SIREN),
)
#: For each kind of device the commands, of which the first that a device can do is taken, and what is said.
_Table = dict[Domain, tuple[tuple[Command, ...], Line]]
_TURNED_ON = line("home.turned_on", "what")
_TURNED_OFF = line("home.turned_off", "what")
_OPENED, _CLOSED = line("home.opened", "what"), line("home.closed", "what")
_STARTED, _SENT_HOME = line("home.started", "what"), line("home.sent_home", "what")
_ON: _Table = {
    **dict.fromkeys(_SWITCHED, ((Command.TURN_ON,), _TURNED_ON)),
    **dict.fromkeys((Domain.COVER, Domain.VALVE), ((Command.OPEN,), _OPENED)),
    **dict.fromkeys((Domain.VACUUM, Domain.LAWN_MOWER), ((Command.START,), _STARTED)),
    Domain.LOCK: ((Command.LOCK,), line("home.locked", "what")),
    Domain.MEDIA_PLAYER: ((Command.TURN_ON, Command.PLAY), _TURNED_ON),
    Domain.SCENE: ((Command.TURN_ON,), line("home.activated", "what")),
    Domain.SCRIPT: ((Command.TURN_ON,), _STARTED),
    Domain.BUTTON: ((Command.PRESS,), line("home.pressed", "what")),
}
_OFF: _Table = {
    **dict.fromkeys(_SWITCHED, ((Command.TURN_OFF,), _TURNED_OFF)),
    **dict.fromkeys((Domain.COVER, Domain.VALVE), ((Command.CLOSE,), _CLOSED)),
    **dict.fromkeys((Domain.VACUUM, Domain.LAWN_MOWER), ((Command.DOCK, Command.STOP), _SENT_HOME)),
    Domain.LOCK: ((Command.UNLOCK,), line("home.unlocked", "what")),
    Domain.MEDIA_PLAYER: ((Command.TURN_OFF, Command.STOP, Command.PAUSE), _TURNED_OFF),
}
_CANNOT_TURN = line("home.cannot_turn", "what")
_NOTHING_TO_SWITCH = line("home.nothing_to_switch", "place")
_TURNED_ON_ALL = line("home.turned_on_all", "kinds", "place")
_TURNED_OFF_ALL = line("home.turned_off_all", "kinds", "place")


def skills(box: SkillContext) -> tuple[HomeSwitchingSkill]:
    """See `discovery`."""
    return (HomeSwitchingSkill(box),)


class HomeSwitchingSkill(HomeSkill):
    """Turns devices on and off.

    Args:
        box: its devices, and what it says.
    """

    def __init__(self, box: SkillContext) -> None:
        super().__init__(
            box,
            {
                "HassTurnOn": lambda request: self._turn(request, _ON),
                "HassTurnOff": lambda request: self._turn(request, _OFF),
            },
        )

    def _turn(self, request: Request, table: _Table) -> Reply:
        # Opening and unlocking more than was meant is worse than asking.
        domain = slots.text(request.slots, "domain")
        opens = (domain == Domain.COVER and table is _ON) or (domain == Domain.LOCK and table is _OFF)
        chosen = self._selector.select(self._executor.home, request, widen=not opens)
        if slots.text(request.slots, "scope") == "everything":
            return self._everything(chosen, table)
        acts, said = self._turned(chosen.devices, table)
        if said is None:
            return Reply(self._text(_CANNOT_TURN, what=chosen.phrase), ok=False)
        return Reply(self._text(said, what=chosen.phrase), acts)

    def _turned(self, devices: tuple[Device, ...], table: _Table) -> tuple[tuple[Act, ...], Line | None]:
        """What turns those that can be turned, and what is said of the first of them."""
        acts: list[Act] = []
        said: Line | None = None
        for device in devices:
            commands, line_ = table.get(device.domain, ((), _CANNOT_TURN))
            command = first_of(device, commands)
            if command is not None:
                acts.append(self._act(device, command))
                said = said or line_
        return tuple(acts), said

    def _everything(self, chosen: Selection, table: _Table) -> Reply:
        devices = tuple(device for device in chosen.devices if device.domain in EVERYTHING)
        acts, said = self._turned(devices, table)
        if said is None:
            return Reply(self._text(_NOTHING_TO_SWITCH, place=chosen.place), ok=False)
        turned = {act.target for act in acts}
        devices = tuple(device for device in devices if device.id in turned)
        if len(devices) == 1:
            return Reply(self._text(said, what=self._words.the(devices[0])), acts)
        counts = [(kind, sum(device.domain == kind for device in devices)) for kind in EVERYTHING]
        nouns = [self._words.several(self._words.noun(kind, None), count) for kind, count in counts if count]
        kinds = self._words.phrases.joined(nouns)
        all_ = _TURNED_ON_ALL if table is _ON else _TURNED_OFF_ALL
        return Reply(self._text(all_, kinds=kinds, place=chosen.place), acts)

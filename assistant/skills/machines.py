"""Vacuums and lawn mowers, and stopping what moves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from assistant.home.executor import Command
from assistant.home.model import Domain
from assistant.home.state import first_of
from assistant.skills import slots
from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request
from assistant.skills.home_skill import HomeSkill
from assistant.skills.lines import Line, line

#: Intent -> the kind of device, the commands of which the first that it can do is taken, and what is said.
_DOES: dict[str, tuple[Domain, tuple[Command, ...], Line]] = {
    "HassVacuumStart": (Domain.VACUUM, (Command.START,), line("machines.cleans", "what")),
    "HassVacuumReturnToBase": (Domain.VACUUM, (Command.DOCK, Command.STOP), line("machines.returns", "what")),
    "SottoVacuumPause": (Domain.VACUUM, (Command.PAUSE, Command.STOP), line("machines.pauses", "what")),
    "SottoVacuumStop": (
        Domain.VACUUM,
        (Command.STOP, Command.PAUSE, Command.DOCK),
        line("machines.stops", "what"),
    ),
    "SottoVacuumLocate": (Domain.VACUUM, (Command.LOCATE,), line("machines.answers", "what")),
    "HassLawnMowerStartMowing": (Domain.LAWN_MOWER, (Command.START,), line("machines.mows", "what")),
    "HassLawnMowerDock": (
        Domain.LAWN_MOWER,
        (Command.DOCK, Command.PAUSE),
        line("machines.returns", "what"),
    ),
    "SottoLawnMowerPause": (Domain.LAWN_MOWER, (Command.PAUSE,), line("machines.pauses", "what")),
    "HassStopMoving": (Domain.COVER, (Command.STOP,), line("machines.stops", "what")),
}
_CLEANS_ROOM = line("machines.cleans_room", "what", "place")
_WHICH_ROOM = line("machines.which_room")


def skills(box: SkillContext) -> tuple[MachineSkill]:
    """See `discovery`."""
    return (MachineSkill(box),)


class MachineSkill(HomeSkill):
    """Starts, pauses and sends home what cleans and mows; stops blinds and valves.

    Args:
        box: its devices, and what it says.
    """

    def __init__(self, box: SkillContext) -> None:
        rows = {intent: partial(self._do, *row) for intent, row in _DOES.items()}
        super().__init__(box, {**rows, "HassVacuumCleanArea": self._clean_area})

    def _do(self, domain: Domain, commands: Sequence[Command], said: Line, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, domain)
        pairs = [(device, command) for device in chosen.devices if (command := first_of(device, commands))]
        if not pairs:
            self._able(chosen, commands[0])
        if domain is not Domain.COVER and len(pairs) > 1:
            raise self._selector.several(tuple(device for device, _ in pairs))
        what = chosen.phrase if len(pairs) > 1 else self._words.the(pairs[0][0])
        return Reply(self._text(said, what=what), tuple(self._act(*pair) for pair in pairs))

    def _clean_area(self, request: Request) -> Reply:
        home = self._executor.home
        name = slots.text(request.slots, "area")
        area = home.area(name or home.box_area or "")
        if area is None and name is not None:
            raise self._selector.unknown(name)
        if area is None:
            return Reply(self._text(_WHICH_ROOM), ok=False)
        # The room is what is cleaned, not where the vacuum stands.
        machine = {key: value for key, value in request.slots.items() if key in ("name", "chosen")}
        chosen = self._selector.select(
            home, Request(request.intent, machine, request.text, request.now), Domain.VACUUM
        )
        able = self._able(chosen, Command.CLEAN_AREA)
        if len(able) > 1:
            able = [device for device in able if device.area == area.id] or able
        if len(able) > 1:
            raise self._selector.several(tuple(able))
        text = self._text(_CLEANS_ROOM, what=self._words.the(able[0]), place=self._words.in_area(area))
        return Reply(text, (self._act(able[0], Command.CLEAN_AREA, area.id),))

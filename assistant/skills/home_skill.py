"""What the skills about the home have in common."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from assistant.home.executor import Action, Command
from assistant.home.model import Device
from assistant.home.state import can
from assistant.home.undo import restore
from assistant.skills.choice import Choice
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request, asking
from assistant.skills.home_words import HomeWords
from assistant.skills.lines import line
from assistant.skills.question import WHICH
from assistant.skills.selection import NothingSelectedError, Selection, Selector, WhichOneError
from assistant.skills.table_skill import Handlers, TableSkill

_CANNOT = line("home.cannot", "name", "ability")
_NONE_CAN = line("home.none_can", "devices", "place", "ability")
#: What a device must be able to do for a command.
_ABILITIES = {
    Command.SET_COLOR: line("home.ability_color"),
    Command.SET_COLOR_TEMPERATURE: line("home.ability_color_temperature"),
    Command.SET_BRIGHTNESS: line("home.ability_brightness"),
    Command.SET_POSITION: line("home.ability_position"),
    Command.SET_SPEED: line("home.ability_speed"),
    Command.SET_TEMPERATURE: line("home.ability_temperature"),
    Command.SET_VOLUME: line("home.ability_volume"),
    Command.MUTE: line("home.ability_mute"),
    Command.UNMUTE: line("home.ability_mute"),
    Command.PLAY_MEDIA: line("home.ability_search"),
    Command.TRANSFER: line("home.ability_transfer"),
    Command.CLEAN_AREA: line("home.ability_clean_area"),
    Command.STOP: line("home.ability_stop"),
    Command.SET_HUMIDITY: line("home.ability_humidity"),
    Command.SET_MODE: line("home.ability_mode"),
    Command.DISARM: line("home.ability_disarm"),
}
_THAT = line("home.ability_that")


class HomeSkill(TableSkill):
    """Answers intents by a table. If no device fits, that is the reply; if too many do, the box asks which.

    Args:
        box: its devices, and what it says.
        handlers: intent -> what answers it.
    """

    def __init__(self, box: SkillContext, handlers: Handlers) -> None:
        super().__init__(handlers)
        self._executor = box.executor
        self._words = HomeWords(box.replies)
        self._text = box.replies.text
        self._selector = Selector(self._words)

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        try:
            return super().handle(request)
        except WhichOneError as several:
            home = self._executor.home
            rooms = {area.id: (area.name, *area.aliases) for area in home.areas}
            choices = tuple(
                Choice(device.id, (device.name, *device.aliases), rooms.get(device.area or "", ()))
                for device in several.devices
            )
            return asking(str(several), request, WHICH, choices=choices)
        except NothingSelectedError as nothing:
            return Reply(str(nothing), ok=False)

    def _able(self, chosen: Selection, command: Command) -> list[Device]:
        """Those that can do it; others in the same room are left alone.

        Raises:
            NothingSelectedError: none can.
        """
        able = [device for device in chosen.devices if can(device, command)]
        if able:
            return able
        ability = self._text(_ABILITIES.get(command, _THAT))
        if len(chosen.devices) == 1:
            name = self._words.bare(chosen.devices[0].spoken_name)
            raise NothingSelectedError(self._text(_CANNOT, name=name, ability=ability))
        text = self._text(_NONE_CAN, devices=chosen.several, place=chosen.place, ability=ability)
        raise NothingSelectedError(text)

    def _acts(
        self, devices: Iterable[Device], command: Command, value: float | str | None = None
    ) -> tuple[Act, ...]:
        """The same command to several devices."""
        return tuple(self._act(device, command, value) for device in devices)

    def _act(
        self, device: Device, command: Command, value: float | str | None = None, detail: str = ""
    ) -> Act:
        """A command to a device, with the way back where there is one."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        action = Action(device.id, command, value, detail)
        name = f"{device.domain.value}.{command.value}"
        restoring = restore(device, self._executor.state(device.id), command)
        undo = partial(self._carry_out, restoring) if restoring else None
        return Act(name, device.id, value, partial(self._executor.act, action), undo)

    def _carry_out(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            self._executor.act(action)

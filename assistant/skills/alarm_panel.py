"""Arming alarm panels, and disarming them with their code."""

from __future__ import annotations

from functools import partial

from assistant.home.executor import Action, Command
from assistant.home.model import Device, Domain, Feature
from assistant.skills import slots
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request, asking
from assistant.skills.home_skill import HomeSkill
from assistant.skills.lines import Line, line
from assistant.skills.selection import Selection

#: Kinds of answer.
CODE = "SottoCode"
ARM_MODE = "SottoArmMode"
#: The slots of the digits of a code, in order. They are never stored (`turn.secrets`).
DIGITS = tuple(f"code_{place}" for place in range(1, 9))

_ARMED: dict[str, tuple[Command, Line]] = {
    "home": (Command.ARM_HOME, line("alarm_panel.armed_home", "what")),
    "away": (Command.ARM_AWAY, line("alarm_panel.armed_away", "what")),
    "night": (Command.ARM_NIGHT, line("alarm_panel.armed_night", "what")),
    "vacation": (Command.ARM_VACATION, line("alarm_panel.armed_vacation", "what")),
}
_DISARMED = line("alarm_panel.disarmed", "what")
_WHICH_CODE = line("alarm_panel.which_code")
_WHICH_MODE = line("alarm_panel.which_mode")
_NO_CODE = line("alarm_panel.no_code", "what")


def skills(box: SkillContext) -> tuple[AlarmPanelSkill]:
    """See `discovery`."""
    return (AlarmPanelSkill(box),)


class AlarmPanelSkill(HomeSkill):
    """Arms and disarms. A panel is disarmed only with a code that was said or typed for it.

    Args:
        box: its devices, and what it says.
    """

    def __init__(self, box: SkillContext) -> None:
        super().__init__(box, {"SottoArmAlarm": self._arm, "SottoDisarmAlarm": self._disarm})

    def _arm(self, request: Request) -> Reply:
        mode = slots.text(request.slots, "mode")
        if mode not in _ARMED:
            return asking(self._text(_WHICH_MODE), request, ARM_MODE)
        command, said = _ARMED[mode]
        device = self._one(self._selector.select(self._executor.home, request, Domain.ALARM_PANEL), command)
        code = _code(request)
        if Feature.CODE not in device.features:
            return Reply(self._text(said, what=self._words.the(device)), (self._act(device, command),))
        return self._with_code(request, device, command, said, code)

    def _disarm(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.ALARM_PANEL)
        if not any(Feature.DISARM in device.features for device in chosen.devices):
            return Reply(self._text(_NO_CODE, what=self._words.the(chosen.devices[0])), ok=False)
        device = self._one(chosen, Command.DISARM)
        return self._with_code(request, device, Command.DISARM, _DISARMED, _code(request))

    def _one(self, chosen: Selection, command: Command) -> Device:
        able = self._able(chosen, command)
        if len(able) > 1:
            raise self._selector.several(tuple(able))
        return able[0]

    def _with_code(self, request: Request, device: Device, command: Command, said: Line, code: str) -> Reply:
        if not code:
            return asking(self._text(_WHICH_CODE), request, CODE)
        # The code is no value of the act, which others may see.
        run = partial(self._executor.act, Action(device.id, command, code))
        act = Act(f"{device.domain.value}.{command.value}", device.id, run=run)
        return Reply(self._text(said, what=self._words.the(device)), (act,))


def _code(request: Request) -> str:
    """The digits that were said; "" for none."""
    return "".join(text for slot in DIGITS if (text := slots.text(request.slots, slot)) is not None)

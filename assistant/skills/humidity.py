"""Humidifiers and dehumidifiers: how humid it is to be, and how they work."""

from __future__ import annotations

from assistant.home.executor import Command
from assistant.home.model import Domain
from assistant.skills import slots
from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request, asking
from assistant.skills.home_setting import HomeSettingSkill
from assistant.skills.lines import line
from assistant.skills.steps import Step, change

#: A kind of answer.
HUMIDITY = "SottoHumidity"
#: "More humid" or "drier", in percent.
STEP = Step(3, 5, 15)

_HOW_HUMID = line("humidity.how_humid")
_IN_MODE = line("humidity.in_mode", "what", "mode")


def skills(box: SkillContext) -> tuple[HumiditySkill]:
    """See `discovery`."""
    return (HumiditySkill(box),)


class HumiditySkill(HomeSettingSkill):
    """Sets humidifiers; modes of water heaters, too.

    Args:
        box: its devices, and what it says.
    """

    def __init__(self, box: SkillContext) -> None:
        super().__init__(box, {"HassHumidifierSetpoint": self._humidity, "HassHumidifierMode": self._mode})

    def _humidity(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.HUMIDIFIER)
        able = self._able(chosen, Command.SET_HUMIDITY)
        percent = slots.number(request.slots, "humidity")
        step = change(request, "humidity_step", STEP)
        if step is not None:
            target = self._executor.state(able[0].id).target_humidity
            percent = None if target is None else target + step
        if percent is None:
            return asking(self._text(_HOW_HUMID), request, HUMIDITY)
        return self._set(chosen, Command.SET_HUMIDITY, percent, self._percent, near=step is not None)

    def _mode(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.HUMIDIFIER)
        mode = slots.text(request.slots, "mode") or ""
        able = self._able(chosen, Command.SET_MODE)
        text = self._text(_IN_MODE, what=chosen.phrase, mode=mode)
        return Reply(text, self._acts(able, Command.SET_MODE, mode))

"""Setting the devices of the home to a value, or to more or less of it."""

from __future__ import annotations

import math

from assistant.home.executor import Command
from assistant.home.model import Domain
from assistant.home.state import value_range
from assistant.skills import slots, steps
from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request, asking
from assistant.skills.home_setting import HomeSettingSkill
from assistant.skills.lines import WordList, line
from assistant.skills.selection import Selection
from assistant.skills.steps import change

#: Kinds of answer: what a light, a cover, a fan and a heating can be set to.
LIGHT_VALUE = "SottoLightValue"
POSITION = "SottoPosition"
SPEED = "SottoSpeed"
DEGREES = "SottoDegrees"
#: Kelvin, where it is not known what a light has.
_NEUTRAL_WHITE = 3500

#: Fan speeds by their names, in percent.
SPEEDS = {"low": 33, "medium": 67, "high": 100}

_MADE = line("home.made", "what", "color")
_DIMMED = line("home.dimmed", "what")
_BRIGHTENED = line("home.brightened", "what")
_WARMED = line("home.warmed", "what")
_COOLED = line("home.cooled", "what")
_HOW_SHOULD_IT_BE = line("home.how_should_it_be")
_HOW_FAR = line("home.how_far")
_HOW_FAST = line("home.how_fast")
_WHAT_TEMPERATURE = line("home.what_temperature")
#: Names of white light; the one that was said is repeated.
_WHITES = WordList("home.whites")


def skills(box: SkillContext) -> tuple[HomeControlSkill]:
    """See `discovery`."""
    return (HomeControlSkill(box),)


class HomeControlSkill(HomeSettingSkill):
    """Sets lights, covers, fans and heatings.

    Args:
        box: its devices, and what it says.
    """

    def __init__(self, box: SkillContext) -> None:
        self._white = box.replies.pattern(_WHITES)
        super().__init__(
            box,
            {
                "HassLightSet": self._light,
                "HassSetPosition": self._position,
                "HassClimateSetTemperature": self._temperature,
                "HassFanSetSpeed": self._speed,
            },
        )

    def _light(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.LIGHT)
        color = slots.text(request.slots, "color")
        kelvin = slots.number(request.slots, "temperature")
        percent = slots.number(request.slots, "brightness")
        brighter = change(request, "brightness_step", steps.BRIGHTNESS)
        warmer = change(request, "warmth_step", steps.COLOR_TEMPERATURE)
        if color is not None:
            text = self._text(_MADE, what=chosen.phrase, color=self._words.color(color))
            return Reply(text, self._acts(self._able(chosen, Command.SET_COLOR), Command.SET_COLOR, color))
        if kelvin is not None:
            white = self._white.search(request.text)
            if white:
                # A name is vague: the nearest white that the lamp has is what is meant.
                return self._set(chosen, Command.SET_COLOR_TEMPERATURE, kelvin, lambda _: white[0], near=True)
            return self._set(chosen, Command.SET_COLOR_TEMPERATURE, kelvin, self._kelvin)
        if percent is not None:
            return self._set(chosen, Command.SET_BRIGHTNESS, percent, self._percent)
        if brighter is not None:
            return self._dim(chosen, brighter)
        if warmer is not None:
            return self._warm(chosen, warmer)
        return asking(self._text(_HOW_SHOULD_IT_BE), request, LIGHT_VALUE)

    def _dim(self, chosen: Selection, step: float) -> Reply:
        acts = []
        for device in self._able(chosen, Command.SET_BRIGHTNESS):
            state = self._executor.state(device.id)
            before = 100 if state.brightness is None else state.brightness
            # Dimming never turns a light off: somebody who wants that says so.
            percent = max(1, before + step) if state.on else steps.BRIGHTNESS.plain
            acts.append(
                self._act(device, Command.SET_BRIGHTNESS, self._near(device, Command.SET_BRIGHTNESS, percent))
            )
        return Reply(self._text(_DIMMED if step < 0 else _BRIGHTENED, what=chosen.phrase), tuple(acts))

    def _warm(self, chosen: Selection, step: float) -> Reply:
        acts = []
        for device in self._able(chosen, Command.SET_COLOR_TEMPERATURE):
            before = self._executor.state(device.id).color_temperature or _NEUTRAL_WHITE
            kelvin = self._near(device, Command.SET_COLOR_TEMPERATURE, before - step)
            acts.append(self._act(device, Command.SET_COLOR_TEMPERATURE, kelvin))
        return Reply(self._text(_WARMED if step > 0 else _COOLED, what=chosen.phrase), tuple(acts))

    def _position(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.COVER)
        percent = slots.number(request.slots, "position")
        if percent is None:
            return asking(self._text(_HOW_FAR), request, POSITION)
        return self._set(chosen, Command.SET_POSITION, percent, self._percent)

    def _speed(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.FAN)
        word = slots.text(request.slots, "speed_word")
        percent = SPEEDS.get(word) if word else slots.number(request.slots, "percentage")
        if percent is None:
            return asking(self._text(_HOW_FAST), request, SPEED)
        if word is not None:
            said = self._words.speed(word)
            return self._set(chosen, Command.SET_SPEED, percent, lambda _: said, near=True)
        return self._set(chosen, Command.SET_SPEED, percent, self._percent)

    def _temperature(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.CLIMATE)
        degrees = slots.number(request.slots, "temperature")
        able = self._able(chosen, Command.SET_TEMPERATURE)
        unit = self._executor.home.unit
        warmer = change(request, "temperature_step", steps.TEMPERATURE[unit])
        if warmer is not None:
            target = self._executor.state(able[0].id).target_temperature
            least = value_range(able[0], Command.SET_TEMPERATURE, unit).step or 0.0
            degrees = None if target is None else target + math.copysign(max(abs(warmer), least), warmer)
        if degrees is None:
            return asking(self._text(_WHAT_TEMPERATURE), request, DEGREES)
        return self._set(chosen, Command.SET_TEMPERATURE, degrees, self._degrees, near=warmer is not None)

"""Commands to the devices of the home."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from assistant.home.executor import Action, Command
from assistant.home.model import Device, Domain
from assistant.home.state import can, takes, value_range
from assistant.home.undo import restore
from assistant.skills import slots, steps
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request, asking
from assistant.skills.home_skill import HomeSkill
from assistant.skills.lines import Line, WordList, line
from assistant.skills.selection import NothingSelectedError, Selection
from assistant.skills.steps import change

#: Kinds of answer: what a light, a cover, a fan and a heating can be set to.
LIGHT_VALUE = "SottoLightValue"
POSITION = "SottoPosition"
SPEED = "SottoSpeed"
DEGREES = "SottoDegrees"
#: Kelvin, where it is not known what a light has.
_NEUTRAL_WHITE = 3500

#: What "everything" is switched off with; a heating goes on, and doors and blinds are no switches.
EVERYTHING = (Domain.LIGHT, Domain.SWITCH, Domain.FAN)
#: Fan speeds by their names, in percent.
SPEEDS = {"low": 33, "medium": 67, "high": 100}

_SWITCHED = (Domain.LIGHT, Domain.SWITCH, Domain.FAN, Domain.CLIMATE)
_Table = dict[Domain, tuple[Command, Line]]
_TURNED_ON = line("home.turned_on", "what")
_TURNED_OFF = line("home.turned_off", "what")
#: What turning something on and off means for it, and what is said of it.
_ON: _Table = {
    **dict.fromkeys(_SWITCHED, (Command.TURN_ON, _TURNED_ON)),
    Domain.COVER: (Command.OPEN, line("home.opened", "what")),
    Domain.LOCK: (Command.LOCK, line("home.locked", "what")),
}
_OFF: _Table = {
    **dict.fromkeys(_SWITCHED, (Command.TURN_OFF, _TURNED_OFF)),
    Domain.COVER: (Command.CLOSE, line("home.closed", "what")),
    Domain.LOCK: (Command.UNLOCK, line("home.unlocked", "what")),
}
_CANNOT_TURN = line("home.cannot_turn", "what")
_NOTHING_TO_SWITCH = line("home.nothing_to_switch", "place")
_TURNED_ON_ALL = line("home.turned_on_all", "kinds", "place")
_TURNED_OFF_ALL = line("home.turned_off_all", "kinds", "place")
_MADE = line("home.made", "what", "color")
_SET_TO = line("home.set_to", "what", "value")
_PERCENT = line("home.percent", "percent")
_KELVIN = line("home.kelvin", "kelvin")
_DEGREES = line("home.degrees", "degrees")
_DIMMED = line("home.dimmed", "what")
_BRIGHTENED = line("home.brightened", "what")
_WARMED = line("home.warmed", "what")
_COOLED = line("home.cooled", "what")
_OUT_OF_RANGE = line("home.out_of_range", "low", "high", "value")
_HOW_SHOULD_IT_BE = line("home.how_should_it_be")
_HOW_FAR = line("home.how_far")
_HOW_FAST = line("home.how_fast")
_WHAT_TEMPERATURE = line("home.what_temperature")
_CANNOT = line("home.cannot", "name", "ability")
_NONE_CAN = line("home.none_can", "what", "ability")
#: What a device must be able to do for a command.
_ABILITIES = {
    Command.SET_COLOR: line("home.ability_color"),
    Command.SET_COLOR_TEMPERATURE: line("home.ability_color_temperature"),
    Command.SET_BRIGHTNESS: line("home.ability_brightness"),
    Command.SET_POSITION: line("home.ability_position"),
    Command.SET_SPEED: line("home.ability_speed"),
    Command.SET_TEMPERATURE: line("home.ability_temperature"),
}
#: Names of white light; the one that was said is repeated.
_WHITES = WordList("home.whites")


def skills(box: SkillContext) -> tuple[HomeControlSkill]:
    """See `discovery`."""
    return (HomeControlSkill(box),)


class HomeControlSkill(HomeSkill):
    """Turns Home Assistant's command intents into actions.

    Args:
        box: its devices, and what it says.
    """

    def __init__(self, box: SkillContext) -> None:
        self._white = box.replies.pattern(_WHITES)
        super().__init__(
            box,
            {
                "HassTurnOn": lambda request: self._turn(request, _ON),
                "HassTurnOff": lambda request: self._turn(request, _OFF),
                "HassLightSet": self._light,
                "HassSetPosition": self._position,
                "HassClimateSetTemperature": self._temperature,
                "HassFanSetSpeed": self._speed,
            },
        )

    def _turn(self, request: Request, table: _Table) -> Reply:
        # Opening and unlocking more than was meant is worse than asking.
        domain = slots.text(request.slots, "domain")
        opens = (domain == Domain.COVER and table is _ON) or (domain == Domain.LOCK and table is _OFF)
        chosen = self._selector.select(self._executor.home, request, widen=not opens)
        if slots.text(request.slots, "scope") == "everything":
            return self._everything(chosen, table)
        devices = [device for device in chosen.devices if device.domain in table]
        if not devices:
            return Reply(self._text(_CANNOT_TURN, what=chosen.phrase), ok=False)
        acts = [self._act(device, table[device.domain][0]) for device in devices]
        return Reply(self._text(table[devices[0].domain][1], what=chosen.phrase), tuple(acts))

    def _everything(self, chosen: Selection, table: _Table) -> Reply:
        devices = [device for device in chosen.devices if device.domain in EVERYTHING]
        if not devices:
            return Reply(self._text(_NOTHING_TO_SWITCH, place=chosen.place), ok=False)
        acts = tuple(self._act(device, table[device.domain][0]) for device in devices)
        if len(devices) == 1:
            said = table[devices[0].domain][1]
            return Reply(self._text(said, what=self._words.the(devices[0])), acts)
        counts = [(kind, sum(device.domain == kind for device in devices)) for kind in EVERYTHING]
        nouns = [self._words.several(self._words.noun(kind, None), count) for kind, count in counts if count]
        kinds = self._words.phrases.joined(nouns)
        said = _TURNED_ON_ALL if table is _ON else _TURNED_OFF_ALL
        return Reply(self._text(said, kinds=kinds, place=chosen.place), acts)

    def _light(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.LIGHT)
        color = slots.text(request.slots, "color")
        kelvin = slots.number(request.slots, "temperature")
        percent = slots.number(request.slots, "brightness")
        brighter = change(request, "brightness_step", steps.BRIGHTNESS)
        warmer = change(request, "warmth_step", steps.COLOR_TEMPERATURE)
        if color is not None:
            text = self._text(_MADE, what=chosen.phrase, color=self._words.color(color))
            acts = [
                self._act(device, Command.SET_COLOR, color)
                for device in self._able(chosen, Command.SET_COLOR)
            ]
            return Reply(text, tuple(acts))
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

    def _set(
        self,
        chosen: Selection,
        command: Command,
        value: float,
        said: Callable[[float], str],
        near: bool = False,
    ) -> Reply:
        """Set a number, of each device the nearest that it takes.

        Args:
            chosen: whose; those that cannot do it are left alone.
            command: with the value.
            value: that was asked for.
            said: how a value is said.
            near: take the nearest value out of the range of a device, too, which is refused otherwise.
        """
        unit = self._executor.home.unit
        able = self._able(chosen, command)
        for device in able:
            if not near and not takes(device, command, value, unit):
                bounds = value_range(device, command, unit)
                high = said(bounds.maximum)
                return Reply(self._text(_OUT_OF_RANGE, low=bounds.minimum, high=high, value=value), ok=False)
        acts = tuple(self._act(device, command, self._near(device, command, value)) for device in able)
        return Reply(self._set_to(chosen, said(self._near(able[0], command, value))), acts)

    def _near(self, device: Device, command: Command, value: float) -> float:
        """The value nearest to `value` that a device takes; whole numbers, but of degrees."""
        unit = self._executor.home.unit
        if value == 0 and takes(device, command, value, unit):
            return 0
        bounds = value_range(device, command, unit)
        nearest = bounds.nearest(value)
        if command is Command.SET_TEMPERATURE:
            return nearest
        # A share above nothing never becomes nothing: "10 percent" does not turn a fan of three speeds off.
        return round(nearest) or math.ceil(bounds.step or 1) if value > 0 else round(nearest)

    def _percent(self, percent: float) -> str:
        return self._text(_PERCENT, percent=percent)

    def _kelvin(self, kelvin: float) -> str:
        return self._text(_KELVIN, kelvin=kelvin)

    def _degrees(self, degrees: float) -> str:
        return self._text(_DEGREES, degrees=degrees)

    def _set_to(self, chosen: Selection, value: str) -> str:
        return self._text(_SET_TO, what=chosen.phrase, value=value)

    def _able(self, chosen: Selection, command: Command) -> list[Device]:
        """Those that can do it; others in the same room are left alone."""
        able = [device for device in chosen.devices if can(device, command)]
        if able:
            return able
        ability = self._text(_ABILITIES[command])
        if len(chosen.devices) == 1:
            name = self._words.bare(chosen.devices[0].spoken_name)
            raise NothingSelectedError(self._text(_CANNOT, name=name, ability=ability))
        raise NothingSelectedError(self._text(_NONE_CAN, what=chosen.phrase, ability=ability))

    def _act(self, device: Device, command: Command, value: float | str | None = None) -> Act:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        action = Action(device.id, command, value)
        name = f"{device.domain.value}.{command.value}"
        restoring = restore(device, self._executor.state(device.id), command)
        undo = partial(self._carry_out, restoring) if restoring else None
        return Act(name, device.id, value, partial(self._executor.act, action), undo)

    def _carry_out(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            self._executor.act(action)

"""Commands to the devices of the home."""

from __future__ import annotations

from functools import partial

from assistant.home.executor import Action, Command
from assistant.home.model import Device, Domain
from assistant.home.state import can, temperature_range
from assistant.home.undo import restore
from assistant.skills import slots
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request
from assistant.skills.home_skill import HomeSkill
from assistant.skills.lines import Line, WordList, line
from assistant.skills.selection import NothingSelectedError, Selection

#: One step of "brighter", "dimmer", "warmer".
BRIGHTNESS_STEP = 25
TEMPERATURE_STEP = {"celsius": 1.0, "fahrenheit": 2.0}

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
_OUT_OF_RANGE = line("home.out_of_range", "low", "high", "degrees")
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
        step = slots.text(request.slots, "brightness_step")
        if color is not None:
            text = self._text(_MADE, what=chosen.phrase, color=self._words.color(color))
            return self._set(chosen, Command.SET_COLOR, color, text)
        if kelvin is not None:
            white = self._white.search(request.text)
            value = white[0] if white else self._text(_KELVIN, kelvin=kelvin)
            return self._set(chosen, Command.SET_COLOR_TEMPERATURE, kelvin, self._set_to(chosen, value))
        if percent is not None:
            text = self._set_to(chosen, self._text(_PERCENT, percent=percent))
            return self._set(chosen, Command.SET_BRIGHTNESS, percent, text)
        if step is not None:
            return self._dim(chosen, -BRIGHTNESS_STEP if step == "down" else BRIGHTNESS_STEP)
        return Reply(self._text(_HOW_SHOULD_IT_BE), ok=False)

    def _dim(self, chosen: Selection, step: int) -> Reply:
        able = self._able(chosen, Command.SET_BRIGHTNESS)
        acts = []
        for device in able:
            state = self._executor.state(device.id)
            before = 100 if state.brightness is None else state.brightness
            # Dimming never turns a light off: somebody who wants that says so.
            percent = max(1, min(100, before + step)) if state.on else BRIGHTNESS_STEP
            acts.append(self._act(device, Command.SET_BRIGHTNESS, percent))
        return Reply(self._text(_DIMMED if step < 0 else _BRIGHTENED, what=chosen.phrase), tuple(acts))

    def _position(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.COVER)
        percent = slots.number(request.slots, "position")
        if percent is None:
            return Reply(self._text(_HOW_FAR), ok=False)
        text = self._set_to(chosen, self._text(_PERCENT, percent=percent))
        return self._set(chosen, Command.SET_POSITION, percent, text)

    def _speed(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.FAN)
        word = slots.text(request.slots, "speed_word")
        percent = SPEEDS.get(word) if word is not None else slots.number(request.slots, "percentage")
        if percent is None:
            return Reply(self._text(_HOW_FAST), ok=False)
        value = self._words.speed(word) if word else self._text(_PERCENT, percent=percent)
        return self._set(chosen, Command.SET_SPEED, percent, self._set_to(chosen, value))

    def _temperature(self, request: Request) -> Reply:
        chosen = self._selector.select(self._executor.home, request, Domain.CLIMATE)
        step = slots.text(request.slots, "temperature_step")
        degrees = slots.number(request.slots, "temperature")
        low, high = temperature_range(self._executor.home.unit)
        able = self._able(chosen, Command.SET_TEMPERATURE)
        if step is not None:
            size = TEMPERATURE_STEP[self._executor.home.unit] * (-1 if step == "down" else 1)
            target = self._executor.state(able[0].id).target_temperature
            degrees = None if target is None else max(low, min(high, target + size))
        if degrees is None:
            return Reply(self._text(_WHAT_TEMPERATURE), ok=False)
        if not low <= degrees <= high:
            text = self._text(_OUT_OF_RANGE, low=low, high=high, degrees=degrees)
            return Reply(text, ok=False)
        acts = tuple(self._act(device, Command.SET_TEMPERATURE, degrees) for device in able)
        return Reply(self._set_to(chosen, self._text(_DEGREES, degrees=degrees)), acts)

    def _set(self, chosen: Selection, command: Command, value: float | str, text: str) -> Reply:
        acts = tuple(self._act(device, command, value) for device in self._able(chosen, command))
        return Reply(text, acts)

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

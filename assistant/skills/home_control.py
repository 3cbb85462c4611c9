"""Commands to the devices of the home."""

from __future__ import annotations

import re
from functools import partial

from assistant.home.executor import Action, Command, HomeExecutor
from assistant.home.model import Device, Domain
from assistant.home.state import can, temperature_range
from assistant.home.undo import restore
from assistant.skills import slots
from assistant.skills.base import Act, Reply, Request
from assistant.skills.home_skill import HomeSkill
from assistant.skills.phrases import figure, joined
from assistant.skills.selection import NOUNS, NothingSelectedError, Selection, bare, select

#: One step of "brighter", "dimmer", "warmer".
BRIGHTNESS_STEP = 25
TEMPERATURE_STEP = {"celsius": 1.0, "fahrenheit": 2.0}

#: What "everything" is switched off with; a heating goes on, and doors and blinds are no switches.
EVERYTHING = (Domain.LIGHT, Domain.SWITCH, Domain.FAN)
#: Fan speeds by their names, in percent.
SPEEDS = {"low": 33, "medium": 67, "high": 100}

_SWITCHED = (Domain.LIGHT, Domain.SWITCH, Domain.FAN, Domain.CLIMATE)
#: Home Assistant's names of white light.
_WHITE = re.compile(r"\b(?:candle light|(?:warm|cold|cool) white|day ?light)\b")
#: What turning something on and off means for it, and the verb that tells it.
_ON: dict[Domain, tuple[Command, str]] = {
    **dict.fromkeys(_SWITCHED, (Command.TURN_ON, "Turned on")),
    Domain.COVER: (Command.OPEN, "Opened"),
    Domain.LOCK: (Command.LOCK, "Locked"),
}
_OFF: dict[Domain, tuple[Command, str]] = {
    **dict.fromkeys(_SWITCHED, (Command.TURN_OFF, "Turned off")),
    Domain.COVER: (Command.CLOSE, "Closed"),
    Domain.LOCK: (Command.UNLOCK, "Unlocked"),
}


class HomeControlSkill(HomeSkill):
    """Turns Home Assistant's command intents into actions.

    Args:
        executor: what knows the devices and carries the actions out.
    """

    def __init__(self, executor: HomeExecutor) -> None:
        self._executor = executor
        super().__init__(
            {
                "HassTurnOn": lambda request: self._turn(request, _ON),
                "HassTurnOff": lambda request: self._turn(request, _OFF),
                "HassLightSet": self._light,
                "HassSetPosition": self._position,
                "HassClimateSetTemperature": self._temperature,
                "HassFanSetSpeed": self._speed,
            }
        )

    def _turn(self, request: Request, table: dict[Domain, tuple[Command, str]]) -> Reply:
        # Opening and unlocking more than was meant is worse than asking.
        domain = slots.text(request.slots, "domain")
        opens = (domain == Domain.COVER and table is _ON) or (domain == Domain.LOCK and table is _OFF)
        chosen = select(self._executor.home, request, widen=not opens)
        if slots.text(request.slots, "scope") == "everything":
            return self._everything(chosen, table)
        devices = [device for device in chosen.devices if device.domain in table]
        if not devices:
            return Reply(f"I cannot turn {chosen.phrase} on or off.", ok=False)
        acts = [self._act(device, table[device.domain][0]) for device in devices]
        return Reply(f"{table[devices[0].domain][1]} {chosen.phrase}.", tuple(acts))

    def _everything(self, chosen: Selection, table: dict[Domain, tuple[Command, str]]) -> Reply:
        devices = [device for device in chosen.devices if device.domain in EVERYTHING]
        place = f" {chosen.place}" if chosen.place else ""
        if not devices:
            return Reply(f"There is nothing to switch{place}.", ok=False)
        verb = table[devices[0].domain][1]
        acts = tuple(self._act(device, table[device.domain][0]) for device in devices)
        if len(devices) == 1:
            return Reply(f"{verb} the {bare(devices[0].name)}.", acts)
        kinds = [NOUNS[kind][1] for kind in EVERYTHING if any(device.domain == kind for device in devices)]
        return Reply(f"{verb} all {joined(kinds)}{place}.", acts)

    def _light(self, request: Request) -> Reply:
        chosen = select(self._executor.home, request, Domain.LIGHT)
        color = slots.text(request.slots, "color")
        kelvin = slots.number(request.slots, "temperature")
        percent = slots.number(request.slots, "brightness")
        step = slots.text(request.slots, "brightness_step")
        if color is not None:
            text = f"Made {chosen.phrase} {color}."
            return self._set(chosen, Command.SET_COLOR, color, "change color", text)
        if kelvin is not None:
            spoken = _WHITE.search(request.text)
            text = f"Set {chosen.phrase} to {spoken[0] if spoken else f'{figure(kelvin)} kelvin'}."
            return self._set(chosen, Command.SET_COLOR_TEMPERATURE, kelvin, "change color temperature", text)
        if percent is not None:
            text = f"Set {chosen.phrase} to {figure(percent)} percent."
            return self._set(chosen, Command.SET_BRIGHTNESS, percent, "be dimmed", text)
        if step is not None:
            return self._dim(chosen, -BRIGHTNESS_STEP if step == "down" else BRIGHTNESS_STEP)
        return Reply("How should it be?", ok=False)

    def _dim(self, chosen: Selection, step: int) -> Reply:
        able = self._able(chosen, Command.SET_BRIGHTNESS, "be dimmed")
        acts = []
        for device in able:
            state = self._executor.state(device.id)
            before = 100 if state.brightness is None else state.brightness
            # Dimming never turns a light off: somebody who wants that says so.
            percent = max(1, min(100, before + step)) if state.on else BRIGHTNESS_STEP
            acts.append(self._act(device, Command.SET_BRIGHTNESS, percent))
        verb = "Dimmed" if step < 0 else "Brightened"
        return Reply(f"{verb} {chosen.phrase}.", tuple(acts))

    def _position(self, request: Request) -> Reply:
        chosen = select(self._executor.home, request, Domain.COVER)
        percent = slots.number(request.slots, "position")
        if percent is None:
            return Reply("How far?", ok=False)
        text = f"Set {chosen.phrase} to {figure(percent)} percent."
        return self._set(chosen, Command.SET_POSITION, percent, "be moved part of the way", text)

    def _speed(self, request: Request) -> Reply:
        chosen = select(self._executor.home, request, Domain.FAN)
        word = slots.text(request.slots, "speed_word")
        percent = SPEEDS.get(word) if word is not None else slots.number(request.slots, "percentage")
        if percent is None:
            return Reply("How fast?", ok=False)
        text = f"Set {chosen.phrase} to {word or f'{figure(percent)} percent'}."
        return self._set(chosen, Command.SET_SPEED, percent, "change speed", text)

    def _temperature(self, request: Request) -> Reply:
        chosen = select(self._executor.home, request, Domain.CLIMATE)
        step = slots.text(request.slots, "temperature_step")
        degrees = slots.number(request.slots, "temperature")
        low, high = temperature_range(self._executor.home.unit)
        able = self._able(chosen, Command.SET_TEMPERATURE, "be set to a temperature")
        if step is not None:
            size = TEMPERATURE_STEP[self._executor.home.unit] * (-1 if step == "down" else 1)
            target = self._executor.state(able[0].id).target_temperature
            degrees = None if target is None else max(low, min(high, target + size))
        if degrees is None:
            return Reply("To what temperature?", ok=False)
        if not low <= degrees <= high:
            text = f"I can set {low:g} to {high:g} degrees, not {figure(degrees)}."
            return Reply(text, ok=False)
        acts = tuple(self._act(device, Command.SET_TEMPERATURE, degrees) for device in able)
        return Reply(f"Set {chosen.phrase} to {figure(degrees)} degrees.", acts)

    # -- pieces --------------------------------------------------------------------------------------

    def _set(self, chosen: Selection, command: Command, value: float | str, ability: str, text: str) -> Reply:
        able = self._able(chosen, command, ability)
        acts = tuple(self._act(device, command, value) for device in able)
        return Reply(text, acts)

    def _able(self, chosen: Selection, command: Command, ability: str) -> list[Device]:
        """Those that can do it; others in the same room are left alone."""
        able = [device for device in chosen.devices if can(device, command)]
        if able:
            return able
        one = len(chosen.devices) == 1
        who = f"The {bare(chosen.devices[0].name)}" if one else f"None of {chosen.phrase}"
        raise NothingSelectedError(f"{who} {'cannot' if one else 'can'} {ability}.")

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

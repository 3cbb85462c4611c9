"""Questions about the state of the home."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from assistant.home.executor import HomeExecutor
from assistant.home.model import Device, DeviceState, Domain
from assistant.skills import slots
from assistant.skills.base import Reply, Request
from assistant.skills.home_skill import HomeSkill
from assistant.skills.phrases import capitalised, count_of, figure, joined
from assistant.skills.selection import NothingSelectedError, Selection, bare, select

#: More names than this nobody wants to hear.
_MAX_NAMES = 6
_OUTSIDE = re.compile(r"\b(?:outside|outdoors?|garden|balcony|terrace)\b")
#: States a house is left in.
_RESTING = ("off", "closed", "locked")


class Form(Enum):
    """How a question about several devices is put; no slot tells, only the words."""

    ANY = "any"
    ALL = "all"
    WHICH = "which"
    HOW_MANY = "how many"


def form_of(text: str, state: str) -> Form:
    """ "which lights are on" -> WHICH, "are all doors locked" -> ALL, ...

    "Are the doors locked" wants to know about all of them, "are the lights on" about any.
    """
    if re.search(r"\bhow many\b", text):
        return Form.HOW_MANY
    if re.search(r"\b(?:which|what)\b", text):
        return Form.WHICH
    if re.search(r"\b(?:all|every|each)\b", text):
        return Form.ALL
    some = re.search(r"\b(?:any|some)\b", text)
    return Form.ALL if state in _RESTING and not some else Form.ANY


class HomeQuestionSkill(HomeSkill):
    """Answers what state devices are in.

    Args:
        executor: what knows the devices and their state.
    """

    def __init__(self, executor: HomeExecutor) -> None:
        self._executor = executor
        super().__init__(
            {
                "HassGetState": self._state,
                "HassClimateGetTemperature": self._temperature,
            }
        )

    def _state(self, request: Request) -> Reply:
        chosen = select(self._executor.home, request)
        asked = slots.text(request.slots, "state")
        if asked is None:
            return Reply(capitalised(joined([self._told(device) for device in chosen.devices])) + ".")
        if chosen.named:
            device = chosen.devices[0]
            state = self._executor.state(device.id)
            word = _word(device, state)
            if word is None:
                return Reply(f"I do not know whether the {bare(device.name)} is {asked}.", ok=False)
            return Reply(f"{'Yes' if word == asked else 'No'}, the {bare(device.name)} is {word}.")
        return self._several(chosen, asked, form_of(request.text, asked))

    def _several(self, chosen: Selection, asked: str, form: Form) -> Reply:
        states = [(device, _word(device, self._executor.state(device.id))) for device in chosen.devices]
        yes = [device for device, word in states if word == asked]
        no = [device for device, word in states if word != asked]
        place = f" {chosen.place}" if chosen.place else ""
        if form is Form.HOW_MANY:
            number = capitalised(count_of(len(yes), chosen.singular, chosen.noun))
            return Reply(f"{number} {_are(yes)} {asked}{place}.")
        if form is Form.ALL and not no:
            return Reply(f"Yes, all {chosen.noun} are {asked}{place}.")
        if form is Form.ALL:
            return Reply(f"No, {_names(no, chosen)} {_are(no)} not {asked}.")
        if not yes:
            answer = "No, no" if form is Form.ANY else "No"
            return Reply(f"{answer} {chosen.noun} are {asked}{place}.")
        names = _names(yes, chosen)
        if form is Form.WHICH:
            return Reply(f"{capitalised(names)} {_are(yes)} {asked}.")
        return Reply(f"Yes, {names} {_are(yes)} {asked}.")

    def _temperature(self, request: Request) -> Reply:
        name = slots.text(request.slots, "name")
        if name is not None:
            chosen = select(self._executor.home, request)
            device = chosen.devices[0]
            value = self._measured(device)
            if value is None:
                return Reply(f"The {bare(device.name)} does not tell its temperature.", ok=False)
            return Reply(f"The {bare(device.name)} says {figure(value)} degrees.")
        if slots.text(request.slots, "place") == "outside":
            return self._outside()
        area = slots.text(request.slots, "area")
        room = self._executor.home.area(area or self._executor.home.box_area or "")
        if room is None and (area is not None or slots.text(request.slots, "floor") is not None):
            raise NothingSelectedError(f"I do not know of any {bare(area or 'such floor')}.")
        for device in self._thermometers():
            value = self._measured(device)
            if value is not None and (room is None or device.area == room.id):
                where = room or self._executor.home.area(device.area or "")
                place = f" in the {bare(where.name)}" if where is not None else ""
                return Reply(f"It's {figure(value)} degrees{place}.")
        place = f" in the {bare(room.name)}" if room is not None else ""
        return Reply(f"There is no thermometer{place}.", ok=False)

    def _outside(self) -> Reply:
        """The thermometer whose name says that it hangs outside."""
        for device in self._thermometers():
            names = " ".join((device.name, *device.aliases)).lower()
            if _OUTSIDE.search(names) and (value := self._measured(device)) is not None:
                return Reply(f"It's {figure(value)} degrees outside.")
        return Reply("There is no thermometer outside.", ok=False)

    def _thermometers(self) -> Sequence[Device]:
        """Sensors first: they measure where people are, heatings where they hang."""
        sensors = [d for d in self._executor.home.devices if d.device_class == "temperature"]
        return [*sensors, *(d for d in self._executor.home.devices if d.domain is Domain.CLIMATE)]

    def _measured(self, device: Device) -> float | None:
        state = self._executor.state(device.id)
        if device.domain is Domain.CLIMATE:
            return state.current_temperature
        if device.device_class == "temperature" and not isinstance(state.value, str):
            return state.value
        return None

    def _told(self, device: Device) -> str:
        state = self._executor.state(device.id)
        name = f"the {bare(device.name)}"
        if device.domain is Domain.SENSOR:
            if state.value is None:
                return f"{name} is not known"
            value = state.value if isinstance(state.value, str) else figure(state.value)
            return f"{name} is {value} {device.unit}".rstrip()
        if device.domain is Domain.CLIMATE:
            return f"{name} {_climate(state)}"
        word = _word(device, state) or "in a state I do not know"
        return f"{name} is {word}{_detail(device, state)}"


def _word(device: Device, state: DeviceState) -> str | None:
    """The state in the words of the grammar's lists: on, off, open, closed, locked, unlocked."""
    match device.domain:
        case Domain.COVER:
            return None if state.position is None else ("open" if state.position else "closed")
        case Domain.LOCK:
            return None if state.locked is None else ("locked" if state.locked else "unlocked")
        case Domain.SENSOR:
            return None if state.value is None else str(state.value)
        case _:
            return None if state.on is None else ("on" if state.on else "off")


def _detail(device: Device, state: DeviceState) -> str:
    if device.domain is Domain.LIGHT and state.on and state.brightness is not None:
        return f", at {state.brightness} percent"
    if device.domain is Domain.FAN and state.on and state.speed is not None:
        return f", at {state.speed} percent"
    if device.domain is Domain.COVER and state.position is not None and 0 < state.position < 100:
        return f", at {state.position} percent"
    return ""


def _climate(state: DeviceState) -> str:
    if state.on is False:
        return "is off"
    parts = []
    if state.target_temperature is not None:
        parts.append(f"is set to {figure(state.target_temperature)} degrees")
    if state.current_temperature is not None:
        parts.append(f"measures {figure(state.current_temperature)}")
    return joined(parts) or "is on"


def _names(devices: Sequence[Device], chosen: Selection) -> str:
    if len(devices) > _MAX_NAMES:
        return count_of(len(devices), chosen.singular, chosen.noun)
    return joined([f"the {bare(device.name)}" for device in devices])


def _are(devices: Sequence[Device]) -> str:
    """ "is" or "are"; a single device may itself be several: "the garden lights are on"."""
    plural = len(devices) != 1 or re.search(r"(?:[^s]s)$", devices[0].name.lower())
    return "are" if plural else "is"

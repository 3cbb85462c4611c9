"""Questions about the state of the home."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import partial

from assistant.home.kinds import asked_word, is_kind, is_said, opens, state_word
from assistant.home.model import Device, Domain
from assistant.skills import slots
from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request
from assistant.skills.home_reports import HomeReports
from assistant.skills.home_skill import HomeSkill
from assistant.skills.lines import Line, WordList, line
from assistant.skills.selection import NothingSelectedError, Selection

#: Up to so many devices are named; more are counted.
_MAX_NAMES = 6
#: Kinds of device of which a home mostly has one: "is the vacuum cleaning" is about that one.
_SINGLE = frozenset(
    {Domain.VACUUM, Domain.LAWN_MOWER, Domain.ALARM_PANEL, Domain.HUMIDIFIER, Domain.WATER_HEATER}
)
#: States a house is left in.
_RESTING = ("off", "closed", "locked", "dry", "normal")

_STATES = line("home.states", "states")
_NOT_KNOWN_WHETHER = line("home.not_known_whether", "what", "state")
_YES = line("home.yes", "count", "what", "state")
_NO = line("home.no", "count", "what", "state")
_HOW_MANY = line("home.how_many", "count", "devices", "state", "place")
_SOME_ARE_NOT = line("home.some_are_not", "count", "devices", "state")
_THOSE_ARE = line("home.those_are", "count", "devices", "state")
_YES_THOSE_ARE = line("home.yes_those_are", "count", "devices", "state")
#: What is said where all are so, where none is, and where none is and somebody asked whether any.
_Ends = tuple[Line, Line, Line]
_OF_KIND: _Ends = (
    line("home.all_are", "devices", "state", "place"),
    line("home.none_are", "devices", "state", "place"),
    line("home.no_none_are", "devices", "state", "place"),
)
_OF_EVERYTHING: _Ends = (
    line("home.everything_is", "state", "place"),
    line("home.nothing_is", "state", "place"),
    line("home.no_nothing_is", "state", "place"),
)
_OF_PEOPLE: _Ends = (
    line("home.everybody_is", "state"),
    line("home.nobody_is", "state"),
    line("home.no_nobody_is", "state"),
)
_DETECTED = line("home.detected", "count", "devices")
_YES_DETECTED = line("home.yes_detected", "count", "devices")
_NOTHING_DETECTED = line("home.nothing_detected", "place")
_NO_NOTHING_DETECTED = line("home.no_nothing_detected", "place")
_NO_TEMPERATURE = line("home.no_temperature", "name")
_MEASURES = line("home.measures", "name", "degrees")
_TEMPERATURE = line("home.temperature", "degrees", "place")
_NO_THERMOMETER = line("home.no_thermometer", "place")
_OUTSIDE = line("home.outside")
_UNKNOWN_FLOOR = line("home.unknown_floor")

#: How a question is put; no slot says it, only the words.
_HOW_MANY_WORDS = WordList("home.how_many")
_WHICH_WORDS = WordList("home.which")
_ALL_WORDS = WordList("home.all")
_SOME_WORDS = WordList("home.some")
#: Words in the name of a thermometer that hangs outside.
_OUTSIDE_WORDS = WordList("home.outside")


def skills(box: SkillContext) -> tuple[HomeQuestionSkill]:
    """See `discovery`."""
    return (HomeQuestionSkill(box),)


class Form(Enum):
    """How a question about several devices is put."""

    ANY = "any"
    ALL = "all"
    WHICH = "which"
    HOW_MANY = "how many"


class HomeQuestionSkill(HomeSkill):
    """Answers what state devices are in.

    Args:
        box: its devices, and what it says.
    """

    def __init__(self, box: SkillContext) -> None:
        asks = (_HOW_MANY_WORDS, _WHICH_WORDS, _ALL_WORDS, _SOME_WORDS)
        self._asks = {words: box.replies.pattern(words) for words in asks}
        self._outside_words = box.replies.pattern(_OUTSIDE_WORDS)
        super().__init__(
            box,
            {
                "HassGetState": self._state,
                "HassClimateGetTemperature": self._temperature,
            },
        )
        self._reports = HomeReports(self._words)

    def _state(self, request: Request) -> Reply:
        asked = slots.text(request.slots, "state")
        everything = slots.text(request.slots, "scope") == "everything"
        about = opens if everything else partial(_is_asked, said=request.slots)
        chosen = self._selector.select(self._executor.home, request, asked=about)
        if asked is None:
            states = self._words.phrases.joined(
                [
                    self._reports.of(device, self._executor.state(device.id), request.now)
                    for device in chosen.devices
                ]
            )
            return Reply(self._text(_STATES, states=states))
        if chosen.named or (len(chosen.devices) == 1 and chosen.devices[0].domain in _SINGLE):
            return self._named(chosen.devices[0], asked)
        form = self._form(request.text, asked)
        if asked == "detected":
            return self._detected(chosen, form)
        ends = _OF_EVERYTHING if everything else _OF_KIND
        if slots.text(request.slots, "domain") == Domain.PERSON:
            ends = _OF_PEOPLE
        return self._several(chosen, asked, form, ends)

    def _named(self, device: Device, asked: str) -> Reply:
        value = state_word(device, self._executor.state(device.id))
        asked = asked_word(device, asked)
        what = self._words.the(device)
        if value is None:
            text = self._text(_NOT_KNOWN_WHETHER, what=what, state=self._reports.state(device, asked))
            return Reply(text, ok=False)
        said = _YES if is_said(value, asked) else _NO
        count = self._words.verb_count([device])
        return Reply(self._text(said, count=count, what=what, state=self._reports.state(device, value)))

    def _form(self, text: str, state: str) -> Form:
        """ "which lights are on" -> WHICH, "are all doors locked" -> ALL, ...

        "Are the doors locked" wants to know about all of them, "are the lights on" about any.
        """
        if self._asks[_HOW_MANY_WORDS].search(text):
            return Form.HOW_MANY
        if self._asks[_WHICH_WORDS].search(text):
            return Form.WHICH
        if self._asks[_ALL_WORDS].search(text):
            return Form.ALL
        return Form.ALL if state in _RESTING and not self._asks[_SOME_WORDS].search(text) else Form.ANY

    def _detected(self, chosen: Selection, form: Form) -> Reply:
        """Whether there is motion, smoke, ...: what the sensors notice, not what state they are in."""
        noticed = [d for d in chosen.devices if state_word(d, self._executor.state(d.id)) == "detected"]
        place = chosen.place
        if not noticed:
            return Reply(
                self._text(_NOTHING_DETECTED if form is Form.WHICH else _NO_NOTHING_DETECTED, place=place)
            )
        said = _DETECTED if form is Form.WHICH else _YES_DETECTED
        return Reply(self._text(said, count=len(noticed), devices=self._names(noticed, chosen)))

    def _several(self, chosen: Selection, asked: str, form: Form, ends: _Ends) -> Reply:
        states = [(device, state_word(device, self._executor.state(device.id))) for device in chosen.devices]
        known = [(device, value) for device, value in states if value is not None]
        yes = [device for device, value in known if is_said(value, asked_word(device, asked))]
        no = [device for device, value in known if device not in yes]
        unknown = [self._words.the(device) for device, value in states if value is None]
        state = self._reports.state(chosen.devices[0], asked_word(chosen.devices[0], asked))
        place = chosen.place
        if form is Form.HOW_MANY:
            number = self._words.counted(len(yes), chosen.noun)
            count = self._words.verb_count(yes)
            return Reply(self._text(_HOW_MANY, count=count, devices=number, state=state, place=place))
        if form is Form.ALL and not no and unknown:
            return Reply(self._text(_NOT_KNOWN_WHETHER, what=unknown[0], state=state), ok=False)
        if (form is Form.ALL and not no) or (form is not Form.ALL and not yes):
            end = ends[0] if form is Form.ALL else ends[1 if form is Form.WHICH else 2]
            values = {"devices": chosen.several, "state": state, "place": place}
            return Reply(self._text(end, **{name: values[name] for name in values if name in end.values}))
        if form is Form.ALL:
            count = self._words.verb_count(no)
            names = self._names(no, chosen)
            return Reply(self._text(_SOME_ARE_NOT, count=count, devices=names, state=state))
        those = _THOSE_ARE if form is Form.WHICH else _YES_THOSE_ARE
        count = self._words.verb_count(yes)
        return Reply(self._text(those, count=count, devices=self._names(yes, chosen), state=state))

    def _names(self, devices: Sequence[Device], chosen: Selection) -> str:
        if len(devices) > _MAX_NAMES:
            return self._words.counted(len(devices), chosen.noun)
        return self._words.phrases.joined([self._words.the(device) for device in devices])

    def _temperature(self, request: Request) -> Reply:
        name = slots.text(request.slots, "name")
        if name is not None:
            chosen = self._selector.select(self._executor.home, request)
            device = chosen.devices[0]
            value = self._measured(device)
            name = self._words.bare(device.spoken_name)
            if value is None:
                return Reply(self._text(_NO_TEMPERATURE, name=name), ok=False)
            return Reply(self._text(_MEASURES, name=name, degrees=value))
        if slots.text(request.slots, "place") == "outside":
            return self._outside()
        area = slots.text(request.slots, "area")
        room = self._executor.home.area(area or self._executor.home.box_area or "")
        if room is None and area is not None:
            raise self._selector.unknown(area)
        if room is None and slots.text(request.slots, "floor") is not None:
            raise NothingSelectedError(self._text(_UNKNOWN_FLOOR))
        for device in self._thermometers():
            value = self._measured(device)
            if value is not None and (room is None or device.area == room.id):
                where = room or self._executor.home.area(device.area or "")
                place = self._words.in_area(where) if where is not None else ""
                return Reply(self._text(_TEMPERATURE, degrees=value, place=place))
        place = self._words.in_area(room) if room is not None else ""
        return Reply(self._text(_NO_THERMOMETER, place=place), ok=False)

    def _outside(self) -> Reply:
        """The thermometer whose name says that it hangs outside."""
        for device in self._thermometers():
            names = " ".join((device.name, *device.aliases)).lower()
            if self._outside_words.search(names) and (value := self._measured(device)) is not None:
                return Reply(self._text(_TEMPERATURE, degrees=value, place=self._text(_OUTSIDE)))
        return Reply(self._text(_NO_THERMOMETER, place=self._text(_OUTSIDE)), ok=False)

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


def _is_asked(device: Device, said: slots.Slots) -> bool:
    return is_kind(device, slots.text(said, "domain"), slots.text(said, "device_class"), asked=True)

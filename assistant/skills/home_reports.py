"""What a device tells of itself, in words: "the kitchen light is on, at 40 percent"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from assistant.home.kinds import WATCHERS, state_word
from assistant.home.model import Device, DeviceState, Domain
from assistant.skills.home_words import HomeWords
from assistant.skills.lines import line

_IS = line("home.is", "what", "state")
_IS_AT = line("home.is_at", "what", "state", "percent")
_STATE_UNKNOWN = line("home.state_unknown")
_AT = line("home.at_zone", "zone")
_WHEREABOUTS_UNKNOWN = line("home.whereabouts_unknown", "what")
_VALUE = line("home.value", "what", "value", "unit")
_MOMENT = line("home.moment", "day", "time")
_VALUE_UNKNOWN = line("home.value_unknown", "what")
#: Of what is set to a value and measures it: a heating, a water heater, a humidifier.
_SET = line("home.climate", "what", "how")
_OFF = line("home.climate_off")
_ON = line("home.climate_on")
_TARGET = line("home.climate_target", "degrees")
_MEASURES = line("home.climate_measures", "degrees")
_TARGET_HUMIDITY = line("home.humidity_target", "percent")
_MEASURES_HUMIDITY = line("home.humidity_measures", "percent")


class HomeReports:
    """Puts the state of a device into words.

    Args:
        words: what devices and states are called.
    """

    def __init__(self, words: HomeWords) -> None:
        self._words = words
        self._text = words.text
        self._of: dict[Domain, Callable[[Device, DeviceState, datetime], str]] = {
            **dict.fromkeys(WATCHERS, self._sensor),
            Domain.PERSON: self._person,
            **dict.fromkeys((Domain.CLIMATE, Domain.WATER_HEATER, Domain.HUMIDIFIER), self._regulated),
        }

    def of(self, device: Device, state: DeviceState, now: datetime) -> str:
        """ "the kitchen light is on, at 40 percent", "the humidity is 58 %"; `now` is aware."""
        return self._of.get(device.domain, self._plain)(device, state, now)

    def state(self, device: Device, word: str) -> str:
        """A state in words: "open"; of a person "at home", "at Work"."""
        if device.domain is Domain.PERSON and word not in ("home", "away"):
            return self._text(_AT, zone=word)
        return self._words.state(word)

    def _person(self, device: Device, state: DeviceState, _now: datetime) -> str:
        what = self._words.the(device)
        if state.activity is None:
            return self._text(_WHEREABOUTS_UNKNOWN, what=what)
        return self._text(_IS, what=what, state=self.state(device, state.activity))

    def _plain(self, device: Device, state: DeviceState, _now: datetime) -> str:
        what = self._words.the(device)
        value = state_word(device, state)
        said = self._text(_STATE_UNKNOWN) if value is None else self._words.state(value)
        percent = _percent(device, state)
        if percent is None:
            return self._text(_IS, what=what, state=said)
        return self._text(_IS_AT, what=what, state=said, percent=percent)

    def _sensor(self, device: Device, state: DeviceState, now: datetime) -> str:
        what, value = self._words.the(device), state.value
        if value is None:
            return self._text(_VALUE_UNKNOWN, what=what)
        if isinstance(value, str):
            return self._text(
                _IS, what=what, state=self._moment(device, value, now) or self._words.state(value)
            )
        return self._text(_VALUE, what=what, value=value, unit=device.unit)

    def _moment(self, device: Device, value: str, now: datetime) -> str:
        """A date or a time that a sensor tells, as people say it; "" for any other value."""
        if device.device_class not in ("date", "timestamp"):
            return ""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return ""
        phrases = self._words.phrases
        if device.device_class == "date":
            return phrases.day_of(moment.replace(tzinfo=now.tzinfo), now)
        moment = moment.astimezone(now.tzinfo) if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
        return self._text(_MOMENT, day=phrases.day_of(moment, now), time=phrases.clock_time(moment))

    def _regulated(self, device: Device, state: DeviceState, _now: datetime) -> str:
        return self._text(_SET, what=self._words.the(device), how=self._how(state))

    def _how(self, state: DeviceState) -> str:
        if state.on is False:
            return self._text(_OFF)
        parts = []
        if state.target_temperature is not None:
            parts.append(self._text(_TARGET, degrees=state.target_temperature))
        if state.current_temperature is not None:
            parts.append(self._text(_MEASURES, degrees=state.current_temperature))
        if state.target_humidity is not None:
            parts.append(self._text(_TARGET_HUMIDITY, percent=state.target_humidity))
        if state.current_humidity is not None:
            parts.append(self._text(_MEASURES_HUMIDITY, percent=state.current_humidity))
        return self._words.phrases.joined(parts) or self._text(_ON)


def _percent(device: Device, state: DeviceState) -> float | None:
    """How far it is on or open, where that says more than its state."""
    if device.domain is Domain.LIGHT:
        return state.brightness if state.on else None
    if device.domain is Domain.FAN:
        return state.speed if state.on else None
    opens = device.domain in (Domain.COVER, Domain.VALVE)
    if opens and state.position is not None and 0 < state.position < 100:
        return state.position
    return None

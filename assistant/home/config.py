"""Reading `home.toml`: every mistake is named with the file and the key it stands at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from itertools import compress
from pathlib import Path
from typing import Any, TypeVar

from assistant.home import binary
from assistant.home.commands import FEATURES
from assistant.home.entries import NO_TEXTS, Entries
from assistant.home.imported import told_apart
from assistant.home.mistakes import SAMPLE
from assistant.home.model import (
    RANGED,
    Area,
    Device,
    DeviceState,
    Domain,
    Feature,
    Floor,
    Home,
    Range,
    state_problem,
)
from assistant.home.twins import twins
from common.errors import HomeError
from common.faults import Fault
from common.toml_file import Flaw, read_toml, shown, shown_key

_Thing = TypeVar("_Thing", Floor, Area, Device)

SAMPLE_HOME = Path(__file__).with_name(SAMPLE)

_LIMIT_BYTES = 1024 * 1024
_FILE_HINTS: dict[Flaw, str] = {
    "unreadable": "check the path, or leave it out to use the sample home",
    "too-large": "a home of hundreds of devices fits well below; is this the right file?",
    "syntax": "correct the line named",
}
_NAMED_KEYS = frozenset({"id", "name", "aliases", "domain", "area", "device_class"})
_DEVICE_KEYS = _NAMED_KEYS | {"features", "unit", "state", "ranges", "code"}
_NO_KEYS: dict[str, Any] = {}
_NO_RANGES: dict[str, Range] = {}
_UNITS = ("celsius", "fahrenheit")
_CODE = re.compile(r"[0-9]{4,8}")
_DEFAULTS: dict[Domain, dict[str, Any]] = {
    Domain.LIGHT: {"on": False},
    Domain.SWITCH: {"on": False},
    Domain.FAN: {"on": False},
    Domain.COVER: {"position": 0},
    Domain.LOCK: {"locked": True},
    Domain.CLIMATE: {"on": True},
    Domain.SENSOR: {},
    Domain.BINARY_SENSOR: {},
    Domain.PERSON: {},
    Domain.MEDIA_PLAYER: {"on": False, "activity": "off", "volume": 30, "muted": False},
    Domain.SCENE: {},
    Domain.SCRIPT: {},
    Domain.BUTTON: {},
    Domain.VACUUM: {"activity": "docked"},
    Domain.LAWN_MOWER: {"activity": "docked"},
    Domain.VALVE: {"position": 0},
    Domain.HUMIDIFIER: {"on": False},
    Domain.WATER_HEATER: {"on": True},
    Domain.SIREN: {"on": False},
    Domain.ALARM_PANEL: {"activity": "disarmed"},
}


def load_home(path: Path) -> Home:
    """Read a home description.

    Raises:
        HomeError: the file is missing, too large or no TOML, or a key is unknown, missing, of the wrong
            kind, out of range, or names something twice or something that does not exist.
    """
    return _Reader(path).home()


def load_usable_home(path: Path) -> tuple[Home, tuple[Fault, ...]]:
    """As `load_home`, but what cannot be used is left out: a key, else its area or device, else the file.

    Returns:
        The home, the sample home if nothing of the file can be used; and a fault for each thing left out.
    """
    faults: list[Fault] = []
    try:
        return _Reader(path, faults).home(), tuple(faults)
    except HomeError as error:
        return load_home(SAMPLE_HOME), (Fault.of(error, "The sample home is used.", path.name),)


class _Reader(Entries):
    """Reads one file."""

    def home(self) -> Home:
        table = self._table()
        self._known(table, {"home", "floors", "areas", "devices"}, "")
        head = self._or(_NO_KEYS, lambda: self._section(table, "home"))
        self._known(head, {"name", "unit", "box_area"}, "home")
        floors = self._each(table, "floors", {"id", "name", "aliases"}, self._floor)
        floor_ids = {floor.id for floor in floors}
        areas = self._each(
            table,
            "areas",
            {"id", "name", "aliases", "floor"},
            lambda entry, where: self._area(entry, where, floor_ids),
        )
        area_ids = {area.id for area in areas}
        devices = self._devices(table, areas)
        return Home(
            name=self._or("home", lambda: self._string(head, "name", "home", "home")),
            unit=self._or(_UNITS[0], lambda: self._unit(head)),
            box_area=self._or(None, lambda: self._reference(head, "box_area", "home", area_ids)),
            floors=floors,
            areas=areas,
            devices=devices,
        )

    def _each(
        self, table: dict[str, Any], key: str, known: Set[str], read: Callable[[dict[str, Any], str], _Thing]
    ) -> tuple[_Thing, ...]:
        """The floors or areas of a list, without those that cannot be used."""
        return self._without_twins(key, *self._read(table, key, known, read))

    def _devices(self, table: dict[str, Any], areas: Sequence[Area]) -> tuple[Device, ...]:
        """The devices. Those of one name in several rooms have the room in front, as those of a hub do."""
        area_ids = {area.id for area in areas}
        places, devices = self._read(
            table, "devices", _DEVICE_KEYS, lambda entry, where: self._device(entry, where, area_ids)
        )
        renamed = told_apart(devices, {area.id: area.name for area in areas})
        sayable = [self._is_sayable(device, place) for place, device in zip(places, renamed, strict=True)]
        return self._without_twins("devices", [*compress(places, sayable)], [*compress(renamed, sayable)])

    def _is_sayable(self, device: Device, where: str) -> bool:
        """Whether the name can be said, with the room in front, too."""
        try:
            self._speakable(device.name, f"{where}.name")
        except HomeError as error:
            self._blame(error, f"{where} is left out.")
            return False
        return True

    def _read(
        self, table: dict[str, Any], key: str, known: Set[str], read: Callable[[dict[str, Any], str], _Thing]
    ) -> tuple[list[str], list[_Thing]]:
        """Where each entry of a list stands, and what it is; without those that cannot be read."""
        places: list[str] = []
        things: list[_Thing] = []
        for where, entry in self._entries(table, key, known):
            try:
                thing = read(entry, where)
            except HomeError as error:
                self._blame(error, f"{where} is left out.")
                continue
            places.append(where)
            things.append(thing)
        return places, things

    def _without_twins(self, key: str, places: Sequence[str], things: Sequence[_Thing]) -> tuple[_Thing, ...]:
        """Those whose id and names no one before them has."""
        left_out = set()
        for twin in twins(key, places, things):
            left_out.add(twin.index)
            error = self._error(twin.where, twin.message, "duplicate", twin.hint)
            self._blame(error, f"{places[twin.index]} is left out.")
        return tuple(thing for index, thing in enumerate(things) if index not in left_out)

    def _table(self) -> dict[str, Any]:
        def failed(flaw: Flaw, why: str) -> HomeError:
            name = "missing" if flaw == "unreadable" else flaw
            subject = "the home description " if name == "missing" else ""
            return HomeError(f"{subject}{self._path} {why}", hint=_FILE_HINTS[flaw], code=f"home.{name}")

        table = read_toml(self._path, _LIMIT_BYTES, failed)
        if table is None:
            raise failed("unreadable", "cannot be read: it is not there")
        return table

    def _unit(self, head: dict[str, Any]) -> str:
        unit = self._string(head, "unit", "home", _UNITS[0])
        if unit not in _UNITS:
            raise self._error("home.unit", f"{shown(unit)} is neither celsius nor fahrenheit", "unit")
        return unit

    def _floor(self, entry: dict[str, Any], where: str) -> Floor:
        return Floor(self._id(entry, where), self._name(entry, where), self._aliases(entry, where))

    def _area(self, entry: dict[str, Any], where: str, floors: set[str]) -> Area:
        return Area(
            self._id(entry, where),
            self._name(entry, where),
            self._aliases(entry, where),
            self._or(None, lambda: self._reference(entry, "floor", where, floors)),
        )

    def _device(self, entry: dict[str, Any], where: str, areas: set[str]) -> Device:
        known = [domain.value for domain in Domain]
        word = self._string(entry, "domain", where)
        if word not in known:
            raise self._error(f"{where}.domain", f"{shown(word)} is none of {', '.join(known)}", "domain")
        domain = Domain(word)
        # What disarms a panel is its code.
        possible = sorted(feature.value for feature in FEATURES[domain] - {Feature.DISARM})
        features = self._or(NO_TEXTS, lambda: self._strings(entry, "features", where))
        for feature in features:
            if feature not in possible:
                names = ", ".join(possible) or "none"
                message = f"{shown(feature)} is no feature of a {word} (there are: {names})"
                self._blame(self._error(f"{where}.features", message, "feature"), "That feature is left out.")
        device_class = self._or("", lambda: self._string(entry, "device_class", where, "")) or None
        state = self._or(_NO_KEYS, lambda: self._section(entry, "state", where))
        code = self._or("", lambda: self._code(entry, where)) if domain is Domain.ALARM_PANEL else ""
        disarmed = {Feature.DISARM} if code else set()
        return Device(
            id=self._id(entry, where),
            name=self._name(entry, where),
            domain=domain,
            aliases=self._aliases(entry, where),
            area=self._or(None, lambda: self._reference(entry, "area", where, areas)),
            device_class=device_class,
            features=frozenset(Feature(feature) for feature in features if feature in possible) | disarmed,
            unit=self._or("", lambda: self._string(entry, "unit", where, "")),
            initial=self._state(state, domain, device_class, f"{where}.state"),
            ranges=self._or(_NO_RANGES, lambda: self._ranges(entry, where)),
            code=code,
        )

    def _code(self, entry: dict[str, Any], where: str) -> str:
        code = self._string(entry, "code", where, "")
        if code and not _CODE.fullmatch(code):
            raise self._error(f"{where}.code", "a code has 4 to 8 digits, in quotes", "code")
        return code

    def _ranges(self, device: dict[str, Any], where: str) -> dict[str, Range]:
        table, where = self._section(device, "ranges", where), f"{where}.ranges"
        self._known(table, set(RANGED), where)
        found = {
            name: self._or(None, lambda name=name: self._range(table, name, where))  # type: ignore[misc]
            for name in RANGED
            if name in table
        }
        return {name: range_ for name, range_ in found.items() if range_ is not None}

    def _range(self, table: dict[str, Any], name: str, where: str) -> Range:
        entry, place = self._section(table, name, where), f"{where}.{name}"
        self._known(entry, {"min", "max", "step"}, place)
        try:
            return Range(
                self._number(entry, "min", place),
                self._number(entry, "max", place),
                self._number(entry, "step", place) if "step" in entry else None,
            )
        except ValueError as error:
            raise self._error(place, str(error), "range") from None

    def _state(
        self, entry: dict[str, Any], domain: Domain, device_class: str | None, where: str
    ) -> DeviceState:
        known: dict[str, Any] = {}
        for key, value in entry.items():
            problem = state_problem(key, value)
            if problem is None:
                known[key] = value
            else:
                place = f"{where}.{shown_key(key)}"
                self._blame(self._error(place, problem, "state"), "This key is left out.")
        if domain is Domain.BINARY_SENSOR and "on" in known:
            known.setdefault("value", binary.state_word(device_class, bool(known.pop("on"))))
        return DeviceState(**{**_DEFAULTS[domain], **known})

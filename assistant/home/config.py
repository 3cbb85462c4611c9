"""Reading `home.toml`: every mistake is named with the file and the key it stands at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from assistant.home.imported import told_apart
from assistant.home.limits import MAX_AREAS, MAX_DEVICES, is_id, speakable
from assistant.home.model import (
    FEATURES,
    Area,
    Device,
    DeviceState,
    Domain,
    Feature,
    Floor,
    Home,
    state_problem,
)
from assistant.understanding.normalise import normalise
from common.errors import HomeError
from common.toml_file import Flaw, read_toml

SAMPLE_HOME = Path(__file__).with_name("sample_home.toml")

_LIMIT_BYTES = 1024 * 1024
_FILE_HINTS: dict[Flaw, str] = {
    "unreadable": "check the path, or leave it out to use the sample home",
    "too-large": "a home of hundreds of devices fits well below; is this the right file?",
    "syntax": "correct the line named",
}
_SAME_NAME = {
    "devices": "give one of them another name, or another `area` if it stands there; an `id =` tells them "
    "apart in files and for programs, but not when somebody speaks"
}
_UNITS = ("celsius", "fahrenheit")
_DEFAULTS: dict[Domain, dict[str, Any]] = {
    Domain.LIGHT: {"on": False},
    Domain.SWITCH: {"on": False},
    Domain.FAN: {"on": False},
    Domain.COVER: {"position": 0},
    Domain.LOCK: {"locked": True},
    Domain.CLIMATE: {"on": True},
    Domain.SENSOR: {},
}


def load_home(path: Path) -> Home:
    """Read a home description.

    Raises:
        HomeError: the file is missing, too large or no TOML, or a key is unknown, missing, of the wrong
            kind, out of range, or names something twice or something that does not exist.
    """
    return _Reader(path).home()


class _Reader:
    """Reads one file; holds its path for the messages."""

    def __init__(self, path: Path) -> None:
        self._path = path
        #: Ids of the list that is being read: those written down, and those made from names so far.
        self._ids: set[str] = set()

    def home(self) -> Home:
        table = self._table()
        self._known(table, {"home", "floors", "areas", "devices"}, "")
        head = self._section(table, "home")
        self._known(head, {"name", "unit", "box_area"}, "home")
        floors = tuple(
            Floor(self._id(entry, where), self._name(entry, where), self._aliases(entry, where))
            for where, entry in self._entries(table, "floors", {"id", "name", "aliases"})
        )
        self._distinct("floors", floors)
        floor_ids = {floor.id for floor in floors}
        areas = tuple(
            Area(
                self._id(entry, where),
                self._name(entry, where),
                self._aliases(entry, where),
                self._reference(entry, "floor", where, floor_ids),
            )
            for where, entry in self._entries(table, "areas", {"id", "name", "aliases", "floor"})
        )
        self._distinct("areas", areas)
        area_ids = {area.id for area in areas}
        keys = {"id", "name", "aliases", "domain", "area", "device_class", "features", "unit"}
        devices = tuple(
            self._device(entry, where, area_ids)
            for where, entry in self._entries(table, "devices", keys | {"state"})
        )
        devices = self._told_apart(devices, {area.id: area.name for area in areas})
        self._distinct("devices", devices)
        unit = self._string(head, "unit", "home", "celsius")
        if unit not in _UNITS:
            raise self._error("home.unit", f"{unit!r} is neither celsius nor fahrenheit", "unit")
        return Home(
            name=self._string(head, "name", "home", "home"),
            unit=unit,
            box_area=self._reference(head, "box_area", "home", area_ids),
            floors=floors,
            areas=areas,
            devices=devices,
        )

    def _table(self) -> dict[str, Any]:
        def failed(flaw: Flaw, why: str) -> HomeError:
            name = "missing" if flaw == "unreadable" else flaw
            subject = "the home description " if name == "missing" else ""
            return HomeError(f"{subject}{self._path} {why}", hint=_FILE_HINTS[flaw], code=f"home.{name}")

        table = read_toml(self._path, _LIMIT_BYTES, failed)
        if table is None:
            raise failed("unreadable", "cannot be read: it is not there")
        return table

    def _device(self, entry: dict[str, Any], where: str, areas: set[str]) -> Device:
        known = [domain.value for domain in Domain]
        word = self._string(entry, "domain", where)
        if word not in known:
            raise self._error(f"{where}.domain", f"{word!r} is none of {', '.join(known)}", "domain")
        domain = Domain(word)
        possible = sorted(feature.value for feature in FEATURES[domain])
        features = self._strings(entry, "features", where)
        for feature in features:
            if feature not in possible:
                names = ", ".join(possible) or "none"
                message = f"{feature!r} is no feature of a {word} (there are: {names})"
                raise self._error(f"{where}.features", message, "feature")
        return Device(
            id=self._id(entry, where),
            name=self._name(entry, where),
            domain=domain,
            aliases=self._aliases(entry, where),
            area=self._reference(entry, "area", where, areas),
            device_class=self._string(entry, "device_class", where, "") or None,
            features=frozenset(Feature(feature) for feature in features),
            unit=self._string(entry, "unit", where, ""),
            initial=self._state(self._section(entry, "state", where), domain, f"{where}.state"),
        )

    def _state(self, entry: dict[str, Any], domain: Domain, where: str) -> DeviceState:
        for key, value in entry.items():
            problem = state_problem(key, value)
            if problem is not None:
                raise self._error(f"{where}.{key}", problem, "state")
        return DeviceState(**{**_DEFAULTS[domain], **entry})

    # -- pieces --------------------------------------------------------------------------------------

    def _entries(
        self, table: dict[str, Any], key: str, known: set[str]
    ) -> Iterable[tuple[str, dict[str, Any]]]:
        entries = table.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._error(key, f"this is no list of tables; write [[{key}]]", "kind")
        limit = MAX_DEVICES if key == "devices" else MAX_AREAS
        if len(entries) > limit:
            raise self._error(key, f"there are {len(entries)}, the limit is {limit}", "too-many")
        self._ids = {str(entry["id"]) for entry in entries if "id" in entry}
        for number, entry in enumerate(entries, 1):
            name = entry.get("name")
            where = f"{key}[{number}]" + (f" ({name})" if isinstance(name, str) else "")
            self._known(entry, known, where)
            yield where, entry

    def _known(self, entry: dict[str, Any], known: set[str], where: str) -> None:
        for key in entry:
            if key not in known:
                place = f"{where}.{key}" if where else key
                message = f"this key is unknown (known here: {', '.join(sorted(known))})"
                raise self._error(place, message, "unknown")

    def _section(self, table: dict[str, Any], key: str, where: str = "") -> dict[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            raise self._error(f"{where}.{key}".lstrip("."), "this is not a table", "kind")
        return value

    def _string(self, entry: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = entry.get(key, default)
        if value is None:
            raise self._error(f"{where}.{key}", "this key is missing", "missing-key")
        if not isinstance(value, str):
            raise self._error(f"{where}.{key}", f"{value!r} is not a text", "kind")
        return value

    def _strings(self, entry: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
        value = entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(f"{where}.{key}", f"{value!r} is not a list of texts", "kind")
        return tuple(value)

    def _name(self, entry: dict[str, Any], where: str) -> str:
        return self._speakable(self._string(entry, "name", where), f"{where}.name")

    def _aliases(self, entry: dict[str, Any], where: str) -> tuple[str, ...]:
        aliases = self._strings(entry, "aliases", where)
        return tuple(self._speakable(alias, f"{where}.aliases") for alias in aliases)

    def _speakable(self, value: str, where: str) -> str:
        try:
            return speakable(value)
        except ValueError as error:
            raise self._error(where, str(error), "name") from None

    def _id(self, entry: dict[str, Any], where: str) -> str:
        if "id" in entry:
            identifier = self._string(entry, "id", where)
            if not is_id(identifier):
                message = f"{identifier!r} may hold only letters, digits and _ . : -"
                raise self._error(f"{where}.id", message, "name")
            return identifier
        made = re.sub(r"\W+", "_", self._name(entry, where).lower()).strip("_")
        identifier = next(name for name in _numbered(made) if name not in self._ids)
        self._ids.add(identifier)
        return identifier

    def _reference(self, entry: dict[str, Any], key: str, where: str, known: set[str]) -> str | None:
        value = self._string(entry, key, where, "")
        if value and value not in known:
            there = ", ".join(sorted(known)) or "none"
            message = f"{value!r} does not exist (there are: {there})"
            raise self._error(f"{where}.{key}", message, "reference")
        return value or None

    def _told_apart(self, devices: tuple[Device, ...], areas: dict[str, str]) -> tuple[Device, ...]:
        """Devices of one name in several rooms have the room in front, as those of a hub do."""
        for number, device in enumerate(found := told_apart(devices, areas), 1):
            self._speakable(device.name, f"{_place('devices', number, device)}.name")
        return tuple(found)

    def _distinct(self, key: str, things: Sequence[Floor | Area | Device]) -> None:
        ids: dict[str, str] = {}
        spoken: dict[str, str] = {}
        for number, thing in enumerate(things, 1):
            place = _place(key, number, thing)
            if thing.id in ids:
                message = f"the id {thing.id!r} is also that of {ids[thing.id]}"
                raise self._error(f"{place}.id", message, "duplicate", "give one of them another `id`")
            ids[thing.id] = place
            called = thing.shared_name if isinstance(thing, Device) and thing.shared_name else thing.name
            names = {normalise(name): name for name in (*thing.aliases, thing.name)}
            for plain, name in names.items():
                if plain in spoken:
                    key_of, said = ("name", called) if name == thing.name else ("aliases", name)
                    message = f"the name {normalise(said)!r} stands for {spoken[plain]}, too"
                    hint = _SAME_NAME.get(key, "give one of them another name")
                    raise self._error(f"{place}.{key_of}", message, "duplicate", hint)
            spoken.update(dict.fromkeys(names, place))

    def _error(self, where: str, message: str, code: str, hint: str = "") -> HomeError:
        return HomeError(
            f"{self._path}: {where}: {message}",
            hint=hint or f"correct that key; {SAMPLE_HOME.name} shows how it is written",
            code=f"home.{code}",
        )


def _place(key: str, number: int, thing: Floor | Area | Device) -> str:
    """As the keys of an entry are named in errors: "devices[2] (lamp)"."""
    return f"{key}[{number}] ({(thing.shared_name if isinstance(thing, Device) else '') or thing.name})"


def _numbered(identifier: str) -> Iterator[str]:
    """lamp, lamp_2, lamp_3, ..."""
    yield identifier
    yield from (f"{identifier}_{number}" for number in count(2))

"""Look-ups in the table of keys (`services.provision.keys`): by section, by path, by other names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.provision.key_field import Key, keys_in
from services.provision.keys import Setup

#: Section -> its class.
SECTIONS: Mapping[str, type[Any]] = {name: cls for name, _, cls in keys_in(Setup) if cls}
#: Section, "" for the top of the file -> name -> key.
KEYS: Mapping[str, Mapping[str, Key]] = {
    "": {name: known for name, known, cls in keys_in(Setup) if cls is None},
    **{name: {inner: known for inner, known, _ in keys_in(cls)} for name, cls in SECTIONS.items()},
}
#: How each key and each section is called aloud, by its path, as in "wifi.ssid".
SPOKEN: Mapping[str, str] = {
    **{name: known.spoken for name, known, _ in keys_in(Setup)},
    **{f"{name}.{inner}": KEYS[name][inner].spoken for name in SECTIONS for inner in KEYS[name]},
}


def _meant() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    of_sections = {name: known for name, known, cls in keys_in(Setup) if cls}
    for table in (of_sections, *KEYS.values()):
        for name, known in table.items():
            for alias in known.also:
                found[alias] = (*found.get(alias, ()), name)
    return found


#: What owners write instead of a name -> the names that they can mean.
MEANT: Mapping[str, tuple[str, ...]] = _meant()

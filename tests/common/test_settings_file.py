"""Settings are filled whole or not at all (`fill`), or with what can be used (`fill_usable`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from common.settings_file import between, fill, fill_usable, keyed_by, read_usable_table
from tests.bad_files import NO_FILES, in_its_place

FILE = Path("house.toml")


@dataclass(frozen=True)
class _Lamp:
    """Refuses to be dim and bright at once, and colours that it does not have."""

    dim: int = field(default=1, metadata=between(0, 100))
    bright: int = field(default=50, metadata=between(0, 100))
    colours: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dim > self.bright or not set(self.colours) <= {"red", "blue"}:
            raise InvalidInput("[lamp] is not possible", code="lamp")


@dataclass(frozen=True)
class _House:
    name: str = "home"
    rate: float = field(default=1.0, metadata=between(0, 10))
    waits: tuple[float, ...] = field(default=(1.0,), metadata=between(0, 5))
    size: Literal["small", "large"] = "small"
    latency: Literal["low"] | float = "low"
    own: dict[str, float] = field(default_factory=dict, metadata=keyed_by(("red", "blue")))
    place: Path | None = None
    lamp: _Lamp = field(default_factory=_Lamp)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ({"rate": 11}, "settings.bounds"),
        ({"rate": float("nan")}, "settings.bounds"),
        ({"rate": 16**5000}, "settings.kind"),
        ({"waits": [1.0, 6.0]}, "settings.bounds"),
        ({"waits": []}, "settings.bounds"),
        ({"name": "x" * 2000}, "settings.bounds"),
        ({"place": "a\0b"}, "settings.kind"),
        ({"latency": "high"}, "settings.kind"),
        ({"lamp": {"dim": 16**5000}}, "settings.bounds"),
        ({"x" * 5000: 1}, "settings.unknown"),
    ],
)
def test_what_is_out_of_bounds_is_an_error_with_a_short_message(table: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        fill(_House, table, FILE)
    assert caught.value.code == code
    assert len(caught.value.message) < 300
    assert caught.value.hint


@pytest.mark.parametrize(
    ("table", "usable", "keys"),
    [
        ({"name": 5, "rate": 2.0}, _House(rate=2.0), ["name"]),
        ({"colour": 5, "rate": 2.0}, _House(rate=2.0), ["colour"]),
        ({"rate": 99, "size": "huge", "name": "hut"}, _House(name="hut"), ["rate", "size"]),
        ({"red": 0.5, "blue": "x"}, _House(own={"red": 0.5}), ["blue"]),
        ({"lamp": 5, "name": "hut"}, _House(name="hut"), ["lamp"]),
        ({"lamp": {"dim": "x", "bright": 60}}, _House(lamp=_Lamp(bright=60)), ["lamp.dim"]),
        ({"lamp": {"dim": 70, "colours": ["red"]}}, _House(lamp=_Lamp(colours=("red",))), ["lamp.dim"]),
        (
            {"lamp": {"colours": ["red", "loud"], "dim": 2}},
            _House(lamp=_Lamp(dim=2, colours=("red",))),
            ["lamp.colours"],
        ),
        ({"lamp": {"dim": 70, "colours": ["loud"]}}, _House(), ["lamp.dim", "lamp.colours"]),
    ],
)
def test_only_what_is_wrong_is_left_out(table: dict[str, Any], usable: _House, keys: list[str]) -> None:
    settings, faults = fill_usable(_House, table, FILE)
    assert settings == usable
    assert [fault.key for fault in faults] == keys
    assert {fault.file for fault in faults} == {"house.toml"}
    assert all(fault.effect for fault in faults)


_ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.dates(), st.times()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_KEYS = st.sampled_from(["name", "rate", "waits", "size", "latency", "red", "place", "lamp", "colour"])
_LAMPS = st.dictionaries(st.sampled_from(["dim", "bright", "colours", "x"]), _ANYTHING, max_size=4)


@given(st.dictionaries(_KEYS, st.one_of(_ANYTHING, _LAMPS), max_size=6))
def test_any_table_gives_settings_and_has_faults_if_it_is_refused(table: dict[str, Any]) -> None:
    settings, faults = fill_usable(_House, table, FILE)
    try:
        assert fill(_House, table, FILE) == settings
        assert not faults
    except InvalidInput:
        assert isinstance(settings, _House)
        assert faults


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_is_a_fault(tmp_path: Path, what: str) -> None:
    in_its_place(tmp_path / "house.toml", what)
    table, faults = read_usable_table(tmp_path / "house.toml", "The defaults are used.")
    assert table == {}
    assert [(fault.code, fault.file) for fault in faults] == [("settings.unreadable", "house.toml")]


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    assert read_usable_table(tmp_path / "house.toml", "") == ({}, ())

"""What is remembered of a hub's home."""

from __future__ import annotations

import json

import pytest

from assistant.home.model import Device, Domain, Home, Range
from assistant.home.stored import home_from_json, home_to_json

HEATING = Device("heat", "heating", Domain.CLIMATE, ranges={"temperature": Range(7, 28, 0.5)})


def test_the_ranges_of_a_device_are_remembered() -> None:
    home = Home(devices=(HEATING, Device("lamp", "lamp", Domain.LIGHT)))
    assert home_from_json(json.loads(json.dumps(home_to_json(home)))) == home


def test_a_home_that_was_remembered_without_ranges_is_read() -> None:
    stored = home_to_json(Home(devices=(HEATING,)))
    del stored["devices"][0]["ranges"]
    assert home_from_json(stored).devices[0].ranges == {}


def test_a_range_that_is_none_is_no_home() -> None:
    stored = home_to_json(Home(devices=(HEATING,)))
    stored["devices"][0]["ranges"]["temperature"]["minimum"] = "cold"
    with pytest.raises(ValueError, match="TypeError"):
        home_from_json(stored)

from __future__ import annotations

import pytest

from assistant.home.kinds import is_kind, kinds, opens, state_word
from assistant.home.model import Device, DeviceState, Domain


def thing(domain: Domain, device_class: str | None = None) -> Device:
    return Device("x", "x", domain, device_class=device_class)


@pytest.mark.parametrize(
    ("domain", "own", "asked_for", "fits"),
    [
        (Domain.COVER, "blind", "curtain", True),
        (Domain.COVER, "garage", "door", False),
        (Domain.SENSOR, "garage_door", "garage", True),
        (Domain.SENSOR, "opening", "window", True),
        (Domain.SENSOR, "occupancy", "motion", True),
        (Domain.SENSOR, "smoke", "gas", False),
        (Domain.SENSOR, None, "door", False),
    ],
)
def test_a_device_answers_to_classes(domain: Domain, own: str | None, asked_for: str, fits: bool) -> None:
    assert (asked_for in kinds(domain, own)) is fits


def test_a_sensor_is_asked_for_what_it_watches_and_not_commanded() -> None:
    contact = thing(Domain.SENSOR, "door")
    assert is_kind(contact, "cover", "door", asked=True)
    assert not is_kind(contact, "cover", "door")
    assert is_kind(thing(Domain.SENSOR, "lock"), "lock", None, asked=True)


def test_what_can_be_open() -> None:
    things = [
        thing(Domain.COVER),
        thing(Domain.SENSOR, "window"),
        thing(Domain.SENSOR, "motion"),
        thing(Domain.LOCK),
    ]
    assert [opens(each) for each in things] == [True, True, False, False]


@pytest.mark.parametrize(
    ("device", "state", "word"),
    [
        (thing(Domain.COVER), DeviceState(position=30), "open"),
        (thing(Domain.LOCK), DeviceState(locked=False), "unlocked"),
        (thing(Domain.FAN), DeviceState(on=True), "on"),
        (thing(Domain.SENSOR, "door"), DeviceState(value="closed"), "closed"),
        (thing(Domain.SENSOR, "battery"), DeviceState(value=20), "low"),
        (thing(Domain.SENSOR, "battery"), DeviceState(value=21.0), "normal"),
        (thing(Domain.SENSOR, "humidity"), DeviceState(value=5), "5"),
        (thing(Domain.SENSOR), DeviceState(), None),
    ],
)
def test_the_word_for_a_state(device: Device, state: DeviceState, word: str | None) -> None:
    assert state_word(device, state) == word

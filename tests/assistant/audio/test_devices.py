from __future__ import annotations

import pytest

from assistant.audio.devices import AudioDevice, list_devices, pick
from common.errors import NotFound, Unavailable


def device(index: int, name: str, inputs: int, outputs: int, default: bool = False) -> AudioDevice:
    return AudioDevice(index, name, "ALSA", inputs, outputs, 48_000, default, default)


DEVICES = [
    device(0, "HDA Intel: HDMI (hw:0,3)", 0, 8),
    device(1, "USB Audio: - (hw:1,0)", 1, 2),
    device(2, "ReSpeaker 4 Mic Array: USB Audio (hw:2,0)", 4, 0),
    device(3, "default", 32, 32, default=True),
    device(4, "usb", 2, 2),
]


def test_without_a_wish_it_is_the_default() -> None:
    chosen = pick(DEVICES, "input", None)
    assert chosen is not None and chosen.name == "default"


def test_without_a_default_it_is_the_first_that_can() -> None:
    chosen = pick(DEVICES[:3], "input", None)
    assert chosen is not None and chosen.index == 1


def test_without_any_device_it_is_none() -> None:
    assert pick(DEVICES[:1], "input", None) is None


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("respeaker", 2), ("USB Audio", 1), ("usb", 4), ("USB", 4), ("2", 2), ("hw:2", 2)],
)
def test_a_name_wins_over_a_part_and_the_first_part_wins(wanted: str, index: int) -> None:
    chosen = pick(DEVICES, "input", wanted)
    assert chosen is not None and chosen.index == index


def test_a_device_that_cannot_record_is_no_microphone() -> None:
    with pytest.raises(NotFound, match="no microphone 'HDMI'; there is: 'USB Audio"):
        pick(DEVICES, "input", "HDMI")


def test_with_nothing_there_the_error_says_so() -> None:
    with pytest.raises(NotFound, match="none at all"):
        pick([], "output", "HDMI")


def test_the_real_list_can_be_asked_for_anywhere() -> None:
    try:
        devices = list_devices()
    except Unavailable as error:
        assert "libportaudio2" in error.hint or error.code == "audio.devices"
    else:
        assert all(d.can("input") or d.can("output") for d in devices)

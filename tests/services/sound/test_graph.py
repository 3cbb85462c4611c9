"""Reading microphones and loudspeakers out of what PipeWire tells."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.sound.choose import Plug, Way
from services.sound.graph import MOST_DEVICES, devices


def node(name: str, /, media: str = "Audio/Source", **properties: Any) -> dict[str, Any]:
    told = {"node.name": name, "media.class": media, "device.api": "alsa", "device.id": 7, **properties}
    return {"id": 40, "type": "PipeWire:Interface:Node", "info": {"props": told}}


def card(*routes: dict[str, Any], **properties: Any) -> dict[str, Any]:
    told = {"device.name": "alsa_card.one", "device.description": "One", **properties}
    return {
        "id": 7,
        "type": "PipeWire:Interface:Device",
        "info": {"props": told, "params": {"Route": list(routes)}},
    }


def route(
    direction: str, device: int, name: str, available: str = "unknown", port: str = ""
) -> dict[str, Any]:
    info = [1, "port.type", port] if port else []
    return {"direction": direction, "device": device, "name": name, "available": available, "info": info}


def one(thing: dict[str, Any], *others: dict[str, Any]) -> Any:
    (device,) = devices([thing, *others])["Audio/Sink" in str(thing)]
    return device


def test_names_card_bus_and_channels_are_taken_from_node_and_card() -> None:
    mic = node(
        "alsa_input.usb-x",
        "Audio/Source",
        **{"audio.channels": 4, "audio.position": "[ AUX0, AUX1, AUX2, AUX3 ]"},
    )
    found = one(mic, card(**{"device.bus": "usb", "alsa.card_name": "ReSpeaker"}))
    assert (found.name, found.card, found.way) == ("alsa_input.usb-x", "alsa_card.one", Way.USB)
    assert (found.channels, found.position) == (4, ("AUX0", "AUX1", "AUX2", "AUX3"))
    assert found.is_meant("respeaker")


def test_both_directions_of_one_card_share_it() -> None:
    microphones, speakers = devices([node("a"), node("b", "Audio/Sink"), card()])
    assert microphones[0].card == speakers[0].card


def test_the_route_in_use_tells_whether_something_is_plugged_in() -> None:
    sink = node("out", "Audio/Sink", **{"card.profile.device": 3})
    routes = (route("Output", 2, "hdmi-output-0", "yes", "hdmi"), route("Output", 3, "headphones", "no"))
    assert one(sink, card(*routes)).plug is Plug.NO


def test_kinds_of_sockets() -> None:
    for direction, media, name, port, way in (
        ("Output", "Audio/Sink", "hdmi-output-0", "hdmi", Way.HDMI),
        ("Output", "Audio/Sink", "iec958-stereo-output", "spdif", Way.DIGITAL),
        ("Input", "Audio/Source", "analog-input-linein", "line", Way.LINE),
        ("Input", "Audio/Source", "analog-input-mic", "mic", Way.PLAIN),
        ("Output", "Audio/Sink", "analog-output-lineout", "line", Way.PLAIN),
    ):
        thing = node("x", media, **{"card.profile.device": 1})
        assert one(thing, card(route(direction, 1, name, port=port))).way is way, name


def test_what_has_no_card_is_left_out_so_that_nothing_loops_onto_itself() -> None:
    things = [
        node("a_filter", "Audio/Source", **{"device.api": None}),
        node("another", "Audio/Sink", **{"device.api": None}),
        node("stream", "Stream/Input/Audio"),
        node("v", "Audio/Source/Virtual"),
    ]
    assert devices(things) == ((), ())


def test_more_than_a_box_can_have_are_not_all_recorded_from() -> None:
    microphones, _ = devices([node(f"m{number:03}") for number in range(100)])
    assert len(microphones) == MOST_DEVICES


def test_a_loopback_cable_is_known_by_its_driver() -> None:
    assert one(node("a"), card(**{"alsa.driver_name": "snd_aloop"})).cable
    assert not one(node("a"), card(**{"alsa.driver_name": "snd_usb_audio"})).cable


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
KEYS = st.sampled_from(
    ["audio.channels", "audio.position", "device.id", "node.description", "alsa.card", "card.profile.device"]
)


@given(st.lists(JSON, max_size=4), st.dictionaries(KEYS, JSON, max_size=5), JSON, JSON)
def test_nonsense_is_survived(others: list[Any], properties: dict[str, Any], params: Any, info: Any) -> None:
    strange = {"id": 7, "type": "PipeWire:Interface:Device", "info": {"params": params, "props": params}}
    routed = card({**route("Input", 1, "x"), "info": info})
    microphones, _ = devices([*others, node("n", **properties), strange, routed])
    (found,) = [each for each in microphones if each.name == "n"]
    assert 1 <= found.channels <= 32
    assert found.label

"""Media players, scenes, scripts and buttons of Home Assistant."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from assistant.home.executor import Action, Command
from assistant.home.model import DeviceState, Domain, Feature
from services.hubs.driver import HubRefused
from services.hubs.homeassistant import media
from services.hubs.homeassistant.entities import device_from, state_from
from services.hubs.homeassistant.kinds import PLAY_MEDIA, SEARCH_MEDIA
from services.hubs.homeassistant.services import ServiceCall, calls_for

PLAYER = "media_player.walkman"


def test_what_a_player_can_do_is_told_by_its_bits() -> None:
    device = device_from(PLAYER, {"friendly_name": "Walkman", "supported_features": 1 | 4 | 16 | 32 | 16384})
    assert device.domain is Domain.MEDIA_PLAYER
    assert device.features == {
        Feature.PAUSE,
        Feature.VOLUME,
        Feature.PREVIOUS,
        Feature.NEXT,
        Feature.PLAY,
    }


def test_what_a_player_does_is_told_with_title_and_loudness() -> None:
    told = {
        "volume_level": 0.42,
        "is_volume_muted": False,
        "media_title": "Blue in Green",
        "media_artist": "Miles Davis",
    }
    assert state_from(device_from(PLAYER, told), "playing", told) == DeviceState(
        on=True, activity="playing", volume=42, muted=False, title="Blue in Green", artist="Miles Davis"
    )


@pytest.mark.parametrize("told", [{}, {"volume_level": "loud", "media_title": 7, "is_volume_muted": "no"}])
def test_attributes_that_are_missing_or_wrong_are_not_known(told: dict[str, Any]) -> None:
    state = state_from(device_from(PLAYER, told), "paused", told)
    assert state == DeviceState(on=True, activity="paused")


@pytest.mark.parametrize(
    ("action", "calls"),
    [
        (Action(PLAYER, Command.PAUSE), [ServiceCall("media_player", "media_pause", PLAYER)]),
        (
            Action(PLAYER, Command.SET_VOLUME, 40),
            [ServiceCall("media_player", "volume_set", PLAYER, {"volume_level": 0.4})],
        ),
        (
            Action(PLAYER, Command.MUTE),
            [ServiceCall("media_player", "volume_mute", PLAYER, {"is_volume_muted": True})],
        ),
        (
            Action(PLAYER, Command.PLAY_MEDIA, "jazz"),
            [
                ServiceCall(
                    "media_player",
                    "play_media",
                    PLAYER,
                    {"media_content_id": "jazz", "media_content_type": "music"},
                )
            ],
        ),
        (
            Action(PLAYER, Command.TRANSFER, "media_player.kitchen"),
            [
                ServiceCall("media_player", "join", PLAYER, {"group_members": ["media_player.kitchen"]}),
                ServiceCall("media_player", "unjoin", PLAYER),
            ],
        ),
        (Action("scene.movie", Command.TURN_ON), [ServiceCall("scene", "turn_on", "scene.movie")]),
        (
            Action("input_button.bell", Command.PRESS),
            [ServiceCall("input_button", "press", "input_button.bell")],
        ),
    ],
)
def test_a_command_is_services(action: Action, calls: list[ServiceCall]) -> None:
    assert list(calls_for(action)) == calls


def found(answer: object, bits: int = SEARCH_MEDIA | PLAY_MEDIA) -> tuple[Action, list[ServiceCall]]:
    """What is played when a player answers a search so, and what it was asked."""
    asked: list[ServiceCall] = []

    async def ask(call: ServiceCall) -> object:
        asked.append(call)
        return answer

    action = Action(PLAYER, Command.PLAY_MEDIA, "kind of blue", "album")
    return asyncio.run(media.found(action, {"supported_features": bits}, ask)), asked


def test_the_first_result_that_can_be_played_is_played() -> None:
    rows = [
        {"media_content_id": "folder", "media_content_type": "x", "can_play": False},
        {"media_content_id": "spotify:1", "media_content_type": "album", "can_play": True},
    ]
    action, asked = found({"response": {PLAYER: {"result": rows}}})
    assert (action.value, action.detail) == ("spotify:1", "album")
    assert asked[0].data == {"search_query": "kind of blue", "media_filter_classes": ["album"]}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"response": None},
        {"response": {PLAYER: {"result": "x"}}},
        {"response": {PLAYER: {"result": [7]}}},
    ],
)
def test_nothing_found_is_said(answer: object) -> None:
    with pytest.raises(HubRefused, match="nothing was found for kind of blue"):
        found(answer)


def test_a_player_that_does_not_search_gets_the_words() -> None:
    action, asked = found({}, PLAY_MEDIA)
    assert (action.value, asked) == ("kind of blue", [])

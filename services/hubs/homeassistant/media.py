"""Looking for music on a media player of Home Assistant, and playing what is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from assistant.home.executor import Action
from services.hubs.driver import HubRefused
from services.hubs.homeassistant.kinds import SEARCH_MEDIA
from services.hubs.homeassistant.services import ServiceCall
from services.hubs.values import whole

#: Results that are looked at; the first that can be played is what is meant.
_MAX_RESULTS = 20
#: Characters of what a player knows a piece by; an address of a stream may be long.
_MAX_ID = 2000

#: Calls a service and gives what it answers.
Ask = Callable[[ServiceCall], Awaitable[object]]


async def found(action: Action, attributes: Mapping[str, Any], ask: Ask) -> Action:
    """The command to play what a player finds; `action` itself for a player that does not search.

    Args:
        action: to play what its value names, of the kind that its detail names.
        attributes: of the player's state.
        ask: calls a service that answers.

    Raises:
        HubRefused: nothing is found.
    """
    bits = whole(attributes.get("supported_features"), 0, 2**31) or 0
    if not bits & SEARCH_MEDIA:
        return action
    data: dict[str, Any] = {"search_query": str(action.value)}
    if action.detail:
        data["media_filter_classes"] = [action.detail]
    answer = await ask(ServiceCall("media_player", "search_media", action.device_id, data))
    for item in _results(answer, action.device_id)[:_MAX_RESULTS]:
        id_, kind = item.get("media_content_id"), item.get("media_content_type")
        if isinstance(id_, str) and isinstance(kind, str) and item.get("can_play", True):
            return replace(action, value=id_[:_MAX_ID], detail=kind[:_MAX_ID])
    raise HubRefused(f"nothing was found for {action.value}")


def _results(answer: object, entity_id: str) -> list[Mapping[str, Any]]:
    response = answer.get("response") if isinstance(answer, dict) else None
    of_player = response.get(entity_id) if isinstance(response, dict) else None
    result = of_player.get("result") if isinstance(of_player, dict) else None
    return [row for row in result if isinstance(row, dict)] if isinstance(result, list) else []

"""Which media player is meant: the one that is named, or else the one that plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.home.executor import Command
from assistant.home.model import Device, DeviceState, Domain
from assistant.home.state import first_of
from assistant.skills import slots
from assistant.skills.contract import Request
from assistant.skills.home_setting import HomeSettingSkill
from assistant.skills.lines import line
from assistant.skills.selection import NothingSelectedError, Selection

#: What a player does while it plays, in Home Assistant's words.
PLAYING = frozenset({"playing", "buffering"})
PAUSED = frozenset({"paused"})

_NOTHING_PLAYS = line("media.nothing_plays", "place")


class MediaPlayerSkill(HomeSettingSkill):
    """What the skills about media players have in common."""

    def _players(
        self,
        request: Request,
        commands: Sequence[Command],
        doing: Sequence[frozenset[str]] = (),
        near: bool = False,
    ) -> Selection:
        """The players of a request that can do one of the commands.

        Without a name or place: those here that do what is wanted, else any that do; else those here, or all.

        Args:
            request: slots as for `Selector.select`.
            commands: any of them; without any, every player will do.
            doing: what they do that are meant, the first set first.
            near: those here come before any elsewhere, whatever they do.

        Raises:
            NothingSelectedError: there is none that can.
        """
        home = self._executor.home
        chosen = self._selector.select(home, _everywhere(request), Domain.MEDIA_PLAYER)
        able = [device for device in chosen.devices if not commands or first_of(device, commands)]
        if not able:
            self._able(chosen, commands[0])
        if chosen.named:
            return chosen
        placed = any(slots.text(request.slots, slot) for slot in ("area", "floor"))
        here = [device for device in able if device.area == home.box_area] if not placed else []
        states = {device.id: self._executor.state(device.id) for device in able}
        for group in (here,) if near and here else (here, able):
            for activities in doing:
                if fitting := [device for device in group if _does(states[device.id], activities)]:
                    return self._narrowed(chosen, fitting)
        return self._narrowed(chosen, here or able)

    def _narrowed(self, chosen: Selection, devices: Sequence[Device]) -> Selection:
        """Some of the selected devices."""
        if len(devices) == 1:
            return self._selector.one(devices[0])
        return replace(chosen, devices=tuple(devices))

    def _single(self, chosen: Selection) -> Device:
        """The one player.

        Raises:
            WhichOneError: there are several.
        """
        if len(chosen.devices) > 1:
            raise self._selector.several(chosen.devices)
        return chosen.devices[0]

    def _playing(self, chosen: Selection) -> tuple[Device, ...]:
        """Those of the selected that play, or of which that is not known.

        Raises:
            NothingSelectedError: none does.
        """
        found = tuple(
            device
            for device in chosen.devices
            if (activity := self._executor.state(device.id).activity) is None or activity in PLAYING
        )
        if not found:
            raise NothingSelectedError(self._text(_NOTHING_PLAYS, place=chosen.place))
        return found


def _everywhere(request: Request) -> Request:
    """The request without "here", which says less than what plays."""
    return replace(request, slots={key: value for key, value in request.slots.items() if key != "scope"})


def _does(state: DeviceState, activities: frozenset[str]) -> bool:
    return state.activity in activities

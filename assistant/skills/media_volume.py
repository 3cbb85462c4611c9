"""Louder and quieter: the media player that is named or plays here, else the box's own voice."""

from __future__ import annotations

from dataclasses import replace

from assistant.home.executor import Command
from assistant.home.model import Device, Domain
from assistant.home.state import can
from assistant.skills import slots
from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request
from assistant.skills.home_setting import HomeSettingSkill
from assistant.skills.lines import line
from assistant.skills.media_players import PLAYING
from assistant.skills.selection import Selection
from assistant.skills.steps import Step
from assistant.skills.volume import VolumeSkill, wanted_step
from common.errors import Unavailable

#: "Louder" or "quieter", in percent.
STEP = Step(5, 10, 25)

_MUTED = line("media.muted", "what")
_UNMUTED = line("media.unmuted", "what")
#: The same intents about the box's own voice.
_OWN = {
    "HassSetVolume": "SottoSetVolume",
    "HassSetVolumeRelative": "SottoChangeVolume",
    "HassMediaPlayerMute": "SottoMute",
    "HassMediaPlayerUnmute": "SottoUnmute",
}


def skills(box: SkillContext) -> tuple[VolumeSkill, MediaVolumeSkill]:
    """See `discovery`."""
    voice = VolumeSkill(box)
    return voice, MediaVolumeSkill(box, voice)


class MediaVolumeSkill(HomeSettingSkill):
    """Sets, changes and mutes the loudness of media players.

    Args:
        box: its devices, and what it says.
        voice: the loudness of the box's own voice, which is meant where nothing plays.
    """

    def __init__(self, box: SkillContext, voice: VolumeSkill) -> None:
        super().__init__(
            box,
            {
                "HassSetVolume": self._set_volume,
                "HassSetVolumeRelative": self._change,
                "HassMediaPlayerMute": lambda request: self._mute(request, Command.MUTE),
                "HassMediaPlayerUnmute": lambda request: self._mute(request, Command.UNMUTE),
            },
        )
        self._voice = voice

    def _set_volume(self, request: Request) -> Reply:
        chosen = self._meant(request, Command.SET_VOLUME)
        percent = self._voice.wanted(request)
        if chosen is None or percent is None:
            return self._own(request)
        return self._set(chosen, Command.SET_VOLUME, percent, self._percent)

    def _change(self, request: Request) -> Reply:
        chosen = self._meant(request, Command.SET_VOLUME)
        if chosen is None:
            return self._own(request)
        able = self._able(chosen, Command.SET_VOLUME)
        before = self._executor.state(able[0].id).volume
        percent = max(0.0, min(100.0, (50 if before is None else before) + wanted_step(request, STEP)))
        return self._set(chosen, Command.SET_VOLUME, percent, self._percent)

    def _mute(self, request: Request, command: Command) -> Reply:
        chosen = self._meant(request, command)
        if chosen is None:
            return self._own(request)
        said = _MUTED if command is Command.MUTE else _UNMUTED
        return Reply(self._text(said, what=chosen.phrase), self._acts(self._able(chosen, command), command))

    def _meant(self, request: Request, command: Command) -> Selection | None:
        """The players whose loudness is meant; None for the box's own."""
        home = self._executor.home
        if any(slots.text(request.slots, slot) for slot in ("name", "area", "floor", "chosen")):
            chosen = self._selector.select(home, request, Domain.MEDIA_PLAYER)
            playing = [device for device in chosen.devices if self._plays(device)]
            # In a room with a television that is off and a speaker that plays, the speaker is meant.
            return replace(chosen, devices=tuple(playing)) if playing and not chosen.named else chosen
        try:
            playing = [device for device in home.devices if can(device, command) and self._plays(device)]
        except Unavailable:
            # Without the hub, the box's own voice is what there is.
            return None
        here = [device for device in playing if device.area == home.box_area]
        if here:
            return self._together(tuple(here))
        if request.slots.get("about") == "music":
            players = self._selector.select(home, replace(request, slots={}), Domain.MEDIA_PLAYER)
            able = playing or self._able(players, command)
            near = [device for device in able if device.area == home.box_area] or able
            if len(near) > 1:
                raise self._selector.several(tuple(near))
            return self._selector.one(near[0])
        return None

    def _together(self, devices: tuple[Device, ...]) -> Selection:
        names = self._words.phrases.joined([self._words.the(device) for device in devices])
        return replace(self._selector.one(devices[0]), devices=devices, phrase=names)

    def _plays(self, device: Device) -> bool:
        if device.domain is not Domain.MEDIA_PLAYER:
            return False
        return self._executor.state(device.id).activity in PLAYING

    def _own(self, request: Request) -> Reply:
        return self._voice.handle(replace(request, intent=_OWN[request.intent]))

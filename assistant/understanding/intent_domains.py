"""What an intent is about where its sentences do not say so in the slot `domain`."""

from __future__ import annotations

_PLAYER = frozenset({"media_player"})

#: Intent -> the kinds of device, as Home Assistant calls them.
INTENT_DOMAINS: dict[str, frozenset[str]] = {
    "HassLightSet": frozenset({"light"}),
    "HassSetPosition": frozenset({"cover"}),
    "HassFanSetSpeed": frozenset({"fan"}),
    "HassClimateSetTemperature": frozenset({"climate"}),
    "HassMediaPause": _PLAYER,
    "HassMediaUnpause": _PLAYER,
    "HassMediaNext": _PLAYER,
    "HassMediaPrevious": _PLAYER,
    "HassMediaSearchAndPlay": _PLAYER,
    "HassSetVolume": _PLAYER,
    "HassSetVolumeRelative": _PLAYER,
    "HassMediaPlayerMute": _PLAYER,
    "HassMediaPlayerUnmute": _PLAYER,
    "SottoMoveMusic": _PLAYER,
    "SottoWhatPlays": _PLAYER,
}

"""What an intent is about where its sentences do not say so in the slot `domain`."""

from __future__ import annotations

_PLAYER = frozenset({"media_player"})
_VACUUM = frozenset({"vacuum"})
_MOWER = frozenset({"lawn_mower"})

#: Intent -> the kinds of device, as Home Assistant calls them.
INTENT_DOMAINS: dict[str, frozenset[str]] = {
    "HassLightSet": frozenset({"light"}),
    "HassSetPosition": frozenset({"cover", "valve"}),
    "HassFanSetSpeed": frozenset({"fan"}),
    "HassClimateSetTemperature": frozenset({"climate"}),
    "HassHumidifierSetpoint": frozenset({"humidifier"}),
    "HassVacuumStart": _VACUUM,
    "HassVacuumReturnToBase": _VACUUM,
    "HassVacuumCleanArea": _VACUUM,
    "HassLawnMowerStartMowing": _MOWER,
    "HassLawnMowerDock": _MOWER,
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

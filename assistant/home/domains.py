"""Kinds of device, and what some devices of a kind can do and others cannot."""

from __future__ import annotations

from enum import StrEnum


class Domain(StrEnum):
    """Kinds of device, named as Home Assistant names them."""

    LIGHT = "light"
    SWITCH = "switch"
    COVER = "cover"
    CLIMATE = "climate"
    LOCK = "lock"
    SENSOR = "sensor"
    FAN = "fan"
    MEDIA_PLAYER = "media_player"
    SCENE = "scene"
    SCRIPT = "script"
    BUTTON = "button"


class Feature(StrEnum):
    """What some devices of a domain can do and others cannot; which commands need it: `commands.EFFECTS`."""

    BRIGHTNESS = "brightness"
    COLOR = "color"
    COLOR_TEMPERATURE = "color_temperature"
    POSITION = "position"
    SPEED = "speed"
    #: Of media players, which often lack some of these.
    POWER = "power"
    PLAY = "play"
    PAUSE = "pause"
    STOP = "stop"
    NEXT = "next"
    PREVIOUS = "previous"
    VOLUME = "volume"
    MUTE = "mute"
    SEARCH = "search"
    TRANSFER = "transfer"
    SHUFFLE = "shuffle"
    REPEAT = "repeat"

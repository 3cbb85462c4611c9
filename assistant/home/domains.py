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
    BINARY_SENSOR = "binary_sensor"
    FAN = "fan"
    MEDIA_PLAYER = "media_player"
    SCENE = "scene"
    SCRIPT = "script"
    BUTTON = "button"
    VACUUM = "vacuum"
    LAWN_MOWER = "lawn_mower"
    VALVE = "valve"
    HUMIDIFIER = "humidifier"
    WATER_HEATER = "water_heater"
    SIREN = "siren"
    ALARM_PANEL = "alarm_control_panel"
    PERSON = "person"


class Feature(StrEnum):
    """What some devices of a domain can do and others cannot; which commands need it: `commands.EFFECTS`."""

    BRIGHTNESS = "brightness"
    COLOR = "color"
    COLOR_TEMPERATURE = "color_temperature"
    POSITION = "position"
    SPEED = "speed"
    MODE = "mode"
    #: Of media players and machines, which often lack some of these.
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
    #: Of vacuums and lawn mowers.
    START = "start"
    DOCK = "dock"
    LOCATE = "locate"
    CLEAN_AREA = "clean_area"
    #: Of alarm panels. One with a code has `DISARM`, one that asks for it to be armed, too, has `CODE`.
    ARM_HOME = "arm_home"
    ARM_AWAY = "arm_away"
    ARM_NIGHT = "arm_night"
    ARM_VACATION = "arm_vacation"
    DISARM = "disarm"
    CODE = "code"

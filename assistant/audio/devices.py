"""Lists the sound devices, and finds the one that a name means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.audio import portaudio
from common.errors import NotFound, Unavailable

Kind = Literal["input", "output"]


@dataclass(frozen=True)
class AudioDevice:
    """A sound device as PortAudio names it.

    Attributes:
        index: PortAudio's number; changes when devices are plugged in or removed.
        name: its name; for hardware with ALSA's address in brackets.
        host: the sound system it belongs to, such as ALSA.
        inputs: channels it can record, 0 for a pure speaker.
        outputs: channels it can play, 0 for a pure microphone.
        rate: its default sample rate in Hz.
        default_input: whether it is the default microphone.
        default_output: whether it is the default loudspeaker.
    """

    index: int
    name: str
    host: str
    inputs: int
    outputs: int
    rate: int
    default_input: bool
    default_output: bool

    def can(self, kind: Kind) -> bool:
        """Whether it can record ("input") or play ("output")."""
        return (self.inputs if kind == "input" else self.outputs) > 0

    def is_default(self, kind: Kind) -> bool:
        """Whether it is the default device for that kind."""
        return self.default_input if kind == "input" else self.default_output


def list_devices() -> list[AudioDevice]:
    """All devices, in PortAudio's order; empty if there is none.

    Raises:
        Unavailable: `audio.no-portaudio`, or `audio.devices` if the sound system does not answer.
    """
    with portaudio.lock:
        sounddevice = portaudio.library()
        try:
            hosts = sounddevice.query_hostapis()
            default_input, default_output = sounddevice.default.device
            if default_input < 0 and hosts:
                default_input = hosts[0]["default_input_device"]
            if default_output < 0 and hosts:
                default_output = hosts[0]["default_output_device"]
            return [
                AudioDevice(
                    index=number,
                    name=str(entry["name"]),
                    host=str(hosts[entry["hostapi"]]["name"]),
                    inputs=int(entry["max_input_channels"]),
                    outputs=int(entry["max_output_channels"]),
                    rate=round(entry["default_samplerate"]),
                    default_input=number == default_input,
                    default_output=number == default_output,
                )
                for number, entry in enumerate(sounddevice.query_devices())
            ]
        except sounddevice.PortAudioError as error:
            raise Unavailable(f"the sound system does not answer: {error}", code="audio.devices") from error


def choose(kind: Kind, wanted: str | None = None) -> AudioDevice | None:
    """List the devices and pick one; see `pick`.

    Raises:
        Unavailable: see `list_devices`.
        NotFound: see `pick`.
    """
    return pick(list_devices(), kind, wanted)


def pick(devices: Sequence[AudioDevice], kind: Kind, wanted: str | None) -> AudioDevice | None:
    """The device that `wanted` means: its number, its whole name, or a part of its name, tried in this order.

    Case is ignored; if several match, the first one is taken. Without `wanted` it is the default device, else
    the first one that can do `kind`, else None.

    Raises:
        NotFound: `audio.no-device` if none matches; the message lists the available names.
    """
    able = [device for device in devices if device.can(kind)]
    if not wanted:
        return next((d for d in able if d.is_default(kind)), able[0] if able else None)
    key = wanted.strip().casefold()
    rules = (
        lambda d: key.isdecimal() and d.index == int(key),
        lambda d: d.name.casefold() == key,
        lambda d: key in d.name.casefold(),
    )
    for matches in rules:
        for device in able:
            if matches(device):
                return device
    names = ", ".join(f"'{device.name}'" for device in able) or "none at all"
    what = "microphone" if kind == "input" else "speaker"
    raise NotFound(
        f"there is no {what} '{wanted}'; there is: {names}",
        hint="choose a name, or a part of one, from `sotto audio list`",
        code="audio.no-device",
    )

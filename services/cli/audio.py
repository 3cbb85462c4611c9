"""`sotto audio list | test`: what sound devices there are, and what they hear and play."""

from __future__ import annotations

import argparse
import dataclasses

from assistant.audio.chimes import chime
from assistant.audio.devices import Kind, list_devices
from assistant.audio.doctor import assess, record
from assistant.audio.format import VOICE_RATE
from assistant.audio.microphone import Microphone
from assistant.audio.speaker import Speaker
from assistant.settings import load_settings
from common.errors import InvalidInput, SottoError

_ROLES: tuple[tuple[Kind, str], ...] = (("input", "microphone"), ("output", "loudspeaker"))


def audio(options: argparse.Namespace) -> int:
    """List devices, or record and play on the chosen ones."""
    return _list() if options.action == "list" else _test(options)


def _list() -> int:
    devices = list_devices()
    for device in devices:
        roles = [
            f"{'*' if device.is_default(kind) else ''}{what}" for kind, what in _ROLES if device.can(kind)
        ]
        print(f"{device.index:>3}  {', '.join(roles):<26} {device.rate:>6} Hz  {device.name}")
    print("* used by default" if devices else "there is no sound device")
    return 0


def _test(options: argparse.Namespace) -> int:
    if not 1 <= options.seconds <= 30:
        raise InvalidInput(f"--seconds {options.seconds:g} is out of range", hint="choose from 1 to 30")
    settings = load_settings(options.config)
    status = 0
    try:
        speaker = Speaker(
            dataclasses.replace(settings.speaker, device=options.output or settings.speaker.device)
        )
        played = speaker.play([chime(VOICE_RATE)], VOICE_RATE)
        speaker.close()
        print(f"loudspeaker: {'a chime was played' if played else 'interrupted'}; did you hear it?")
    except SottoError as error:
        print(f"loudspeaker: {error}")
        status = int(error.kind.value)
    try:
        microphone = Microphone(
            dataclasses.replace(settings.microphone, device=options.input or settings.microphone.device)
        )
        print(f"microphone: recording {options.seconds:g} s from {microphone.open()}; please speak")
        report = assess(record(microphone, options.seconds))
        microphone.close()
        print(
            f"  level {report.level_dbfs:.0f} dBFS, noise floor {report.noise_dbfs:.0f} dBFS, "
            f"peak {report.peak_dbfs:.0f} dBFS, clipped {report.clipped:.2%}, offset {report.dc:.2%}"
        )
        for sentence in report.verdict:
            print(f"  {sentence}")
    except SottoError as error:
        print(f"microphone: {error}")
        status = int(error.kind.value)
    return status

"""Chooses a microphone and a loudspeaker by what was measured. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from services.sound.reading import Health, MicReading, nothing_heard


class Plug(Enum):
    """Whether something is plugged into the socket, as the card reports it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Way(IntEnum):
    """How a device is connected, the least preferred first."""

    DIGITAL = 0  # S/PDIF, or HDMI as an input
    HDMI = 1
    LINE = 2
    PLAIN = 3  # a microphone or loudspeaker of the board
    USB = 4  # and arrays of microphones: made for the purpose, and plugged in on purpose


@dataclass(frozen=True)
class Device:
    """A microphone or a loudspeaker.

    Attributes:
        name: its permanent name in the sound server, such as `alsa_input.usb-...`.
        label: its name for people.
        card: the card it belongs to; two devices of one card share a clock and hear each other's echo.
        way: how it is connected.
        plug: whether something is in its socket.
        channels: how many it has.
        position: positions of the channels, such as ("FL", "FR"); empty if unknown.
        words: further names an owner may know it by.
        cable: a loopback inside the machine, which has no echo.
    """

    name: str
    label: str
    card: str
    way: Way
    plug: Plug = Plug.UNKNOWN
    channels: int = 2
    position: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    cable: bool = False

    def is_meant(self, wish: str) -> bool:
        """Whether an owner's `wish` is a part of one of its names; case does not count."""
        key = wish.strip().casefold()
        return bool(key) and any(key in name.casefold() for name in (self.label, self.name, *self.words))


@dataclass(frozen=True)
class Wish:
    """What the owner set: parts of names, None to let the box choose."""

    microphone: str | None = None
    speaker: str | None = None


@dataclass(frozen=True)
class Choice:
    """The devices that are used, and why.

    Attributes:
        microphone: None where there is none at all.
        speaker: likewise.
        reason: why these, in one or several sentences.
        settled: False if a microphone that is dead or faulty now would be preferred, so that it is measured
            again later.
    """

    microphone: Device | None
    speaker: Device | None
    reason: str
    settled: bool = True

    @property
    def same_card(self) -> bool:
        """Whether microphone and loudspeaker are on one card."""
        return bool(self.microphone and self.speaker and self.microphone.card == self.speaker.card)


@dataclass(frozen=True)
class Observations:
    """What the choice is made from.

    Attributes:
        microphones: each with its reading; None if it was not measured.
        speakers: all of them.
    """

    microphones: tuple[tuple[Device, MicReading | None], ...] = ()
    speakers: tuple[Device, ...] = ()


_Rank = tuple[float | tuple[int, ...], ...]
_UNMEASURED = nothing_heard("not measured")
#: Noise floors nearer than this are the room, not the microphone.
_NOISE_STEP_DB = 10


def choose(seen: Observations, wish: Wish, now: Choice | None = None) -> Choice:
    """The best pair; a device that seems dead is preferred to none.

    The criteria in this order: the owner's wish; an input that gives sound; an output with something plugged
    in; how they are connected; both on one card; the choice `now`; the number of channels; noise; the name.
    So the same devices give the same choice in any order.
    """
    heard = {device.name: result or _UNMEASURED for device, result in seen.microphones}
    microphones: list[Device | None] = [device for device, _ in seen.microphones]
    speakers: list[Device | None] = list(seen.speakers)
    pairs = [(m, s) for m in microphones or [None] for s in speakers or [None]]
    microphone, speaker = max(pairs, key=lambda pair: _rank(pair[0], pair[1], heard, wish, now))
    sentences = [*_about_microphone(microphone, heard, wish), *_about_speaker(speaker, microphone, wish)]
    return Choice(microphone, speaker, " ".join(sentences), _settled(microphone, seen, heard, wish))


def _rank(
    microphone: Device | None,
    speaker: Device | None,
    heard: dict[str, MicReading],
    wish: Wish,
    now: Choice | None,
) -> _Rank:
    result = heard[microphone.name] if microphone else _UNMEASURED
    return (
        bool(microphone and wish.microphone and microphone.is_meant(wish.microphone)),
        bool(speaker and wish.speaker and speaker.is_meant(wish.speaker)),
        _health(microphone, result),
        bool(speaker and speaker.plug is not Plug.NO),
        _way(microphone, result),
        speaker.way if speaker else 0,
        bool(microphone and speaker and microphone.card == speaker.card),
        bool(now and now.microphone and microphone and now.microphone.name == microphone.name),
        bool(now and now.speaker and speaker and now.speaker.name == speaker.name),
        min(result.distinct, 8),
        -(result.noise_dbfs // _NOISE_STEP_DB),
        _last(microphone),
        _last(speaker),
    )


def _health(microphone: Device | None, heard: MicReading) -> int:
    """With nothing plugged in, what is recorded is noise of the socket."""
    if microphone is None or microphone.plug is Plug.NO:
        return -1
    return heard.health


def _way(microphone: Device | None, heard: MicReading) -> int:
    if microphone is None:
        return -1
    # Only an array has more than two channels that differ; two may be any stereo input.
    return Way.USB if microphone.way is Way.PLAIN and heard.distinct > 2 else microphone.way


def _last(device: Device | None) -> tuple[int, ...]:
    """Puts the alphabetically first name highest."""
    return (*(-ord(c) for c in device.name), 1) if device else ()


def _settled(microphone: Device | None, seen: Observations, heard: dict[str, MicReading], wish: Wish) -> bool:
    if microphone is None:
        return True
    if wish.microphone and microphone.is_meant(wish.microphone):
        return True
    mine = _way(microphone, heard[microphone.name])
    return not any(
        heard[other.name].health < Health.ALIVE and other.plug is not Plug.NO and other.way >= mine
        for other, _ in seen.microphones
    )


def _about_microphone(microphone: Device | None, heard: dict[str, MicReading], wish: Wish) -> list[str]:
    if microphone is None:
        return ["There is no microphone."]
    told = f"Microphone {microphone.label}: {heard[microphone.name].words}"
    if microphone.plug is Plug.NO:
        told += ", nothing in its socket"
    if wish.microphone and microphone.is_meant(wish.microphone):
        return [f"{told}; chosen by the owner."]
    sentences = [f"{told}; {_which(len(heard))}."]
    if wish.microphone:
        sentences.insert(0, f"The microphone that the owner chose ('{wish.microphone}') is not there.")
    if _health(microphone, heard[microphone.name]) < Health.FLAWED and len(heard) > 1:
        sentences.append("No microphone gives sound.")
    return sentences


def _about_speaker(speaker: Device | None, microphone: Device | None, wish: Wish) -> list[str]:
    if speaker is None:
        return ["There is no loudspeaker."]
    told = f"Loudspeaker {speaker.label}"
    if speaker.plug is Plug.NO:
        told += ", though nothing is plugged in"
    if wish.speaker and speaker.is_meant(wish.speaker):
        return [f"{told}; chosen by the owner."]
    same = microphone is not None and microphone.card == speaker.card
    sentences = [f"{told}{', on the card of the microphone' if same else ''}."]
    if wish.speaker:
        sentences.insert(0, f"The loudspeaker that the owner chose ('{wish.speaker}') is not there.")
    return sentences


def _which(many: int) -> str:
    return "the only one" if many == 1 else f"the best of {many}"

"""One device on a broker: where its state comes from, and where its commands go. Data and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assistant.home.executor import Command
from assistant.home.model import Device, DeviceState
from services.hubs.mqtt.names import Called
from services.hubs.mqtt.template import AS_IT_IS, Payload, Template

_MAX_TOPIC = 300


@dataclass(frozen=True)
class Message:
    """What is published."""

    topic: str
    payload: str


#: From what a payload says to the state after it; the same state where it says nothing.
Read = Callable[[DeviceState, Payload], DeviceState]
#: From the value of a command to the messages that carry it out; ValueError if the value is none of its own.
Write = Callable[[float | str | None], tuple[Message, ...]]


@dataclass(frozen=True)
class Reading:
    """A topic that tells some of the state."""

    topic: str
    read: Read


@dataclass(frozen=True)
class Availability:
    """A topic that tells whether the device is reached. `online` and `offline` are what it says then."""

    topic: str
    online: str = "online"
    offline: str = "offline"
    template: Template = AS_IT_IS


@dataclass(frozen=True)
class Lifetime:
    """How long a state holds.

    Attributes:
        expire_s: seconds without a message after which the device counts as away; 0 for never.
        off_s: seconds after which `on` becomes `off` by itself; 0 for never.
        on, off: values of the state, for `off_s`.
    """

    expire_s: float = 0.0
    off_s: float = 0.0
    on: str = ""
    off: str = ""


@dataclass(frozen=True)
class Entity:
    """A device of the broker.

    Attributes:
        device: as the assistant knows it, without its area.
        area: name of its area, or "".
        readings: what tells its state.
        writes: what carries out its commands; a command that is not there it cannot do.
        availability: what tells whether it is reached; none means that it always is.
        mode: "all" or "any" of them must say online; of "latest", the last word counts.
        hardware: identifiers of the hardware, to find the same one under two kinds of description.
        called: what its name is made of, where another payload may name its hardware.
        lifetime: how long its state holds.
    """

    device: Device
    area: str = ""
    readings: tuple[Reading, ...] = ()
    writes: Mapping[Command, Write] = field(default_factory=dict)
    availability: tuple[Availability, ...] = ()
    mode: str = "latest"
    hardware: frozenset[str] = frozenset()
    called: Called | None = None
    lifetime: Lifetime = Lifetime()

    @property
    def topics(self) -> frozenset[str]:
        """All that it must hear."""
        return frozenset(
            [reading.topic for reading in self.readings] + [row.topic for row in self.availability]
        )


def is_topic(text: str) -> bool:
    """Whether `text` is one topic, which can be heard and published to."""
    return (
        0 < len(text) <= _MAX_TOPIC
        and text.isprintable()
        and not set(text) & {"+", "#"}
        and not text.startswith("$")
    )

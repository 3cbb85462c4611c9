"""What an entity can do and tell, part by part: what is not understood costs its part, not the entity."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType

from assistant.home.executor import Command
from assistant.home.model import Feature, Range
from services.hubs.mqtt.config import BadConfigError
from services.hubs.mqtt.entity import Lifetime, Reading, Write
from services.hubs.mqtt.template import UnsupportedTemplateError


@dataclass
class Parts:
    """The parts of one entity.

    Attributes:
        unit: of temperatures in the home, "celsius" or "fahrenheit".
        features, readings, writes, ranges, lifetime: what was found, as in `Entity` and `Device`.
        missing: what was left out, and why.
    """

    unit: str = "celsius"
    features: set[Feature] = field(default_factory=set)
    readings: list[Reading] = field(default_factory=list)
    writes: dict[Command, Write] = field(default_factory=dict)
    ranges: dict[str, Range] = field(default_factory=dict)
    lifetime: Lifetime = field(default_factory=Lifetime)
    missing: list[str] = field(default_factory=list)

    def part(self, what: str) -> _Part:
        """A block that adds the part `what`, or nothing if the block raises that it is not understood."""
        return _Part(self, what)

    @property
    def usable(self) -> bool:
        """Whether there is anything to command or to ask."""
        return bool(self.readings or self.writes)


class _Part:
    def __init__(self, parts: Parts, what: str) -> None:
        self._parts = parts
        self._what = what
        self._before = (set(parts.features), list(parts.readings), dict(parts.writes), dict(parts.ranges))

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, BadConfigError | UnsupportedTemplateError):
            return False
        parts = self._parts
        parts.features, parts.readings, parts.writes, parts.ranges = self._before
        parts.missing.append(f"{self._what}: {error}")
        return True

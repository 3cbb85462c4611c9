"""All entities of a broker, with their states. Fed by the client's thread, read by the event loop.

However much the broker sends, what is kept is bounded: entities, topics, and of each state the newest.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.home.executor import Action
from assistant.home.imported import Imported, Skipped, tidy
from assistant.home.kinds import WATCHERS
from assistant.home.model import Area, DeviceState, Home
from services.hubs.bounds import within
from services.hubs.driver import HubRefused
from services.hubs.mqtt import discovery, zigbee2mqtt
from services.hubs.mqtt.aging import Aging
from services.hubs.mqtt.availability import Availability
from services.hubs.mqtt.entity import Entity, Message
from services.hubs.mqtt.index import Index, indexed
from services.hubs.mqtt.kind import MqttSettings
from services.hubs.mqtt.template import Payload

#: Discovery payloads that are remembered; a device of five entities has as many.
MAX_CONFIGS = 2000
MAX_TOPICS = 4000
#: Of a discovery payload; the largest that are known have 8 kB.
MAX_CONFIG_BYTES = 64 * 1024
#: Of a state, which may be a whole table of a device.
MAX_STATE_BYTES = 64 * 1024
#: Of zigbee2mqtt's description: 500 devices have about 3 MB.
MAX_DEVICES_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class News:
    """What has changed since it was asked for last."""

    home: bool
    states: dict[str, DeviceState]
    unreachable: frozenset[str]


@dataclass
class _Pending:
    """Changes since the last news; `notified`: the receiver knows that there are some."""

    home: bool = False
    states: set[str] = field(default_factory=set)
    notified: bool = False


class House:
    """The entities of a broker.

    Args:
        settings: base topics, unit and area of the box.
        changed: called, in the client's thread, when there is news after there was none.
        clock: seconds, for states that end by themselves.
    """

    def __init__(
        self,
        settings: MqttSettings,
        changed: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._changed = changed
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, tuple[tuple[Entity, ...], tuple[Skipped, ...]]] = {}
        self._index = Index()
        self._states: dict[str, DeviceState] = {}
        self._availability = Availability()
        self._aging = Aging()
        #: Descriptions and topics that are not kept because there are too many.
        self._beyond = 0
        #: Whether `_index` must be made again from `_found`.
        self._stale = False
        self._pending = _Pending()

    @property
    def fixed_topics(self) -> tuple[str, ...]:
        """Topics on which descriptions come."""
        prefix, base = self._settings.discovery, self._settings.zigbee2mqtt
        found = discovery.wildcards(prefix) if prefix else ()
        return (*found, zigbee2mqtt.devices_topic(base)) if base else found

    def topics(self) -> frozenset[str]:
        """Topics that the entities need; at most `MAX_TOPICS`."""
        with self._lock:
            self._renew()
            return frozenset(self._index.by_topic)

    def take(self, topic: str, data: bytes) -> None:
        """Take a message in. Raises nothing, whatever it is."""
        base, prefix = self._settings.zigbee2mqtt, self._settings.discovery
        with self._lock:
            if base and topic == zigbee2mqtt.devices_topic(base):
                self._describe(topic, data, MAX_DEVICES_BYTES)
            elif prefix and topic.startswith(f"{prefix}/") and topic.endswith("/config"):
                self._describe(topic, data, MAX_CONFIG_BYTES)
            elif len(data) <= MAX_STATE_BYTES and topic in self._index.by_topic:
                self._take_state(topic, Payload(data))
            pending = self._pending
            news = bool(pending.home or pending.states) and not pending.notified
            pending.notified = pending.notified or news
        if news:
            self._changed()

    def news(self) -> News:
        """What has changed; then nothing has."""
        with self._lock:
            self._age(self._clock())
            pending, self._pending = self._pending, _Pending()
            unreachable = {id_ for id_ in pending.states if not self._is_reached(id_)}
            states = {id_: self._states.get(id_, DeviceState()) for id_ in pending.states - unreachable}
            return News(pending.home, states, frozenset(unreachable))

    def imported(self) -> Imported:
        """The home as it is now."""
        with self._lock:
            self._renew()
            entities = list(self._index.entities.values())
            skipped = [item for _, left_out in self._found.values() for item in left_out]
            skipped += self._index.skipped
            beyond = self._beyond
        if beyond:
            skipped.insert(0, Skipped("*", f"{beyond} descriptions or topics are beyond the limit"))
        entities.sort(key=lambda entity: (entity.device.domain in WATCHERS, entity.device.id))
        areas = {_id(entity.area): Area(_id(entity.area), entity.area) for entity in entities if entity.area}
        areas.pop("", None)
        wanted = self._settings.box_area
        if wanted and _id(wanted):
            areas.setdefault(_id(wanted), Area(_id(wanted), wanted))
        home = Home(
            unit=self._settings.unit,
            box_area=_id(wanted) or None,
            areas=tuple(areas[key] for key in sorted(areas)),
            devices=tuple(replace(entity.device, area=_id(entity.area) or None) for entity in entities),
        )
        return tidy(home, skipped)

    def states(self) -> News:
        """All states, for a home that was just described."""
        with self._lock:
            self._renew()
            self._pending.states = set(self._index.entities)
        return self.news()

    def messages(self, action: Action) -> tuple[Message, ...]:
        """What carries out a command.

        Raises:
            HubRefused: nothing does, or the value is outside of the device's range.
        """
        with self._lock:
            entity = self._index.entities.get(action.device_id)
        write = entity.writes.get(action.command) if entity is not None else None
        if entity is None or write is None:
            raise HubRefused("the device does not take that command")
        action = within(entity.device, action)
        try:
            return write(action.value)
        except ValueError as error:
            raise HubRefused(f"the {entity.device.name} does not take that value") from error

    # -- with the lock held --------------------------------------------------------------------------

    def _describe(self, topic: str, data: bytes, limit: int) -> None:
        if not data:
            if self._found.pop(topic, None) is None:
                return
        elif topic not in self._found and len(self._found) >= MAX_CONFIGS:
            self._beyond += 1
            return
        elif len(data) > limit:
            reason = f"its description has more than {limit // 1024} kB"
            self._found[topic] = ((), (Skipped(topic[-100:], reason),))
        elif topic == zigbee2mqtt.devices_topic(self._settings.zigbee2mqtt):
            self._found[topic] = zigbee2mqtt.entities_from(
                data, self._settings.zigbee2mqtt, self._settings.unit
            )
        else:
            self._found[topic] = discovery.entities_from(
                topic, data, self._settings.discovery, self._settings.unit
            )
        self._stale = self._pending.home = True

    def _renew(self) -> None:
        if not self._stale:
            return
        ours = zigbee2mqtt.devices_topic(self._settings.zigbee2mqtt)
        own = self._found.get(ours, ((), ()))[0]
        hardware = {identifier for entity in own for identifier in entity.hardware}
        # zigbee2mqtt describes its devices to Home Assistant as well; they are the same ones.
        others = [
            entity
            for topic, (found, _) in self._found.items()
            for entity in found
            if topic != ours and not entity.hardware & hardware
        ]
        self._index = index = indexed([*own, *others], MAX_TOPICS)
        self._states = {id_: state for id_, state in self._states.items() if id_ in index.entities}
        self._availability.keep(index.by_topic)
        self._aging.keep(index.entities)
        self._stale = False

    def _take_state(self, topic: str, payload: Payload) -> None:
        for entity in self._index.by_topic[topic]:
            id_ = entity.device.id
            state = self._states.get(id_, DeviceState())
            for reading in entity.readings:
                if reading.topic == topic:
                    state = reading.read(state, payload)
                    self._aging.take(entity, state.value, self._clock())
            self._states[id_] = state
            # Reported although nothing has changed: it means that a command had no effect.
            self._pending.states.add(id_)
            self._availability.take(entity, topic, payload)

    def _is_reached(self, id_: str) -> bool:
        entity = self._index.entities.get(id_)
        if entity is None:
            return True
        return self._availability.reaches(entity) and self._aging.fresh(entity, self._clock())

    def _age(self, now: float) -> None:
        """End states that hold no longer. A device whose state has expired is away until its next message."""
        expired, off = self._aging.ended(now)
        for id_ in off & self._states.keys():
            entity = self._index.entities[id_]
            self._states[id_] = replace(self._states[id_], value=entity.lifetime.off)
        self._pending.states |= (expired | off) & self._index.entities.keys()


def _id(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")[:100]

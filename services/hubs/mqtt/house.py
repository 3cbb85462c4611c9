"""All entities of a broker, with their states. Fed by the client's thread, read by the event loop.

However much the broker sends, what is kept is bounded: entities, topics, and of each state the newest.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.home.executor import Action
from assistant.home.imported import Imported, Skipped, tidy
from assistant.home.model import Area, DeviceState, Domain, Home
from services.hubs.driver import HubRefused
from services.hubs.mqtt import discovery, zigbee2mqtt
from services.hubs.mqtt.availability import Availability
from services.hubs.mqtt.entity import Entity, Message
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
    """

    def __init__(self, settings: MqttSettings, changed: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._changed = changed
        self._lock = threading.Lock()
        self._found: dict[str, tuple[tuple[Entity, ...], tuple[Skipped, ...]]] = {}
        self._entities: dict[str, Entity] = {}
        self._by_topic: dict[str, list[Entity]] = {}
        self._states: dict[str, DeviceState] = {}
        self._availability = Availability()
        #: Descriptions and topics that are not kept because there are too many.
        self._beyond = 0
        #: Whether `_entities` and `_by_topic` must be made again from `_found`.
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
            self._index()
            return frozenset(self._by_topic)

    def take(self, topic: str, data: bytes) -> None:
        """Take a message in. Raises nothing, whatever it is."""
        base, prefix = self._settings.zigbee2mqtt, self._settings.discovery
        with self._lock:
            if base and topic == zigbee2mqtt.devices_topic(base):
                self._describe(topic, data, MAX_DEVICES_BYTES)
            elif prefix and topic.startswith(f"{prefix}/") and topic.endswith("/config"):
                self._describe(topic, data, MAX_CONFIG_BYTES)
            elif len(data) <= MAX_STATE_BYTES and topic in self._by_topic:
                self._take_state(topic, Payload(data))
            pending = self._pending
            news = bool(pending.home or pending.states) and not pending.notified
            pending.notified = pending.notified or news
        if news:
            self._changed()

    def news(self) -> News:
        """What has changed; then nothing has."""
        with self._lock:
            pending, self._pending = self._pending, _Pending()
            unreachable = {id_ for id_ in pending.states if not self._is_reached(id_)}
            states = {id_: self._states.get(id_, DeviceState()) for id_ in pending.states - unreachable}
            return News(pending.home, states, frozenset(unreachable))

    def imported(self) -> Imported:
        """The home as it is now."""
        with self._lock:
            self._index()
            entities = list(self._entities.values())
            skipped = [item for _, left_out in self._found.values() for item in left_out]
            beyond = self._beyond
        if beyond:
            skipped.insert(0, Skipped("*", f"{beyond} descriptions or topics are beyond the limit"))
        entities.sort(key=lambda entity: (entity.device.domain is Domain.SENSOR, entity.device.id))
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
            self._index()
            self._pending.states = set(self._entities)
        return self.news()

    def messages(self, action: Action) -> tuple[Message, ...]:
        """What carries out a command.

        Raises:
            HubRefused: nothing does.
        """
        with self._lock:
            entity = self._entities.get(action.device_id)
        write = entity.writes.get(action.command) if entity is not None else None
        if entity is None or write is None:
            raise HubRefused("the device does not take that command")
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
            self._found[topic] = zigbee2mqtt.entities_from(data, self._settings.zigbee2mqtt)
        else:
            self._found[topic] = discovery.entities_from(topic, data, self._settings.discovery)
        self._stale = self._pending.home = True

    def _index(self) -> None:
        if not self._stale:
            return
        ours = zigbee2mqtt.devices_topic(self._settings.zigbee2mqtt)
        own = self._found.get(ours, ((), ()))[0]
        hardware = {identifier for entity in own for identifier in entity.hardware}
        entities = {entity.device.id: entity for entity in own}
        for topic, (found, _) in self._found.items():
            for entity in found:
                # zigbee2mqtt describes its devices to Home Assistant as well; they are the same ones.
                if topic != ours and not entity.hardware & hardware:
                    entities.setdefault(entity.device.id, entity)
        by_topic: dict[str, list[Entity]] = {}
        for entity in entities.values():
            for topic in entity.topics:
                if topic in by_topic or len(by_topic) < MAX_TOPICS:
                    by_topic.setdefault(topic, []).append(entity)
        self._states = {id_: state for id_, state in self._states.items() if id_ in entities}
        self._availability.keep(by_topic)
        self._entities, self._by_topic, self._stale = entities, by_topic, False

    def _take_state(self, topic: str, payload: Payload) -> None:
        for entity in self._by_topic[topic]:
            id_ = entity.device.id
            state = self._states.get(id_, DeviceState())
            for reading in entity.readings:
                if reading.topic == topic:
                    state = reading.read(state, payload)
            self._states[id_] = state
            # Reported although nothing has changed: it means that a command had no effect.
            self._pending.states.add(id_)
            self._availability.take(entity, topic, payload)

    def _is_reached(self, id_: str) -> bool:
        entity = self._entities.get(id_)
        return entity is None or self._availability.reaches(entity)


def _id(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")[:100]

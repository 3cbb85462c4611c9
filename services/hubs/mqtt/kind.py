"""An MQTT broker as a kind of hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from common.errors import InvalidInput
from services.hubs.kind import HubKind, Secret
from services.hubs.settings import ConnectorSettings, one_of
from services.hubs.url import Scheme, UrlForm

if TYPE_CHECKING:
    from services.hubs.board import Board
    from services.hubs.driver import HubDriver

UNITS = ("celsius", "fahrenheit")
VERSIONS = ("5", "3.1.1")
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class MqttSettings(ConnectorSettings):
    """Settings of a connection to an MQTT broker.

    Attributes:
        discovery: where Home Assistant's discovery payloads are, by topic; "" looks for none.
        zigbee2mqtt: base topic of zigbee2mqtt; "" looks for none.
        unit: of temperatures, "celsius" or "fahrenheit".
        mqtt_version: "5", or "3.1.1" for a broker that knows no other. With "3.1.1" messages of any size are
            read up to their limit before they are thrown away.
    """

    url_form: ClassVar[UrlForm] = UrlForm(
        {"mqtt": Scheme(1883, False), "mqtts": Scheme(8883, True)}, "mqtt://{host}"
    )
    discovery: str = "homeassistant"
    zigbee2mqtt: str = "zigbee2mqtt"
    unit: str = "celsius"
    mqtt_version: str = "5"

    def check(self, file: Path) -> None:
        """See `ConnectorSettings.check`."""
        one_of(self.unit, UNITS, file, "unit")
        one_of(self.mqtt_version, VERSIONS, file, "mqtt_version")
        for name, topic in (("discovery", self.discovery), ("zigbee2mqtt", self.zigbee2mqtt)):
            wild = set(topic) & {"+", "#"} or topic.endswith("/")
            if wild or not topic.isprintable() or len(topic) > _MOST_CHARACTERS:
                raise InvalidInput(
                    f"{file}: {name} = {topic[:60]!r} is no base topic",
                    hint='as in "zigbee2mqtt", without / at its end; "" looks for none',
                    code="connector.topic",
                )


def _connect(settings: ConnectorSettings, password: str, board: Board) -> HubDriver:
    from services.hubs.mqtt.hub import MqttHub

    assert isinstance(settings, MqttSettings), "the kind's own settings"
    return MqttHub(settings, password, board)


MQTT = HubKind(
    name="mqtt",
    title="MQTT",
    noun="an MQTT broker",
    secret=Secret("password"),
    settings=MqttSettings,
    connect=_connect,
)

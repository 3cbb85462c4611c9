"""The table of hub kinds. A kind is added by its package and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from services.hubs.homeassistant.kind import HOME_ASSISTANT
from services.hubs.kind import HubKind
from services.hubs.mqtt.kind import MQTT

#: By name, as in `kind = "mqtt"`.
KINDS: Mapping[str, HubKind] = {kind.name: kind for kind in (HOME_ASSISTANT, MQTT)}

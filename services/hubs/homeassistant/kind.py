"""Home Assistant as a kind of hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from common.errors import InvalidInput
from services.hubs.kind import HubKind, Secret
from services.hubs.settings import ConnectorSettings
from services.hubs.url import Scheme, UrlForm

if TYPE_CHECKING:
    from services.hubs.board import Board
    from services.hubs.driver import HubDriver


@dataclass(frozen=True)
class HomeAssistantSettings(ConnectorSettings):
    """Settings of a connection to Home Assistant; it has none of its own."""

    url_form: ClassVar[UrlForm] = UrlForm(
        {"http": Scheme(8123, False), "https": Scheme(8123, True)}, "http://{host}:8123", path=True
    )

    def check(self, file: Path) -> None:
        """See `ConnectorSettings.check`."""
        if self.secret_file is None:
            raise InvalidInput(
                f"{file}: secret_file is missing",
                hint="make a long-lived access token in Home Assistant (your profile, Security); "
                "name its file",
                code="connector.secret",
            )


def _connect(settings: ConnectorSettings, token: str, board: Board) -> HubDriver:
    from services.hubs.homeassistant.hub import HomeAssistantHub

    return HomeAssistantHub(settings, token, board)


HOME_ASSISTANT = HubKind(
    name="home-assistant",
    title="Home Assistant",
    noun="Home Assistant",
    secret=Secret(
        "token",
        why="Home Assistant gives its devices with a token alone",
        hint="make a long-lived access token there",
    ),
    settings=HomeAssistantSettings,
    connect=_connect,
)

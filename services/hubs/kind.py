"""What a kind of hub is. Nothing here loads a network library: the set-up reads it early in the boot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from services.hubs.settings import ConnectorSettings
from services.hubs.url import UrlForm

if TYPE_CHECKING:
    from services.hubs.board import Board
    from services.hubs.driver import HubDriver


@dataclass(frozen=True)
class Secret:
    """What proves to a hub who the box is.

    Attributes:
        key: its name in [hub] of the set-up file. A password belongs to a user, a token does not.
        why: why there is no connection without it; "" where there may be one.
        hint: how the owner gets it.
    """

    key: Literal["token", "password"]
    why: str = ""
    hint: str = ""


@dataclass(frozen=True)
class HubKind:
    """One kind of hub.

    Attributes:
        name: as in `kind = "mqtt"`.
        title: for people, as in "MQTT".
        noun: in a sentence, as in "an MQTT broker".
        secret: token or password.
        settings: the class of its settings in connector.toml.
        connect: makes the driver from the settings, the secret ("" for none) and the board. It imports the
            driver, is called inside the event loop, and connects nothing yet. Raises InvalidInput.
    """

    name: str
    title: str
    noun: str
    secret: Secret
    settings: type[ConnectorSettings]
    connect: Callable[[ConnectorSettings, str, Board], HubDriver]

    @property
    def url(self) -> UrlForm:
        """What its URL looks like."""
        return self.settings.url_form

"""The driver for Home Assistant: registries become a home, states go to the board, commands call services."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any

from assistant.home.executor import Action, Command
from assistant.home.model import Device, DeviceState
from services.hubs.board import Board
from services.hubs.bounds import within
from services.hubs.driver import HubAway, HubRefused
from services.hubs.homeassistant import media
from services.hubs.homeassistant.entities import device_from, state_from
from services.hubs.homeassistant.registries import (
    Registries,
    exposed_ids,
    home_from,
    rows,
)
from services.hubs.homeassistant.services import ServiceCall, calls_for
from services.hubs.homeassistant.session import Event, Session, open_session
from services.hubs.homeassistant.states import States
from services.hubs.settings import ConnectorSettings
from services.hubs.tls import tls_context

log = logging.getLogger(__name__)

#: Events after which the home may have changed.
_CHANGES = (
    "area_registry_updated",
    "device_registry_updated",
    "entity_registry_updated",
    "floor_registry_updated",
    "core_config_updated",
    "homeassistant_started",
)
#: Changes come in bursts. Seconds without a change that end one, and its longest duration.
_QUIET_S, _BURST_S = 0.5, 5.0
#: No event says that an entity without a registry entry was exposed: ask again after so many seconds.
_LOOK_S = 60.0
#: Seconds to wait for the first states.
_FIRST_S = 10.0
#: Seconds between two imports at least, however often the hub changes names.
_BETWEEN_S = 5.0


class HomeAssistantHub:
    """See `services.hubs.driver.HubDriver`.

    Args:
        settings: where the hub is.
        token: a long-lived access token of an administrator; only they may list exposed entities.
        board: gets home, states and link.

    Raises:
        InvalidInput: the certificate cannot be used.
    """

    def __init__(self, settings: ConnectorSettings, token: str, board: Board) -> None:
        self._url = _api(settings)
        self._tls = tls_context(settings.ca_file) if settings.tls else None
        self._token = token
        self._box_area = settings.box_area
        self._board = board
        self._session: Session | None = None
        self._changed = asyncio.Event()
        self._registries = Registries()
        self._states = States()
        self._subscription: tuple[int, tuple[str, ...]] | None = None
        self._devices: dict[str, Device] = {}
        #: What each entity looked like when the home was put together, also of those that are left out.
        self._seen: dict[str, Device] = {}

    async def run(self) -> None:
        """Connect once and follow. See `HubDriver`."""
        async with open_session(self._url, self._token, self._tls) as session:
            self._subscription = None
            listening = asyncio.create_task(session.listen())
            following = asyncio.create_task(self._follow(session))
            try:
                done, _ = await asyncio.wait((listening, following), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                self._session = None
                for task in (listening, following):
                    task.cancel()
                await asyncio.gather(listening, following, return_exceptions=True)

    async def act(self, action: Action) -> None:
        """Call the service. See `HubDriver`."""
        session = self._session
        if session is None:
            raise HubAway("there is no connection")
        device = self._devices.get(action.device_id)
        action = action if device is None else within(device, action)
        if action.command is Command.PLAY_MEDIA:
            attributes = self._states.attributes.get(action.device_id, {})
            action = await media.found(action, attributes, partial(_call, session, answers=True))
        for call in calls_for(action):
            await _call(session, call)

    async def _follow(self, session: Session) -> None:
        try:
            for kind in _CHANGES:
                await session.subscribe(self._take_change, "subscribe_events", event_type=kind)
            while True:
                self._changed.clear()
                await self._import(session)
                self._session = session
                self._board.link(True)
                await asyncio.sleep(_BETWEEN_S)
                await self._wait_for_change(session)
        except HubRefused as error:
            if str(error) == "unauthorized":
                raise HubAway("the token is of a user who is no administrator", refused=True) from error
            raise HubAway(f"Home Assistant refused a question: {error}") from error

    async def _wait_for_change(self, session: Session) -> None:
        """Wait for a change and the end of its burst, or for an exposed entity that is in no registry."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._changed.wait()
                break
            except TimeoutError:
                if await self._exposed(session) != self._registries.exposed:
                    return
        latest = loop.time() + _BURST_S
        while self._changed.is_set() and loop.time() < latest:
            self._changed.clear()
            await asyncio.sleep(_QUIET_S)

    async def _import(self, session: Session) -> None:
        exposed = await self._exposed(session)
        found = Registries(
            config=_table(await session.call("get_config")),
            floors=rows(await session.call("config/floor_registry/list")),
            areas=rows(await session.call("config/area_registry/list")),
            devices=rows(await session.call("config/device_registry/list")),
            exposed=exposed,
        )
        entries = _table(
            await session.call("config/entity_registry/get_entries", entity_ids=list(found.followed))
        )
        self._registries = Registries(
            found.config,
            found.floors,
            found.areas,
            found.devices,
            {id_: entry for id_, entry in entries.items() if isinstance(entry, dict)},
            exposed,
        )
        await self._follow_states(session)
        imported = home_from(self._registries, self._states.attributes, self._box_area)
        self._devices = {device.id: device for device in imported.home.devices}
        self._seen = {id_: device_from(id_, values) for id_, values in self._states.attributes.items()}
        self._board.describe(imported)
        self._report(self._devices)
        log.info("%d devices, %d entities not used", len(self._devices), len(imported.skipped))

    async def _exposed(self, session: Session) -> tuple[str, ...]:
        """Ids of exposed entities. The hub sets its defaults when its assistant is prepared: done first."""
        try:
            await session.call("conversation/prepare")
        except HubRefused:
            log.info("the hub has no assistant of its own; only what was exposed by hand is known")
        return exposed_ids(await session.call("homeassistant/expose_entity/list"))

    async def _follow_states(self, session: Session) -> None:
        """Subscribe to the states of what is exposed now; the first event holds all of them."""
        wanted = self._registries.followed
        if self._subscription is not None:
            if self._subscription[1] == wanted:
                return
            await session.unsubscribe(self._subscription[0])
        self._states = States()
        if not wanted:
            self._subscription = None
            return
        number = await session.subscribe(self._take_states, "subscribe_entities", entity_ids=list(wanted))
        self._subscription = (number, wanted)
        try:
            async with asyncio.timeout(_FIRST_S):
                await self._states.first.wait()
        except TimeoutError:
            raise HubAway("Home Assistant tells no states") from None

    def _take_change(self, _event: Event) -> None:
        self._changed.set()

    def _take_states(self, event: Event) -> None:
        first = not self._states.first.is_set()
        changed = self._states.take(event, self._registries.followed)
        if first:
            return  # `_import` waits for it
        self._report({id_: self._devices[id_] for id_ in changed if id_ in self._devices})
        for id_ in changed:
            attributes = self._states.attributes.get(id_)
            now = None if attributes is None else device_from(id_, attributes)
            if now != self._seen.get(id_):
                self._changed.set()

    def _report(self, devices: dict[str, Device]) -> None:
        states: dict[str, DeviceState] = {}
        unreachable = []
        for id_, device in devices.items():
            known = self._states.state(id_)
            state = None if known is None else state_from(device, known, self._states.attributes[id_])
            if state is None:
                unreachable.append(id_)
            else:
                states[id_] = state
        self._board.report(states, unreachable)


async def _call(session: Session, call: ServiceCall, answers: bool = False) -> object:
    more = {"return_response": True} if answers else {}
    try:
        return await session.call(
            "call_service",
            domain=call.domain,
            service=call.service,
            service_data=dict(call.data),
            target={"entity_id": call.entity_id},
            **more,
        )
    except HubRefused as error:
        log.warning("%s.%s for %s: %s", call.domain, call.service, call.entity_id, error)
        raise HubRefused("the hub refused that") from error


def _table(answer: object) -> dict[str, Any]:
    return answer if isinstance(answer, dict) else {}


def _api(settings: ConnectorSettings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    path = settings.address.path.rstrip("/")
    return f"{'wss' if settings.tls else 'ws'}://{host}:{settings.port}{path}/api/websocket"

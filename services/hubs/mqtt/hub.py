"""The driver for an MQTT broker: descriptions and states go into a house, commands become messages."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from assistant.home.executor import Action
from services.hubs.board import Board
from services.hubs.driver import HubAway
from services.hubs.mqtt.house import MAX_DEVICES_BYTES, House
from services.hubs.mqtt.kind import MqttSettings
from services.hubs.tls import tls_context

log = logging.getLogger(__name__)

#: Largest packet that is read; the largest that is used is zigbee2mqtt's list of devices.
MAX_PACKET_BYTES = MAX_DEVICES_BYTES + 64 * 1024
_KEEPALIVE_S = 30
_CONNECT_S = 10.0
#: Seconds for the broker to accept a command.
_PUBLISH_S = 4.0
#: Retained messages come at once after connecting. Seconds without one that end the burst, and its longest
#: duration.
_QUIET_S, _BURST_S = 0.5, 3.0
#: Seconds between two descriptions of the home at least, however often names change.
_BETWEEN_S = 5.0
#: Seconds between two reports of states.
_STATES_S = 0.05
_MAX_SUBSCRIPTIONS = 50
#: Refusals that pass (MQTT 5, 3.2.2.2): server unavailable, server busy, connection rate exceeded.
_NOT_NOW = (0x88, 0x89, 0x9F)


class _Client(paho.Client):
    """paho's client with a limit on what a peer may announce.

    With MQTT 5 the client announces the limit, and most brokers keep it. This check holds for all others:
    paho asks for the missing part of a packet in one call.
    """

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > MAX_PACKET_BYTES:
            raise ConnectionAbortedError("a packet beyond the limit")
        received: bytes = super()._sock_recv(bufsize)
        return received


class MqttHub:
    """See `services.hubs.driver.HubDriver`.

    Args:
        settings: where the broker is, and which topics are used.
        password: of `settings.user`, or "".
        board: gets home, states and link.

    Raises:
        InvalidInput: the certificate cannot be used.
    """

    def __init__(self, settings: MqttSettings, password: str, board: Board) -> None:
        self._settings = settings
        self._password = password
        self._board = board
        self._tls = tls_context(settings.ca_file) if settings.tls else None
        self._loop = asyncio.get_running_loop()
        self._house = House(settings)
        self._client: paho.Client | None = None

    async def run(self) -> None:
        """Connect once and follow. See `HubDriver`."""
        news = asyncio.Event()
        gone: asyncio.Future[str] = self._loop.create_future()
        ready: asyncio.Future[None] = self._loop.create_future()
        self._house = house = House(self._settings, lambda: self._call(news.set))
        client = self._new_client(house, ready, gone)
        try:
            await self._connect(client, ready, gone)
            await self._subscribe(client, house.fixed_topics)
            following = asyncio.create_task(self._follow(client, house, news))
            try:
                done, _ = await asyncio.wait((following, gone), return_when=asyncio.FIRST_COMPLETED)
                if following in done:
                    following.result()
                raise HubAway(gone.result())
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
        finally:
            self._client = None
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    async def act(self, action: Action) -> None:
        """Publish the messages of an action; done when the broker has accepted them. See `HubDriver`."""
        client = self._client
        if client is None:
            raise HubAway("there is no connection")
        for message in self._house.messages(action):
            info = client.publish(message.topic, message.payload, qos=1)
            if info.rc != paho.MQTT_ERR_SUCCESS:
                raise HubAway(paho.error_string(info.rc))
            await asyncio.to_thread(info.wait_for_publish, _PUBLISH_S)
            if not info.is_published():
                raise HubAway("the broker does not take messages")

    # -- the connection ------------------------------------------------------------------------------

    def _new_client(
        self, house: House, ready: asyncio.Future[None], gone: asyncio.Future[str]
    ) -> paho.Client:
        settings = self._settings
        five = settings.mqtt_version == "5"
        client = _Client(
            CallbackAPIVersion.VERSION2,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_S
        client.max_queued_messages_set(100)
        if settings.user:
            client.username_pw_set(settings.user, self._password or None)
        if self._tls is not None:
            client.tls_set_context(self._tls)

        def connected(_client: Any, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
            if reason.is_failure:
                what = "has no time for us" if reason.value in _NOT_NOW else "refused us"
                self._call(_settle, gone, f"the broker {what}: {str(reason)[:60].lower()}")
            else:
                self._call(_settle, ready, None)

        def disconnected(_client: Any, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
            self._call(_settle, gone, f"the broker closed the connection ({str(reason)[:60].lower()})")

        def heard(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:
            try:
                house.take(message.topic, bytes(message.payload))
            except Exception:
                # An exception would end paho's thread, and no more messages would come.
                log.exception("a message could not be taken")

        client.on_connect, client.on_disconnect, client.on_message = connected, disconnected, heard
        return client

    async def _connect(
        self, client: paho.Client, ready: asyncio.Future[None], gone: asyncio.Future[str]
    ) -> None:
        settings = self._settings
        extra: dict[str, Any] = {}
        if settings.mqtt_version == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = MAX_PACKET_BYTES
            extra["properties"] = properties
        try:
            await asyncio.to_thread(client.connect, settings.host, settings.port, _KEEPALIVE_S, **extra)
        except ssl.SSLError as error:
            raise HubAway(f"the broker's certificate is not trusted: {error.reason}", refused=True) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise HubAway(f"the broker is not reached: {reason[:200]}") from error
        client.loop_start()
        done, _ = await asyncio.wait((ready, gone), timeout=_CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
        if ready not in done:
            reason = gone.result() if gone.done() else "the broker does not answer"
            raise HubAway(reason, refused="refused" in reason)

    async def _subscribe(self, client: paho.Client, topics: Any) -> None:
        wanted = sorted(topics)
        for start in range(0, len(wanted), _MAX_SUBSCRIPTIONS):
            part = [(topic, 0) for topic in wanted[start : start + _MAX_SUBSCRIPTIONS]]
            code, _ = client.subscribe(part)
            if code != paho.MQTT_ERR_SUCCESS:
                raise HubAway(paho.error_string(code))

    async def _follow(self, client: paho.Client, house: House, news: asyncio.Event) -> None:
        subscribed: frozenset[str] = frozenset()
        described_at = -_BETWEEN_S
        described = home_changed = False
        first_until = self._loop.time() + _BURST_S
        while True:
            quiet = False
            try:
                async with asyncio.timeout(_QUIET_S):
                    await news.wait()
            except TimeoutError:
                quiet = True
            news.clear()
            latest = house.news()
            home_changed = home_changed or latest.home
            if home_changed or not described:
                topics = house.topics()
                await self._subscribe(client, topics - subscribed)
                if gone := subscribed - topics:
                    client.unsubscribe(sorted(gone))
                subscribed = topics
            now = self._loop.time()
            settled = quiet or now >= first_until
            if settled and (not described or (home_changed and now >= described_at + _BETWEEN_S)):
                self._board.describe(house.imported())
                latest = house.states()
                described, home_changed, described_at = True, False, now
                self._client = client
            if described:
                known = {device.id for device in self._board.home.devices}
                self._board.report(
                    {id_: state for id_, state in latest.states.items() if id_ in known},
                    latest.unreachable & known,
                )
                self._board.link(True)
            await asyncio.sleep(_STATES_S)

    def _call(self, function: Any, *arguments: Any) -> None:
        """Call a function in the event loop from the client's thread; the loop may have ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)

"""Reports the phase of the conversation to powerd, from a thread of its own: no sentence waits for it.

Only the newest phase is sent; one that could not be sent is dropped. Without powerd nothing is sent. On the
same connection it reads powerd's metrics and faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.events import Event, EventBus, EventKind
from common.errors import Unavailable
from common.faults import Fault
from common.faults import from_json as faults_from_json
from common.metrics import Family
from common.metrics_json import from_json as metrics_from_json
from services.wire.metrics import REPORT_S

if TYPE_CHECKING:
    from dbus_next.aio.message_bus import MessageBus

log = logging.getLogger(__name__)

#: Seconds until the bus is tried again when it was not there.
_RETRY_S = 30.0
#: Seconds that powerd gets to answer with its metrics or faults.
_ANSWER_S = 2.0
_NAME, _PATH = "org.sotto.Power1", "/org/sotto/Power1"
#: Phase by state of the conversation. From the wake word on, each pause may need a recognition.
_PHASES = {"idle": "idle", "listening": "thinking", "deciding": "thinking", "speaking": "speaking"}


class PhaseReporter:
    """Follows the events of a bus; `start` begins to send.

    Args:
        bus: of the assistant.
        take_metrics: gets the metrics of powerd about once a minute, from the thread of this class.
        take_faults: gets its faults, likewise.
    """

    def __init__(
        self,
        bus: EventBus,
        take_metrics: Callable[[list[Family]], None] = lambda _families: None,
        take_faults: Callable[[tuple[Fault, ...]], None] = lambda _faults: None,
    ) -> None:
        self._take_metrics = take_metrics
        self._take_faults = take_faults
        self._phase = "idle"
        self._loop = asyncio.new_event_loop()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="power", daemon=True)
        bus.listen(self._heard)

    @property
    def phase(self) -> str:
        """The phase that was sent last, or is sent next."""
        return self._phase

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. powerd goes to "idle" by itself when no phase comes."""
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())
            self._thread.join(2)

    def _heard(self, event: Event) -> None:
        """Runs in the thread of the conversation: it only sets the phase and wakes the other thread."""
        match event.kind:
            case EventKind.ONSET if self._phase in ("idle", "speech"):
                phase = "speech"
            case EventKind.STATE:
                phase = _PHASES.get(str(event.data.get("state")), "idle")
            case EventKind.SPEECH_STARTED:
                phase = "thinking"
            case _:
                return
        self._phase = phase
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._news.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._send_all())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        for left in asyncio.all_tasks(self._loop):
            left.cancel()
        # Cancelled tasks need one more round of the loop to end.
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _send_all(self) -> None:
        while True:
            try:
                await self._send_while_connected()
            except Exception as error:
                # Whatever is wrong with the bus, the assistant goes on without it.
                log.info("no phases are sent to powerd: %s", error)
            await asyncio.sleep(_RETRY_S)

    async def _send_while_connected(self) -> None:
        # Imported here, so that the assistant is ready sooner.
        from dbus_next.aio.message_bus import MessageBus
        from dbus_next.constants import BusType, MessageFlag
        from dbus_next.message import Message

        bus = await asyncio.wait_for(MessageBus(bus_type=BusType.SYSTEM).connect(), _RETRY_S)
        lost = asyncio.ensure_future(bus.wait_for_disconnect())
        reading = asyncio.ensure_future(self._read_reports(bus))
        try:
            # Sent at once, so that powerd knows this caller before the first word is spoken.
            self._news.set()
            while not lost.done():
                news = asyncio.ensure_future(self._news.wait())
                await asyncio.wait({news, lost}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                self._news.clear()
                if lost.done():
                    return
                bus.send(
                    Message(
                        _NAME,
                        _PATH,
                        _NAME,
                        "SetPhase",
                        signature="s",
                        body=[self._phase],
                        flags=MessageFlag.NO_REPLY_EXPECTED | MessageFlag.NO_AUTOSTART,
                    )
                )
        finally:
            lost.cancel()
            reading.cancel()
            bus.disconnect()

    async def _read_reports(self, bus: MessageBus) -> None:
        while True:
            try:
                self._take_metrics(metrics_from_json(await self._text(bus, "Metrics")))
                self._take_faults(faults_from_json(await self._text(bus, "Faults")))
            except Exception as error:
                # Without them, phases are sent all the same.
                log.info("the metrics or the faults of powerd are not there: %s", error)
            await asyncio.sleep(REPORT_S)

    async def _text(self, bus: MessageBus, member: str) -> str:
        """What a method of powerd without arguments gives."""
        from dbus_next.constants import MessageFlag, MessageType
        from dbus_next.message import Message

        call = Message(_NAME, _PATH, _NAME, member, flags=MessageFlag.NO_AUTOSTART)
        answer = await asyncio.wait_for(bus.call(call), _ANSWER_S)
        if answer is None or answer.message_type is not MessageType.METHOD_RETURN:
            raise Unavailable(f"powerd does not answer {member}", code="power.absent")
        return str(answer.body[0])

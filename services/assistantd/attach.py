"""The attached connector: its reports go into the hub's home, and commands for the hub go out to it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import grpc

from assistant.assistant import Assistant
from assistant.home.attachment import Attachment
from assistant.home.imported import MAX_REASONS
from assistant.home.model import DeviceState
from common.errors import HomeError, InvalidInput, NotFound, SottoError, Unavailable
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.home import action_to_wire, home_from_wire, skipped_from_wire, state_from_wire

log = logging.getLogger(__name__)

_MAX_TEXT = 300


class AttachHome:
    """One connector, until it disconnects or sends something that cannot be used.

    Args:
        assistant: its devices are those of a hub.
        requests: the reports; the first message carries `hello`.

    Raises:
        NotFound: the devices of this assistant do not come from a hub.
        InvalidInput: the first message is another one. `commands` raises it for any later one that is wrong.
        Conflict: another connector is attached.
    """

    def __init__(self, assistant: Assistant, requests: Iterator[pb.HomeReport]) -> None:
        if assistant.hub is None:
            raise NotFound(
                "the devices of this assistant are those of home.toml",
                hint="a hub is used from the next start on if there is a connector.toml",
                code="hub.none",
            )
        first = next(requests, None)
        if first is None or first.WhichOneof("payload") != "hello":
            raise InvalidInput(
                "the first message of a connector must carry `hello`",
                hint="send HomeReport(hello=...) before anything else",
                code="hub.no-hello",
            )
        self._requests = requests
        self._error: SottoError | None = None
        hello = first.hello
        self._attachment = assistant.hub.attach(hello.kind[:40], hello.address[:_MAX_TEXT])

    def commands(self) -> Iterator[pb.HomeCommand]:
        """Read reports in a thread, and yield commands as they come."""
        threading.Thread(target=self._listen, name="hub", daemon=True).start()
        try:
            for order in self._attachment.orders():
                yield pb.HomeCommand(id=order.id, act=action_to_wire(order.action))
            if self._error is not None:
                raise self._error
        finally:
            self.close()

    def close(self) -> None:
        """Detach; may be called twice, and from any thread."""
        self._attachment.close()

    def _listen(self) -> None:
        try:
            for report in self._requests:
                take(report, self._attachment)
        except SottoError as error:
            log.warning("the connector is detached: %s", error)
            self._error = error
        except grpc.RpcError:
            pass  # it disconnected
        except Exception:
            log.exception("a report of the connector could not be taken")
            self._error = InvalidInput("a report could not be taken", code="hub.report")
        finally:
            self.close()


def take(report: pb.HomeReport, attachment: Attachment) -> None:
    """Hand one report to the attachment.

    Raises:
        InvalidInput: it cannot be used.
    """
    match report.WhichOneof("payload"):
        case "description":
            attachment.describe(home_from_wire(report.description))
        case "states":
            states: dict[str, DeviceState] = {}
            unreachable = set()
            for device in report.states.devices:
                if device.unreachable:
                    unreachable.add(device.id)
                else:
                    states[device.id] = state_from_wire(device.state)
            attachment.report(states, frozenset(unreachable))
        case "result":
            attachment.answer(report.result.id, _error(report.result))
        case "link":
            link = report.link
            skipped = skipped_from_wire(link.skipped[: MAX_REASONS + 1])
            attachment.link(link.up, link.problem[:_MAX_TEXT], skipped)
        case other:
            raise InvalidInput(
                f"a report that carries {other or 'nothing'}", hint="see the wire contract", code="hub.report"
            )


def _error(result: pb.CommandResult) -> HomeError | Unavailable | None:
    problem = result.problem[:_MAX_TEXT]
    if not problem:
        return None
    if result.away:
        return Unavailable(problem, hint="see `sotto home`", code="hub.away")
    return HomeError(problem, hint="the connector's log tells what the hub said", code="hub.refused")

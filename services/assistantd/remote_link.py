"""The process that connects to the remote recogniser: it attaches itself, and carries orders and answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import grpc

from assistant.remote.ears import RemoteEars
from assistant.remote.session import RemoteSession
from common.errors import InvalidInput, NotFound, SottoError
from services.proto.sotto.v1 import recogniser_pb2 as pb
from services.proto.sotto.v1 import recogniser_pb2_grpc as rpc
from services.wire.recogniser import answer_from_wire, order_to_wire
from services.wire.status import abort

log = logging.getLogger(__name__)

_MAX_TEXT, _MAX_CODE = 300, 100


class RemoteRecogniserService(rpc.RemoteRecogniserServicer):
    """Serves the remote recogniser of a box.

    Args:
        ears: of the box; None if it has no remote recogniser.
    """

    def __init__(self, ears: RemoteEars | None) -> None:
        self._ears = ears

    def Attach(  # noqa: N802
        self, request_iterator: Iterator[pb.RemoteReport], context: grpc.ServicerContext
    ) -> Iterator[pb.RecogniseRequest]:
        """Reports of the process in, orders for the other machine out."""
        try:
            session = self._session(request_iterator)
            context.add_callback(session.close)
            # So that the process knows that it is attached.
            context.send_initial_metadata(())
            yield from _Attached(session, request_iterator).orders()
        except SottoError as error:
            abort(context, error)

    def Status(  # noqa: N802
        self, request: pb.RemoteStatusRequest, context: grpc.ServicerContext
    ) -> pb.RemoteStatusResponse:
        """How it stands with the remote recogniser."""
        if self._ears is None:
            return pb.RemoteStatusResponse(on=False)
        status, verdict = self._ears.link.status, self._ears.verdict()
        return pb.RemoteStatusResponse(
            on=True,
            address=status.address,
            up=status.up,
            problem=status.problem,
            code=status.code,
            hint=status.hint,
            chosen=verdict.chosen,
            reason=verdict.reason,
            local_ms=verdict.local_ms,
            remote_ms=verdict.remote_ms,
        )

    def _session(self, requests: Iterator[pb.RemoteReport]) -> RemoteSession:
        if self._ears is None:
            raise NotFound(
                "this assistant has no remote recogniser",
                hint="one is used from the next start on if there is a remote.toml",
                code="remote.none",
            )
        first = next(requests, None)
        if first is None or first.WhichOneof("payload") != "hello":
            raise InvalidInput(
                "the first message must carry `hello`",
                hint="send RemoteReport(hello=...) before anything else",
                code="remote.no-hello",
            )
        return self._ears.link.attach(first.hello.address[:_MAX_TEXT])


class _Attached:
    def __init__(self, session: RemoteSession, requests: Iterator[pb.RemoteReport]) -> None:
        self._session = session
        self._requests = requests
        self._error: SottoError | None = None

    def orders(self) -> Iterator[pb.RecogniseRequest]:
        """Read reports in a thread, and yield orders as they come."""
        threading.Thread(target=self._listen, name="remote", daemon=True).start()
        try:
            for order in self._session.orders():
                yield order_to_wire(order)
            if self._error is not None:
                raise self._error
        finally:
            self._session.close()

    def _listen(self) -> None:
        try:
            for report in self._requests:
                take(report, self._session)
        except SottoError as error:
            log.warning("the connection to the remote recogniser is detached: %s", error)
            self._error = error
        except grpc.RpcError:
            pass  # it disconnected
        except Exception:
            log.exception("a report of the connection could not be taken")
            self._error = InvalidInput("a report could not be taken", code="remote.report")
        finally:
            self._session.close()


def take(report: pb.RemoteReport, session: RemoteSession) -> None:
    """Hand one report to the session.

    Raises:
        InvalidInput: it cannot be used.
    """
    match report.WhichOneof("payload"):
        case "connection":
            connection = report.connection
            if connection.up:
                session.connected()
            else:
                session.disconnected(
                    connection.problem[:_MAX_TEXT],
                    connection.code[:_MAX_CODE],
                    connection.hint[:_MAX_TEXT],
                    asks_owner=connection.asks_owner,
                )
        case "response":
            session.answer(answer_from_wire(report.response))
        case other:
            raise InvalidInput(
                f"a report that carries {other or 'nothing'}",
                hint="see the wire contract",
                code="remote.report",
            )

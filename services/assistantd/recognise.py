"""Recognises for another box: its orders come in, and the results go out."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator

import grpc

from assistant.remote.lender import Borrower, Lender
from assistant.remote.messages import Answer
from common.errors import InvalidInput, SottoError, TooLarge, Unavailable
from services.proto.sotto.v1 import recogniser_pb2 as pb
from services.proto.sotto.v1 import recogniser_pb2_grpc as rpc
from services.wire.recogniser import answer_to_wire, order_from_wire
from services.wire.status import abort

log = logging.getLogger(__name__)

#: Answers that a box has not taken yet.
_MAX_WAITING = 500


class RecogniserService(rpc.RecogniserServicer):
    """Serves one `Lender`.

    Args:
        lender: recognises; None if this machine does so for nobody.
    """

    def __init__(self, lender: Lender | None) -> None:
        self._lender = lender

    def Recognise(  # noqa: N802
        self, request_iterator: Iterator[pb.RecogniseRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.RecogniseResponse]:
        """Orders of a box in, answers out."""
        call = _Call(request_iterator)
        context.add_callback(call.end)
        try:
            if self._lender is None:
                raise Unavailable(
                    "this machine recognises for no other box",
                    hint="start it with `sotto serve`, or set `boxes` in [lend] of its assistant.toml",
                    code="recognise.off",
                )
            with self._lender.box(call.send) as borrower:
                yield from call.responses(borrower)
        except SottoError as error:
            abort(context, error)


class _Call:
    def __init__(self, requests: Iterator[pb.RecogniseRequest]) -> None:
        self._requests = requests
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._error: SottoError | None = None

    def send(self, answer: Answer) -> None:
        """An answer for the box; one that takes none is left."""
        if self._answers.qsize() >= _MAX_WAITING:
            self._error = TooLarge("the box does not take its answers", code="recognise.answers")
            self.end()
        else:
            self._answers.put(answer)

    def end(self) -> None:
        """End the call after the answers so far; may be called more than once."""
        self._answers.put(None)

    def responses(self, borrower: Borrower) -> Iterator[pb.RecogniseResponse]:
        """Answers as they come, until the call ends."""
        threading.Thread(target=self._listen, args=(borrower,), name="box", daemon=True).start()
        while (answer := self._answers.get()) is not None:
            yield answer_to_wire(answer)
        if self._error is not None:
            raise self._error

    def _listen(self, borrower: Borrower) -> None:
        try:
            for request in self._requests:
                borrower.take(order_from_wire(request))
        except SottoError as error:
            self._error = error
        except grpc.RpcError:
            pass  # the box has gone
        except Exception:
            log.exception("an order of another box could not be taken")
            self._error = InvalidInput("an order could not be taken", code="recognise.message")
        finally:
            self.end()

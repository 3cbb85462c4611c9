"""What the methods of the service have in common: bounded places, and errors as statuses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc

from common.errors import SottoError, Unavailable
from services.wire.status import abort

_Response = TypeVar("_Response")


@contextmanager
def place(places: threading.BoundedSemaphore, taken: str) -> Iterator[None]:
    """Hold one of a bounded number of places until the call ends.

    Raises:
        Unavailable: `daemon.no-place`: there is none; `taken` says what has them.
    """
    if not places.acquire(blocking=False):
        raise Unavailable(f"{taken} already", hint="try again when one has ended", code="daemon.no-place")
    try:
        yield
    finally:
        places.release()


def unary(work: Callable[[], _Response], context: grpc.ServicerContext) -> _Response:
    """The answer of a call; a typed error ends the call with the status that belongs to it."""
    try:
        return work()
    except SottoError as error:
        abort(context, error)
        raise

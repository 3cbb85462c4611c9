"""Calls with a deadline: a thread of their own makes them, and is left behind when they hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from common import metrics

Result = TypeVar("Result")

#: Threads of one `Workers`; more calls at once wait. There are 16 conversations at most.
MOST_WORKERS = 16


class Hangs(Exception):
    """A call did not return before its deadline."""


class Workers:
    """Threads that make calls which may hang. They are made when they are needed, and kept.

    Args:
        name: of the threads.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._places = threading.BoundedSemaphore(MOST_WORKERS)
        self._closed = False

    def call(self, work: Callable[[], Result], deadline_s: float) -> Result:
        """What `work` returns, or raises.

        Raises:
            Hangs: it takes longer than `deadline_s`, and its thread is left behind; or all workers do.
        """
        if not self._places.acquire(timeout=deadline_s):
            raise Hangs
        try:
            value, error = self._answered(work, deadline_s)
        finally:
            self._places.release()
        if error is not None:
            try:
                raise error
            finally:
                del error  # the traceback refers to this frame, which would refer to it
        result: Result = value
        return result

    def close(self) -> None:
        """End the threads, those with a call when it returns."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.inbox.put(None)

    def _answered(self, work: Callable[[], Any], deadline_s: float) -> tuple[Any, BaseException | None]:
        with self._lock:
            worker = self._idle.pop() if self._idle else _Worker(self._name)
        worker.inbox.put(work)
        try:
            answer = worker.outbox.get(timeout=deadline_s)
        except Empty:
            if worker.abandon():
                raise Hangs from None
            answer = worker.outbox.get()  # it has returned just now
        with self._lock:
            if self._closed:
                worker.inbox.put(None)
            else:
                self._idle.append(worker)
        return answer


class _Worker:
    """One thread."""

    def __init__(self, name: str) -> None:
        self.inbox: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self.outbox: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._has_call = False
        self._abandoned = False
        # A daemon: a thread that hangs in a driver must not keep the process from ending.
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def abandon(self) -> bool:
        """Give it up; False if it has returned in the meantime."""
        with self._lock:
            if not self.outbox.empty():
                return False
            self._abandoned = True
        _count_hung(+1)
        return True

    def _work(self) -> None:
        while (work := self.inbox.get()) is not None:
            answer: tuple[Any, BaseException | None]
            try:
                answer = (work(), None)
            except BaseException as error:
                answer = (None, error)
            del work  # it refers to the session, which is to be closed when it is not needed
            with self._lock:
                if self._abandoned:
                    break
                self.outbox.put(answer)
            del answer
        else:
            return
        _count_hung(-1)


_hung = 0
_hung_lock = threading.Lock()


def hung() -> int:
    """Threads of this process that are in a call which missed its deadline."""
    return _hung


def _count_hung(by: int) -> None:
    global _hung
    with _hung_lock:
        _hung += by


HUNG = metrics.Gauge(
    "sotto_engine_hung_threads",
    "Threads in a call of an engine that missed its deadline",
    read=hung,
)

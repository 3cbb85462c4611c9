"""Calls with a deadline."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref

import pytest

from assistant.serving import deadline
from assistant.serving.deadline import MOST_WORKERS, Hangs, Workers


@pytest.fixture
def workers() -> Workers:
    return Workers("test")


def test_a_call_gives_what_it_returns_or_raises(workers: Workers) -> None:
    assert workers.call(lambda: 3, 10) == 3
    with pytest.raises(KeyError, match="NO_SUCH"):
        workers.call(lambda: os.environ["NO_SUCH"], 10)


def test_threads_are_kept(workers: Workers) -> None:
    assert workers.call(threading.get_ident, 10) == workers.call(threading.get_ident, 10)


def test_a_call_that_hangs_is_left_behind_and_counted(workers: Workers) -> None:
    before, free = deadline.hung(), threading.Event()
    with pytest.raises(Hangs):
        workers.call(lambda: free.wait(60), 0.05)
    assert deadline.hung() == before + 1
    assert workers.call(lambda: 3, 10) == 3
    free.set()
    give_up = time.monotonic() + 30
    while deadline.hung() > before:
        assert time.monotonic() < give_up
        time.sleep(0.005)


def test_no_more_than_so_many_calls_are_made_at_once(workers: Workers) -> None:
    free = threading.Event()
    inside = threading.Semaphore(0)

    def work() -> None:
        inside.release()
        free.wait(60)

    threads = [threading.Thread(target=workers.call, args=(work, 60)) for _ in range(MOST_WORKERS)]
    for thread in threads:
        thread.start()
    for _ in threads:
        inside.acquire()
    with pytest.raises(Hangs):
        workers.call(lambda: None, 0.05)
    free.set()
    for thread in threads:
        thread.join()
    assert workers.call(lambda: 3, 10) == 3


def test_nothing_of_a_call_is_kept(workers: Workers) -> None:
    class Thing:
        pass

    def ask() -> weakref.ref[Thing]:
        thing = Thing()
        assert workers.call(lambda: thing, 10) is thing
        return weakref.ref(thing)

    found = ask()
    give_up = time.monotonic() + 30
    while found() is not None:
        assert time.monotonic() < give_up
        gc.collect()
        time.sleep(0.005)


def test_threads_end_with_the_workers(workers: Workers) -> None:
    thread = workers.call(threading.current_thread, 10)
    workers.close()
    thread.join(30)
    assert not thread.is_alive()

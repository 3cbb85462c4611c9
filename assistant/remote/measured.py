"""Measures results of the local and of the remote recogniser, for the choice between them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import TypeVar

from assistant.remote.port import RemoteBusy
from assistant.scheduling.remote import RemoteChoice, Work
from assistant.speech.transcript import Transcript
from common.errors import SottoError
from common.metrics import Histogram

_Answer = TypeVar("_Answer")

#: Errors of a result that say nothing of the other machine.
NO_FAILURES = frozenset({"remote.given-up", "remote.no-grammar"})

REMOTE_SECONDS = Histogram(
    "sotto_remote_recognition_seconds", "Time to the result of the remote recogniser", ("work",)
)


class SharedChoice:
    """A `RemoteChoice` for several threads, with the machine's monotonic clock.

    Args:
        choice: the decisions.
    """

    def __init__(self, choice: RemoteChoice) -> None:
        self._choice = choice
        self._lock = threading.Lock()

    def __call__(self, use: Callable[[RemoteChoice, float], _Answer]) -> _Answer:
        """What `use` makes of the choice and of the time."""
        with self._lock:
            return use(self._choice, monotonic())


def work_of(transcript: Transcript) -> Work:
    """What a result took: the search, or greedy decoding alone."""
    searched = any(name.startswith("constrained.") for name in transcript.scores)
    return Work.DEEP if searched else Work.QUICK


def follow(
    choice: SharedChoice,
    audio_s: float,
    result: Future[Transcript],
    only: Work | None = None,
    *,
    trial: bool = False,
) -> None:
    """Measure a remote result that was asked for now, whenever it comes.

    Args:
        choice: takes the figure.
        audio_s: length of the recording, in seconds.
        result: that comes.
        only: count a result of this work alone; None for any.
        trial: whether it is a trial in the quiet.
    """
    asked = monotonic()

    def measure(result: Future[Transcript]) -> None:
        error = result.exception()
        if error is None:
            transcript, took = result.result(), monotonic() - asked
            work, computed_s = work_of(transcript), (transcript.encode_ms + transcript.decode_ms) / 1e3
            if only not in (None, work):
                return
            REMOTE_SECONDS.observe(took, work.value)
            choice(lambda c, now: c.remote_took(work, audio_s, took, computed_s, now, trial=trial))
        elif isinstance(error, RemoteBusy):
            retry_s = error.retry_s
            choice(lambda c, now: c.failed(now, retry_s))
        elif not (isinstance(error, SottoError) and error.code in NO_FAILURES):
            choice(lambda c, now: c.failed(now))

    result.add_done_callback(measure)

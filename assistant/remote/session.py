"""One connection of a box to its remote recogniser: orders go out, and answers come in."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, replace

import numpy as np

from assistant.audio.format import Samples
from assistant.remote.identity import RecogniserIdentity
from assistant.remote.messages import (
    Answer,
    GiveUp,
    GrammarKnown,
    Order,
    Recognise,
    Refused,
    Result,
    Welcome,
)
from assistant.remote.port import RemoteResults, Utterance
from assistant.speech.transcript import Transcript
from assistant.understanding.recipe import GrammarRecipe
from common.errors import SottoError, TooLarge, Unavailable

log = logging.getLogger(__name__)

#: Recordings under way at once, and orders that were not taken yet.
MAX_PENDING, MAX_ORDERS = 16, 64
#: A larger description of a grammar, in characters, does not fit into one message.
MAX_RECIPE = 700_000
_NO_SOUND: Samples = np.zeros(0, np.int16)


@dataclass(frozen=True)
class LinkStatus:
    """How it stands with the remote recogniser.

    Attributes:
        address: of the other machine, as the attached process reports it; "" while none is attached.
        up: whether it answers, and finds the same words.
        problem: why it is not used, in one sentence; "" if it can be. It may be up and lack the grammar.
        code: of that problem, stable and machine-readable.
        hint: what to do about it.
        asks_owner: whether the problem stays until the owner does something.
    """

    address: str = ""
    up: bool = False
    problem: str = "no process is attached that connects to it"
    code: str = "remote.detached"
    hint: str = ""
    asks_owner: bool = False


class RemoteSession:
    """One attached process. All methods may be called from any thread; once it is closed, none has an effect.

    Args:
        address: of the other machine, for people.
        identity: of this machine's recogniser.
        changed: called, in the thread of the change, when the status has changed.
    """

    def __init__(
        self, address: str, identity: RecogniserIdentity, changed: Callable[[LinkStatus], None]
    ) -> None:
        self._identity = identity
        self._changed = changed
        self._ready = threading.Condition()
        self._orders: deque[Order] = deque()
        self._pending: dict[int, RemoteResults] = {}
        self._last_id = 0
        self._sent: Samples = _NO_SOUND
        #: Keys of the grammars that were offered, and whether the other machine has them.
        self._offered: dict[str, bool] = {}
        self._closed = False
        self.status = LinkStatus(address, False, "it was not reached yet", "remote.connecting")

    # -- what recognition calls, by way of the link --------------------------------------------------

    def takes(self, key: str) -> bool:
        """Whether the other machine is there and has the grammar of that key; "" for free text."""
        return self.status.up and (not key or self._offered.get(key, False))

    def recognise(self, utterance: Utterance) -> RemoteResults:
        """See `RemoteRecogniser.recognise`."""
        with self._ready:
            if not self.status.up:
                raise _gone(self.status.problem)
            if len(self._pending) >= MAX_PENDING or len(self._orders) >= MAX_ORDERS:
                raise Unavailable("the remote recogniser does not keep up", code="remote.slow")
            audio = utterance.audio
            keep = 0 if utterance.whole else _same(self._sent, audio)
            self._sent = audio
            self._last_id += 1
            results = self._pending[self._last_id] = RemoteResults(self._last_id)
            self._put(Recognise(self._last_id, keep, replace(utterance, audio=audio[keep:])))
        return results

    def give_up(self, results: RemoteResults) -> None:
        """See `RemoteRecogniser.give_up`."""
        with self._ready:
            if self._pending.get(results.id) is not results:
                return
            del self._pending[results.id]
            self._put(GiveUp(results.id))
        _fail(results, Unavailable("it was given up", code="remote.given-up"))

    def offer(self, key: str, recipe: Callable[[], GrammarRecipe]) -> None:
        """Make a grammar known to the other machine, unless it is; what was offered before is forgotten.

        Args:
            key: of the grammar.
            recipe: gives what it is made of.

        Raises:
            TooLarge: it does not fit into one message.
        """
        if not self.status.up or key in self._offered:
            return
        made = recipe()
        if made.size > MAX_RECIPE:
            raise TooLarge(
                f"home and sentence files have {made.size} characters; the limit is {MAX_RECIPE}",
                hint="make the sentence files shorter; only a remote recogniser has this limit",
                code="remote.grammar",
            )
        with self._ready:
            if self.status.up and key not in self._offered:
                self._offered = {key: False}
                self._put(made)

    # -- what the attached process calls -------------------------------------------------------------

    def orders(self) -> Iterator[Order]:
        """Orders as they come, until the session is closed."""
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._orders or self._closed)
                if self._closed:
                    return
                order = self._orders.popleft()
            yield order

    def connected(self) -> None:
        """The other machine is reached: it is told who asks."""
        with self._ready:
            if not self._closed:
                self._forget_connection()
                self._put(self._identity)

    def disconnected(self, problem: str, code: str, hint: str = "", *, asks_owner: bool = False) -> None:
        """The other machine is not reached, or refuses; arguments as of `LinkStatus`."""
        self._set(LinkStatus(self.status.address, False, problem, code, hint, asks_owner))

    def close(self) -> None:
        """The process has gone. May be called twice."""
        self._set(LinkStatus(), closed=True)

    def answer(self, answer: Answer) -> None:
        """Take an answer of the other machine; one that nobody waits for is ignored."""
        match answer:
            case Welcome():
                self._set(LinkStatus(self.status.address, True, "", ""))
            case GrammarKnown():
                self._take_grammar(answer)
            case Result():
                self._take_result(answer)
            case Refused():
                self._take_refusal(answer)

    # ------------------------------------------------------------------------------------------------

    def _take_grammar(self, answer: GrammarKnown) -> None:
        with self._ready:
            if answer.key not in self._offered:
                return
            offered = {**self._offered, answer.key: answer.made}
            if not answer.made and answer.error is None:
                del offered[answer.key]
            self._offered = offered
        if answer.made:
            self._set(LinkStatus(self.status.address, True, "", ""))
        elif (error := answer.error) is not None:
            self._set(LinkStatus(self.status.address, True, error.message, error.code, error.hint, True))

    def _take_result(self, answer: Result) -> None:
        with self._ready:
            results = self._pending.get(answer.id)
            if answer.last:
                self._pending.pop(answer.id, None)
        if results is None:
            return
        if not answer.searched:
            _give(results.quick, answer.transcript)
        if answer.searched or answer.last:
            _give(results.deep, answer.transcript)

    def _take_refusal(self, answer: Refused) -> None:
        with self._ready:
            results = self._pending.pop(answer.id, None)
        if results is not None:
            _fail(results, answer.error)

    def _set(self, status: LinkStatus, closed: bool = False) -> None:
        lost: tuple[RemoteResults, ...] = ()
        with self._ready:
            if self._closed:
                return
            before, self.status = self.status, status
            self._closed = closed
            if not status.up:
                lost = self._forget_connection()
            self._ready.notify_all()
        for results in lost:
            _fail(results, _gone(status.problem))
        if status != before:
            self._changed(status)

    def _put(self, order: Order) -> None:
        self._orders.append(order)
        self._ready.notify_all()

    def _forget_connection(self) -> tuple[RemoteResults, ...]:
        """Begin anew; gives the recordings that were under way. Call it with the lock."""
        lost = tuple(self._pending.values())
        self._pending.clear()
        self._orders.clear()
        self._offered = {}
        self._sent = _NO_SOUND
        return lost


def _same(before: Samples, audio: Samples) -> int:
    """Number of samples that both begin with."""
    shortest = min(len(before), len(audio))
    differ = np.flatnonzero(before[:shortest] != audio[:shortest])
    return int(differ[0]) if len(differ) else shortest


def _give(future: Future[Transcript], transcript: Transcript) -> None:
    with contextlib.suppress(InvalidStateError):  # it was given up
        future.set_result(transcript)


def _fail(results: RemoteResults, error: SottoError) -> None:
    for future in (results.quick, results.deep):
        with contextlib.suppress(InvalidStateError):
            future.set_exception(error)


def _gone(problem: str) -> Unavailable:
    return Unavailable(f"the remote recogniser is not there: {problem}", code="remote.gone")

"""The place of a box's remote recogniser: a process that has a network attaches itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from assistant.remote.identity import RecogniserIdentity
from assistant.remote.port import GrammarName, RemoteResults, Utterance
from assistant.remote.session import LinkStatus, RemoteSession
from assistant.understanding.recipe import GrammarRecipe
from common.errors import Conflict, Unavailable

log = logging.getLogger(__name__)


class RemoteLink:
    """A `RemoteRecogniser` that an attached process connects to. All methods may be called from any thread.

    Args:
        identity: of this machine's recogniser.
        changed: called, in the thread of the change, with the new status.
    """

    def __init__(self, identity: RecogniserIdentity, changed: Callable[[LinkStatus], None]) -> None:
        self._identity = identity
        self._changed = changed
        self._lock = threading.Lock()
        self._session: RemoteSession | None = None
        self._logged = ""

    @property
    def status(self) -> LinkStatus:
        """How it stands now."""
        session = self._session
        return LinkStatus() if session is None else session.status

    def attach(self, address: str) -> RemoteSession:
        """Take the process that connects to `address`; there is one at most.

        Raises:
            Conflict: another one is attached.
        """
        with self._lock:
            if self._session is not None and self._session.status.address:
                raise Conflict(
                    f"a connection to {self._session.status.address} is attached already",
                    hint="one at a time; stop the other one first",
                    code="remote.attached",
                )
            self._session = RemoteSession(address or "?", self._identity, self._follow)
            return self._session

    def takes(self, grammar: GrammarName) -> bool:
        """See `RemoteRecogniser.takes`."""
        session = self._session
        return session is not None and session.takes(grammar.key)

    def recognise(self, utterance: Utterance) -> RemoteResults:
        """See `RemoteRecogniser.recognise`."""
        session = self._session
        if session is None:
            raise Unavailable(LinkStatus.problem, code=LinkStatus.code)
        return session.recognise(utterance)

    def give_up(self, results: RemoteResults) -> None:
        """See `RemoteRecogniser.give_up`."""
        session = self._session
        if session is not None:
            session.give_up(results)

    def offer(self, key: str, recipe: Callable[[], GrammarRecipe]) -> None:
        """See `RemoteSession.offer`."""
        session = self._session
        if session is not None:
            session.offer(key, recipe)

    def _follow(self, status: LinkStatus) -> None:
        if status.up:
            log.warning("the remote recogniser at %s is there", status.address)
        elif status.code != self._logged:
            log.warning("the remote recogniser is not used: %s", status.problem)
        self._logged = status.code
        self._changed(status)

"""What the skills about the home have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistant.skills.base import Reply, Request
from assistant.skills.selection import NothingSelectedError


class HomeSkill:
    """Answers intents by a table; "there is nothing like that" becomes the reply.

    Args:
        handlers: intent -> what answers it.
    """

    def __init__(self, handlers: Mapping[str, Callable[[Request], Reply]]) -> None:
        self._handlers = handlers

    @property
    def intents(self) -> frozenset[str]:
        """The intents of the table."""
        return frozenset(self._handlers)

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        try:
            return self._handlers[request.intent](request)
        except NothingSelectedError as nothing:
            return Reply(str(nothing), ok=False)

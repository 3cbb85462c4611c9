"""A skill whose intents are answered by a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistant.skills.contract import Reply, Request

Handlers = Mapping[str, Callable[[Request], Reply]]


class TableSkill:
    """Answers intents by a table.

    Args:
        handlers: intent -> what answers it.
    """

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    @property
    def intents(self) -> frozenset[str]:
        """The intents of the table."""
        return frozenset(self._handlers)

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        return self._handlers[request.intent](request)

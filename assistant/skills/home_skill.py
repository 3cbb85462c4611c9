"""What the skills about the home have in common."""

from __future__ import annotations

from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request
from assistant.skills.home_words import HomeWords
from assistant.skills.selection import NothingSelectedError, Selector
from assistant.skills.table_skill import Handlers, TableSkill


class HomeSkill(TableSkill):
    """Answers intents by a table. Where no device fits, that becomes the reply.

    Args:
        box: its devices, and what it says.
        handlers: intent -> what answers it.
    """

    def __init__(self, box: SkillContext, handlers: Handlers) -> None:
        super().__init__(handlers)
        self._executor = box.executor
        self._words = HomeWords(box.replies)
        self._text = box.replies.text
        self._selector = Selector(self._words)

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        try:
            return super().handle(request)
        except NothingSelectedError as nothing:
            return Reply(str(nothing), ok=False)

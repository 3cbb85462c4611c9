"""What the skills about the home have in common."""

from __future__ import annotations

from assistant.skills.choice import Choice
from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request, asking
from assistant.skills.home_words import HomeWords
from assistant.skills.question import WHICH
from assistant.skills.selection import NothingSelectedError, Selector, WhichOneError
from assistant.skills.table_skill import Handlers, TableSkill


class HomeSkill(TableSkill):
    """Answers intents by a table. If no device fits, that is the reply; if too many do, the box asks which.

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
        except WhichOneError as several:
            home = self._executor.home
            rooms = {area.id: (area.name, *area.aliases) for area in home.areas}
            choices = tuple(
                Choice(device.id, (device.name, *device.aliases), rooms.get(device.area or "", ()))
                for device in several.devices
            )
            return asking(str(several), request, WHICH, choices=choices)
        except NothingSelectedError as nothing:
            return Reply(str(nothing), ok=False)

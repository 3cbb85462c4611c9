"""Talking about the talk itself: stop, never mind, what can I say."""

from __future__ import annotations

from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request
from assistant.skills.lines import line

_HELP = line("talk.help")
_WELCOME = line("talk.welcome")


def skills(box: SkillContext) -> tuple[TalkSkill]:
    """See `discovery`."""
    return (TalkSkill(box),)


class TalkSkill:
    """Stops what sounds, gives up a command, gives examples.

    Args:
        box: everything that rings, which "stop" silences before anything else.
    """

    intents = frozenset({"SottoStop", "HassNevermind", "SottoHelp", "SottoThanks"})

    def __init__(self, box: SkillContext) -> None:
        self._rings = box.rings
        self._text = box.replies.text

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        if request.intent == "SottoHelp":
            return Reply(self._text(_HELP))
        if request.intent == "SottoThanks":
            return Reply(self._text(_WELCOME))
        return self._rings.silencing(request)

"""Talking about the talk itself: stop, never mind, what can I say."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.skills.base import Reply, Request, silencing
from assistant.skills.rings import RingSource

_HELP = (
    "You can say: turn on the kitchen light. Set the bedroom light to 30 percent. "
    "Is the front door locked? Set a timer for ten minutes. Wake me up at seven. "
    "What time is it? Turn the volume up. And stop, to make me stop."
)


class TalkSkill:
    """Stops, gives up, explains.

    Args:
        ringing: everything that rings; "stop" silences it before anything else.
        examples: what "what can I say" answers.
    """

    intents = frozenset({"SottoStop", "HassNevermind", "SottoHelp", "SottoThanks"})

    def __init__(self, ringing: Sequence[RingSource] = (), examples: str = _HELP) -> None:
        self._ringing = tuple(ringing)
        self._examples = examples

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        if request.intent == "SottoHelp":
            return Reply(self._examples)
        if request.intent == "SottoThanks":
            return Reply("You're welcome.")
        return silencing(self._ringing, request)

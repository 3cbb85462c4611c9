"""The pairing code, said aloud when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable

from assistant.skills.base import Act, Reply, Request


class PairingSkill:
    """Has the room say the code.

    It is never a part of the reply: programs that may only talk read replies, and with the code they could
    give themselves every right. Whoever asks, by whatever way, it is heard in the room alone.

    Args:
        say: begins to say it, after what is being said now; None where nothing can be paired.
    """

    intents = frozenset({"SottoPairingCode"})

    def __init__(self, say: Callable[[], None] | None) -> None:
        self._say = say

    def handle(self, request: Request) -> Reply:
        """See `Skill`."""
        if self._say is None:
            return Reply("Nothing can be paired with me.", ok=False)
        return Reply("I am saying the pairing code in the room.", (Act("pairing.say", run=self._say),))

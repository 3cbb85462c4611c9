"""The pairing code, said aloud when somebody asks for it."""

from __future__ import annotations

from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request
from assistant.skills.lines import line

_NOTHING_PAIRED = line("pairing.nothing")
_SAYING = line("pairing.saying")


def skills(box: SkillContext) -> tuple[PairingSkill]:
    """See `discovery`."""
    return (PairingSkill(box),)


class PairingSkill:
    """Has the code spoken on the loudspeaker.

    The code is never part of a reply. Programs with the scope "talk" read replies, and with the code they
    could give themselves every scope. It is spoken in the room, whoever asks.

    Args:
        box: begins to say the code, after what is being said now.
    """

    intents = frozenset({"SottoPairingCode"})

    def __init__(self, box: SkillContext) -> None:
        self._say = box.say_pairing_code
        self._text = box.replies.text

    def handle(self, request: Request) -> Reply:
        """See `Skill`."""
        if self._say is None:
            return Reply(self._text(_NOTHING_PAIRED), ok=False)
        return Reply(self._text(_SAYING), (Act("pairing.say", run=self._say),))

"""Speaking in the room unprompted: what may be said, and when."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import Protocol

from assistant.conversation import Conversation
from assistant.errors import InvalidInput, TooLarge, Unavailable

#: About a minute of speech.
MAX_TEXT = 1000
#: Seconds that an announcement waits for its turn while somebody is heard or answered.
PATIENCE_S = 60.0
#: Seconds that a text of full length may take to be spoken.
_SPEAKING_S = 120.0
_NAP_S = 0.1


class Announcer(Protocol):
    """Who speaks in the room; `services.assistantd.room.Room` is one."""

    def announce(self, text: str, *, chime: bool, wanted: Callable[[], bool]) -> None:
        """Speak `text` when its turn has come, unless it is no longer `wanted`; return when it was spoken."""


def checked(text: str) -> str:
    """`text` on one line.

    Raises:
        InvalidInput: there is nothing to say.
        TooLarge: more than `MAX_TEXT` characters.
    """
    if len(text) > MAX_TEXT:
        raise TooLarge(
            f"an announcement of {len(text)} characters; the limit is {MAX_TEXT}",
            hint="say it in parts",
            code="announce.too-long",
        )
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not any(c.isalnum() for c in line):
        raise InvalidInput("there is nothing to say", hint="give some words", code="announce.empty")
    return line


def speak_in_turn(
    conversation: Conversation,
    text: str,
    *,
    chime: bool,
    wanted: Callable[[], bool],
    patience_s: float = PATIENCE_S,
) -> None:
    """Wait until nobody is heard or answered, speak, and wait until it was spoken.

    Raises:
        Unavailable: people and box talk for longer than `patience_s`.
    """
    give_up = monotonic() + patience_s
    while not conversation.say(text, chime=chime):
        if not wanted():
            return
        if monotonic() > give_up:
            raise Unavailable(
                f"the box was busy listening or speaking for {patience_s:.0f} s",
                hint="try again when nobody talks to it",
                code="announce.busy",
            )
        sleep(_NAP_S)
    conversation.wait(_SPEAKING_S)


def no_loudspeaker() -> Unavailable:
    """The error of a box that has no loudspeaker at all."""
    return Unavailable(
        "the box has no loudspeaker to announce on",
        hint="plug one in; `sotto audio list` shows what there is",
        code="audio.no-output",
    )

"""Announcements in the room: what may be announced, and when."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import Protocol

from assistant.audio.format import Samples
from assistant.turn.conversation import Conversation
from common.errors import InvalidInput, TooLarge, Unavailable
from services.assistantd.client_sound import client_sound
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.limits import MAX_ANNOUNCED_S

#: About a minute of speech.
MAX_TEXT = 1000
#: Seconds that an announcement waits for its turn while somebody is heard or answered.
PATIENCE_S = 60.0
#: Longest time in seconds to speak a text of full length.
_SPEAKING_S = 120.0
_NAP_S = 0.1


class Announcer(Protocol):
    """Plays announcements in the room; `services.assistantd.room.Room` is one."""

    @property
    def conversation(self) -> Conversation | None:
        """The conversation of the room, whose hub pipeline a hub may use."""

    def announce(self, what: str | Samples, *, chime: bool, wanted: Callable[[], bool]) -> None:
        """Speak a text, or play a sound at the voice's rate, and return when it was played.

        It waits while the box listens or answers. It is dropped if it is no longer `wanted` by then.
        """


def requested_announcement(request: pb.AnnounceRequest, rate: int) -> str | Samples:
    """The announcement in a request: a line of text, or samples at `rate` Hz.

    Raises:
        InvalidInput: neither text nor sound, both, or a sound that cannot be used.
        TooLarge: more than `MAX_TEXT` characters or `MAX_ANNOUNCED_S` seconds.
    """
    if not request.audio:
        return checked(request.text)
    if request.text:
        raise InvalidInput(
            "an announcement has a text or a sound, not both", hint="send one", code="announce.both"
        )
    return client_sound(request.audio, request.sample_rate, MAX_ANNOUNCED_S, rate)


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
    what: str | Samples,
    *,
    chime: bool,
    wanted: Callable[[], bool],
    patience_s: float = PATIENCE_S,
) -> None:
    """Wait until the box neither listens nor answers, speak, and wait until that was played.

    Raises:
        Unavailable: the box listens or answers for longer than `patience_s`.
    """
    give_up = monotonic() + patience_s
    while not conversation.say(what, chime=chime):
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

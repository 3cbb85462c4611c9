"""How a stream is turned into turns, and the phases that a turn goes through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where the conversation is; announced as a `state` event at each change.

    `WAITING` is a room's alone: a hub has the sentence, and its answer is awaited.
    """

    IDLE = "idle"
    LISTENING = "listening"
    DECIDING = "deciding"
    WAITING = "waiting"
    SPEAKING = "speaking"


@dataclass(frozen=True)
class ConversationSettings:
    """How a stream is turned into turns.

    `wake`: a wake word opens each turn. `endpointing`: silence ends a turn; without it only the end of
    the stream does. `realtime`: frames arrive at the pace of a microphone, so the clocks that start at
    the last speech sample mean something. `keep_audio`: hand what was heard to the record.
    """

    wake: bool = True
    endpointing: bool = True
    realtime: bool = True
    keep_audio: bool = False
    #: First, quick recognition after this much silence; the full search after `search_after_ms`.
    recognise_after_ms: int = 90
    search_after_ms: int = 250
    #: A wake word begins at most this long before its end.
    breath_ms: int = 1500
    #: After a wake word, speech no longer than this that means nothing is the wake word's own end.
    residue_ms: int = 300
    #: A wake word followed by nothing for this long closes the turn.
    no_speech_ms: int = 6000
    #: A "stop" said over a reply is at most this long.
    stop_word_ms: int = 1500

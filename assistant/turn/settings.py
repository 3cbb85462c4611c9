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
    the last speech sample mean something. `keep_audio`: hand what was heard to the record. `echo_free`:
    what the box says does not come back through the microphone, so speech over a reply is a person's.
    """

    wake: bool = True
    endpointing: bool = True
    realtime: bool = True
    keep_audio: bool = False
    echo_free: bool = False
    #: First, quick recognition after this much silence, unless the last one was so lately that this machine
    #: has no time for another; then, and for the full search, after `search_after_ms`.
    recognise_after_ms: int = 30
    search_after_ms: int = 60
    #: While somebody speaks, what was said so far is recognised at most so often, and less often where that
    #: would take more than a quarter of a core; 0 for never.
    partial_every_ms: int = 300
    #: How the voice sounds is judged after this much silence, as smart-turn is trained; from this probability
    #: on, the network's own, it sounds finished.
    judge_after_ms: int = 200
    finished_above: float = 0.5
    #: A wake word begins at most this long before its end.
    breath_ms: int = 1500
    #: After a wake word, speech no longer than this that means nothing is the wake word's own end.
    residue_ms: int = 300
    #: A wake word followed by nothing for this long closes the turn.
    no_speech_ms: int = 6000
    #: A turn that has heard nothing for so long, not even silence, has lost its microphone and ends when the
    #: box wants to say something.
    deaf_after_s: float = 3.0
    #: A "stop" said over a reply is at most this long.
    stop_word_ms: int = 1500
    #: Who goes on within this time of the end of a turn has not finished the sentence: it is taken as one.
    correction_ms: int = 1000
    #: Loudness of a reply that somebody speaks over, until it is clear what was said.
    duck_to: float = 0.25

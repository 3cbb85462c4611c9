"""How a stream is turned into turns, and the phases that a turn goes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from common.settings_file import between


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

    More than twelve attributes: one attribute for each key of its section.

    Attributes:
        wake: whether a wake word opens each turn.
        endpointing: whether silence ends a turn; without it only the end of the stream does.
        realtime: whether frames arrive at the pace of a microphone, so that the clocks that start at the last
            speech sample have a meaning.
        keep_audio: whether what was heard is handed to the record. `[store]` decides it.
        echo_free: whether the microphone does not pick up what the box says, so that speech over a reply is a
            person's. The box decides it for its own room.
        recognise_after_ms: the first, quick recognition comes after this much silence, unless the last one
            was so lately that this machine has no time for another.
        search_after_ms: the next recognition, and the full search, come after this much silence.
        partial_every_ms: while somebody speaks, what was said so far is recognised at most so often, and less
            often where that would take more than a quarter of a core; 0 for never.
        judge_after_ms: the end-of-turn model judges after this much silence, as it is trained.
        finished_above: from this probability on, the network's own, the utterance sounds finished.
        breath_ms: a wake word begins at most this long before its end.
        residue_ms: after a wake word, speech no longer than this that means nothing is the wake word's own
            end.
        no_speech_ms: a wake word followed by nothing for this long closes the turn.
        deaf_after_s: a turn that has heard nothing for so long, not even silence, has lost its microphone,
            and ends when the box wants to say something.
        stop_word_ms: a "stop" said over a reply is at most this long.
        correction_ms: speech within this time of the end of a turn continues it: both are taken as one.
        duck_to: loudness of a reply that somebody speaks over, until it is clear what was said.
    """

    wake: bool = True
    endpointing: bool = True
    realtime: bool = True
    keep_audio: bool = False
    echo_free: bool = False
    recognise_after_ms: int = field(default=30, metadata=between(0, 60_000))
    search_after_ms: int = field(default=60, metadata=between(0, 60_000))
    partial_every_ms: int = field(default=300, metadata=between(0, 60_000))
    judge_after_ms: int = field(default=200, metadata=between(0, 60_000))
    finished_above: float = field(default=0.5, metadata=between(0, 1))
    breath_ms: int = field(default=1500, metadata=between(0, 60_000))
    residue_ms: int = field(default=300, metadata=between(0, 60_000))
    no_speech_ms: int = field(default=6000, metadata=between(0, 600_000))
    deaf_after_s: float = field(default=3.0, metadata=between(0.1, 600))
    stop_word_ms: int = field(default=1500, metadata=between(0, 60_000))
    correction_ms: int = field(default=1000, metadata=between(0, 60_000))
    duck_to: float = field(default=0.25, metadata=between(0, 1))

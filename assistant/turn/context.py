"""What one audio stream is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.audio.format import Samples
from assistant.audio.sink import AudioSink
from assistant.events import EventBus
from assistant.hearing.ears import Ears
from assistant.speech.recogniser import Recogniser
from assistant.turn.dialogue import Dialogue
from assistant.turn.endpointing import EndpointingSettings
from assistant.turn.hub_turn import DEFAULT_HUB_PIPELINE, HubPipelineSettings
from assistant.turn.settings import ConversationSettings
from assistant.turn.store import Turn
from assistant.turn.utterance import Voice


@dataclass(frozen=True)
class StreamContext:
    """What the conversation of one audio stream works with; the same for all its turns.

    Attributes:
        ears: hear the stream.
        recogniser: of words.
        dialogue: from words to an answer.
        voice: speaks replies.
        sink: where sound goes.
        bus: given the events of the stream.
        settings: how the stream is turned into turns.
        endpointing: how long a pause may be.
        on_turn: given each finished turn with the audio that was heard (None unless kept).
        label: of the stream, for records.
        hub: what a hub is given.
        sounds_finished: how likely the voice sounds as at the end of a sentence, from 0 to 1, given int16
            samples (n,) at 16 kHz; None where there is no end-of-turn model.
    """

    ears: Ears
    recogniser: Recogniser
    dialogue: Dialogue
    voice: Voice
    sink: AudioSink
    bus: EventBus
    settings: ConversationSettings
    endpointing: EndpointingSettings
    on_turn: Callable[[Turn, Samples | None], None]
    label: str = ""
    hub: HubPipelineSettings = DEFAULT_HUB_PIPELINE
    sounds_finished: Callable[[Samples], float] | None = None

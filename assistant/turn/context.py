"""What one audio stream is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.audio.format import Samples
from assistant.audio.sink import AudioSink
from assistant.events import EventBus
from assistant.hearing.ears import Ears
from assistant.speech.recognising import SpeechRecogniser
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
        ears: hearing of the stream.
        recogniser: speech to text.
        dialogue: from text to a reply and its acts.
        voice: synthesises replies.
        sink: where sound goes.
        bus: gets the events of the stream.
        settings: how the stream is turned into turns.
        endpointing: how much silence ends a turn.
        on_turn: called with each finished turn and its audio (None unless recordings are kept).
        label: of the stream, for records.
        hub: which turns a hub gets.
        sounds_finished: the end-of-turn model: the probability, 0 to 1, that the speaker has finished, for
            int16 samples (n,) at 16 kHz; None if there is no model.
    """

    ears: Ears
    recogniser: SpeechRecogniser
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

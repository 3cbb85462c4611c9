"""A typed sentence over the wire: its events as they happen, then the reply's audio, then the turn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc

from assistant.assistant import Assistant
from assistant.events import EventBus
from common.errors import InvalidInput
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.messages import event_to_wire, turn_to_wire, values_from

#: Sentences that are answered at once; further ones wait.
MAX_ASKS = 16
#: Events that wait for a client that reads slowly; then the oldest is dropped. A turn has about four.
MAX_QUEUED = 256
_PARAMS = frozenset({"language", "reply_audio"})


class Ask:
    """Answers typed sentences. Each is answered in a thread of its own, which never waits for the client.

    Args:
        assistant: who answers.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._workers = ThreadPoolExecutor(MAX_ASKS, "ask")

    def responses(self, request: pb.AskRequest, context: grpc.ServicerContext) -> Iterator[pb.AskResponse]:
        """What comes of one sentence.

        If the client goes away before the sentence is understood, it is given up. Later the turn is finished
        and stored all the same.

        Raises:
            InvalidInput, TooLarge: the sentence or a parameter cannot be used.
        """
        params = values_from(request.params)
        if unknown := sorted(set(params) - _PARAMS):
            raise InvalidInput(
                f"unknown parameter {unknown[0]!r}",
                hint=f"known: {', '.join(sorted(_PARAMS))}",
                code="ask.params",
            )
        bus = EventBus()
        with bus.subscribe(MAX_QUEUED) as events:
            asked = self._workers.submit(
                self._assistant.ask,
                request.query,
                context=tuple(request.context),
                language=str(params.get("language") or ""),
                on_event=bus.relay,
                wanted=context.is_active,
            )
            asked.add_done_callback(lambda _: events.close())
            context.add_callback(events.close)
            for event in events:
                yield pb.AskResponse(event=event_to_wire(event))
        if not context.is_active():
            asked.cancel()
            return
        turn = asked.result()
        if params.get("reply_audio") and turn.reply:
            yield from self._audio(turn.reply, turn.id)
        yield pb.AskResponse(turn=turn_to_wire(turn))

    def _audio(self, reply: str, turn_id: str) -> Iterator[pb.AskResponse]:
        rate = self._assistant.voice.sample_rate
        for chunk in self._assistant.synthesise(reply):
            yield pb.AskResponse(audio=pb.AudioChunk(pcm=chunk.tobytes(), sample_rate=rate, turn_id=turn_id))

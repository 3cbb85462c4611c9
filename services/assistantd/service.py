"""The gRPC face of the assistant: every method of the wire contract, nothing else."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import grpc
import numpy as np

from assistant.assistant import Assistant
from assistant.audio.convert import Resampler
from assistant.audio.files import read_audio
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.stream_sink import StreamSink
from assistant.conversation import ConversationSettings
from assistant.errors import InvalidInput, SottoError, TooLarge
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.status import abort
from services.wire import event_to_wire, turn_to_wire, values_from

_Response = TypeVar("_Response")

#: Conversations at once; each holds its own ears (about 2 MB) and shares the models.
MAX_CONVERSATIONS = 16
#: Responses waiting for a client that reads slowly; then the conversation is ended.
MAX_QUEUED = 2000
#: One audio message; 10 s of 48 kHz audio.
MAX_AUDIO_BYTES = 960_000
_ASK_PARAMS = frozenset({"language", "reply_audio"})


class AssistantService(rpc.AssistantServicer):
    """Serves one `Assistant`; every typed error ends its call with the status that belongs to it."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._places = threading.BoundedSemaphore(MAX_CONVERSATIONS)

    def Converse(  # noqa: N802
        self, request_iterator: Iterator[pb.ConverseRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.ConverseResponse]:
        """Audio in; events, reply audio and finished turns out."""
        if not self._places.acquire(blocking=False):
            context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"{MAX_CONVERSATIONS} conversations are open already; try again when one has ended",
            )
        try:
            yield from self._converse(request_iterator, context)
        except SottoError as error:
            abort(context, error)
        finally:
            self._places.release()

    def _converse(
        self, requests: Iterator[pb.ConverseRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.ConverseResponse]:
        first = next(requests, None)
        if first is None or first.WhichOneof("payload") != "start":
            raise InvalidInput(
                "the first message of a conversation must carry `start`",
                hint="send ConverseRequest(start=...) before any audio",
                code="converse.no-start",
            )
        start = first.start
        out: queue.Queue[pb.ConverseResponse | SottoError | None] = queue.Queue(MAX_QUEUED)

        def send(response: pb.ConverseResponse) -> None:
            try:
                out.put_nowait(response)
            except queue.Full:
                context.cancel()  # type: ignore[no-untyped-call]

        def send_audio(samples: Samples, rate: int) -> None:
            chunk = pb.AudioChunk(pcm=samples.astype("<i2").tobytes(), sample_rate=rate)
            send(pb.ConverseResponse(audio=chunk))

        sink = StreamSink(send_audio if start.reply_audio else None, paced=start.realtime)
        conversation = self._assistant.conversation(
            sink,
            ConversationSettings(
                wake=start.wake, realtime=start.realtime, endpointing=start.wake or start.realtime
            ),
            label=start.label[:200],
            on_event=lambda event: send(pb.ConverseResponse(event=event_to_wire(event))),
            on_turn=lambda turn: send(pb.ConverseResponse(turn=turn_to_wire(turn))),
        )

        def listen() -> None:
            end: SottoError | None = None
            try:
                for frame in _frames(requests, start.sample_rate or SAMPLE_RATE):
                    conversation.feed(frame)
                    if not start.realtime:
                        conversation.wait()
                conversation.end_of_stream()
            except SottoError as error:
                end = error
            except grpc.RpcError:
                pass  # the client went away; there is nobody to tell
            finally:
                out.put(end)

        worker = threading.Thread(target=listen, name="converse", daemon=True)
        worker.start()
        context.add_callback(lambda: out.put(None) if not out.full() else None)
        try:
            while (response := out.get()) is not None:
                if isinstance(response, SottoError):
                    raise response
                yield response
        finally:
            conversation.close()

    def Ask(  # noqa: N802
        self, request: pb.AskRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.AskResponse]:
        """A typed sentence in; events and the finished turn out."""
        try:
            params = values_from(request.params)
            if unknown := sorted(set(params) - _ASK_PARAMS):
                raise InvalidInput(
                    f"unknown parameter {unknown[0]!r}",
                    hint=f"known: {', '.join(sorted(_ASK_PARAMS))}",
                    code="ask.params",
                )
            out: list[pb.AskResponse] = []
            turn = self._assistant.ask(
                request.query,
                context=tuple(request.context),
                language=str(params.get("language") or ""),
                on_event=lambda event: out.append(pb.AskResponse(event=event_to_wire(event))),
            )
            yield from out
            if params.get("reply_audio") and turn.reply:
                for chunk in self._assistant.synthesise(turn.reply):
                    yield pb.AskResponse(
                        audio=pb.AudioChunk(
                            pcm=chunk.tobytes(),
                            sample_rate=self._assistant.voice.sample_rate,
                            turn_id=turn.id,
                        )
                    )
            yield pb.AskResponse(turn=turn_to_wire(turn))
        except SottoError as error:
            abort(context, error)

    def Transcribe(  # noqa: N802
        self, request: pb.TranscribeRequest, context: grpc.ServicerContext
    ) -> pb.TranscribeResponse:
        """A recording in, its words out."""

        def work() -> pb.TranscribeResponse:
            limit = self._assistant.settings.recogniser.max_audio_s
            if request.sample_rate:
                frames = list(_frames_of(request.audio, request.sample_rate))
                audio = np.concatenate(frames) if frames else np.zeros(0, np.int16)
                if len(audio) > limit * SAMPLE_RATE:
                    raise TooLarge(
                        f"{len(audio) / SAMPLE_RATE:.0f} s of audio; the limit is {limit:.0f} s",
                        hint="send it in parts",
                        code="audio.too-long",
                    )
            else:
                audio = read_audio(request.audio, max_seconds=limit)
            transcript = self._assistant.transcribe(audio, free=request.free)
            return pb.TranscribeResponse(
                text=transcript.text,
                method=transcript.method,
                audio_seconds=transcript.audio_s,
                compute_ms=transcript.encode_ms + transcript.decode_ms,
            )

        return _unary(work, context)

    def Synthesize(  # noqa: N802
        self, request: pb.SynthesizeRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.SynthesizeResponse]:
        """A text in, speech out as it is made."""
        try:
            rate = self._assistant.voice.sample_rate
            for chunk in self._assistant.synthesise(request.text):
                yield pb.SynthesizeResponse(pcm=chunk.tobytes(), sample_rate=rate)
        except SottoError as error:
            abort(context, error)

    def ListModels(  # noqa: N802
        self, request: pb.ListModelsRequest, context: grpc.ServicerContext
    ) -> pb.ListModelsResponse:
        """The catalogue, and whether each model is there."""

        def work() -> pb.ListModelsResponse:
            return pb.ListModelsResponse(
                models=[
                    pb.Model(
                        name=entry.name,
                        version=entry.version,
                        task=entry.task,
                        language=entry.language,
                        licence=entry.licence,
                        source=entry.source,
                        size=sum(file.size for file in entry.files),
                        state=state,
                    )
                    for entry, state in self._assistant.models()
                ]
            )

        return _unary(work, context)

    def Turns(  # noqa: N802
        self, request: pb.TurnsRequest, context: grpc.ServicerContext
    ) -> pb.TurnsResponse:
        """Stored turns, newest first."""

        def work() -> pb.TurnsResponse:
            turns = self._assistant.turns.newest(min(request.limit or 20, 1000))
            return pb.TurnsResponse(turns=[turn_to_wire(turn) for turn in turns])

        return _unary(work, context)

    def Watch(  # noqa: N802
        self, request: pb.WatchRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.Event]:
        """Every event from now on, until the client has enough."""
        with self._assistant.bus.subscribe() as subscription:
            context.add_callback(subscription.close)
            # So that a client can know that it misses nothing from here on.
            context.send_initial_metadata(())
            for event in subscription:
                yield event_to_wire(event)


def _unary(work: Callable[[], _Response], context: grpc.ServicerContext) -> _Response:
    try:
        return work()
    except SottoError as error:
        abort(context, error)
        raise


def _frames(requests: Iterator[pb.ConverseRequest], rate: int) -> Iterator[Samples]:
    """10 ms frames at 16 kHz from audio messages of any size; the last one is padded with silence."""
    if not 8_000 <= rate <= 48_000:
        raise InvalidInput(
            f"a sample rate of {rate} Hz is not supported",
            hint="send audio between 8000 and 48000 Hz",
            code="audio.rate",
        )
    resampler = Resampler(rate, SAMPLE_RATE) if rate != SAMPLE_RATE else None
    odd, rest = b"", np.zeros(0, np.int16)
    for request in requests:
        if request.WhichOneof("payload") != "audio":
            raise InvalidInput(
                "a message after the first carries no audio",
                hint="send `start` once, then `audio` only",
                code="converse.no-audio",
            )
        if len(request.audio) > MAX_AUDIO_BYTES:
            raise TooLarge(
                f"an audio message of {len(request.audio)} bytes; the limit is {MAX_AUDIO_BYTES}",
                hint="send 10 to 100 ms of audio a message",
                code="audio.message",
            )
        data = odd + request.audio
        even = len(data) // 2 * 2
        samples, odd = np.frombuffer(data[:even], "<i2").astype(np.int16), data[even:]
        if resampler is not None:
            samples = resampler.process(samples)
        rest = np.concatenate([rest, samples])
        whole = len(rest) // FRAME_SAMPLES * FRAME_SAMPLES
        yield from rest[:whole].reshape(-1, FRAME_SAMPLES)
        rest = rest[whole:]
    if len(rest):
        yield np.pad(rest, (0, FRAME_SAMPLES - len(rest)))


def _frames_of(pcm: bytes, rate: int) -> Iterator[Samples]:
    parts = (pcm[i : i + MAX_AUDIO_BYTES] for i in range(0, len(pcm), MAX_AUDIO_BYTES))
    return _frames((pb.ConverseRequest(audio=part) for part in parts), rate)

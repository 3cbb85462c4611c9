"""The box speaks known sentences to itself through its API, and says what it understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from assistant.events import EventKind
from assistant.understanding.normalise import normalise
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.updated.judge import HeardSentence
from services.wire.messages import values_from
from services.wire.status import from_rpc

#: Questions, so that the test changes nothing in the house, and what they mean.
SENTENCES = (
    ("What time is it?", "HassGetCurrentTime"),
    ("What day is it?", "HassGetCurrentDate"),
)
TRIES, RENDERINGS = 5, 3
#: Beyond this, further tries only wait for a better figure: an emulated processor takes minutes each.
_PATIENCE_S = 60.0
_CHUNK_BYTES = 32_000
_HEALTH_S = 10.0
_PAUSE_S = 1.0


@dataclass(frozen=True)
class VoiceResult:
    """What was heard, and the best time to an answer in ms, None where there was no answer."""

    api_error: str
    heard: tuple[HeardSentence, ...] = ()
    compute_ms: float | None = None


def answers(socket: Path, until: float, clock: Callable[[], float] = monotonic) -> VoiceResult:
    """Wait for the API, and say nothing to it; see `try_voice`."""
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        return VoiceResult(_wait(channel, until, clock))


def try_voice(
    socket: Path,
    until: float,
    enough_ms: float | None,
    sentences: tuple[tuple[str, str], ...] = SENTENCES,
    clock: Callable[[], float] = monotonic,
) -> VoiceResult:
    """Wait for the API, then say every sentence, and the first one again for a fair figure.

    Args:
        socket: of assistantd.
        until: when to give up, on `clock`.
        enough_ms: an answer within this ends the tries on a slow machine; None when nothing is known.
        sentences: each with the intent it stands for.
        clock: seconds.
    """
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        if silent := _wait(channel, until, clock):
            return VoiceResult(silent)
        stub = rpc.AssistantStub(channel)
        begun = clock()
        speech: list[tuple[bytes, int]] = []
        heard: list[HeardSentence] = []
        best: float | None = None
        for sentence, intent in sentences:
            # The voice has chance in it: a sentence counts as lost when several renderings of it are.
            for _ in range(RENDERINGS):
                spoken = b"", 0
                try:
                    spoken = _speak(stub, sentence, until - clock())
                    result, compute = _converse(stub, sentence, intent, spoken, until - clock())
                except grpc.RpcError as error:
                    result, compute = HeardSentence(sentence, intent, error=from_rpc(error).message), None
                # Words that were heard right and not understood would not be understood the next time either.
                if result.right or clock() >= until:
                    break
            speech.append(spoken)
            heard.append(result)
            if not result.right:
                # That decides; more sentences would only keep the box from going back.
                return VoiceResult("", tuple(heard), best)
            # Another sentence is another length of audio: only the first one is timed.
            best = compute if len(heard) == 1 else best
        sentence, intent = sentences[0]
        for _ in range(TRIES - 1):
            slow = clock() - begun > _PATIENCE_S
            good_enough = best is not None and (enough_ms is None or best <= enough_ms)
            if (slow and good_enough) or clock() >= until:
                break
            try:
                again, compute = _converse(stub, sentence, intent, speech[0], until - clock())
            except grpc.RpcError:
                break
            if compute is not None and again.right:
                best = compute if best is None else min(best, compute)
    return VoiceResult("", tuple(heard), best)


def _wait(channel: grpc.Channel, until: float, clock: Callable[[], float]) -> str:
    """Until the API answers that it serves; the error when it does not."""
    stub = health_pb2_grpc.HealthStub(channel)
    while True:
        try:
            left = max(0.1, min(_HEALTH_S, until - clock()))
            reply = stub.Check(health_pb2.HealthCheckRequest(), timeout=left, wait_for_ready=True)
            if reply.status == health_pb2.HealthCheckResponse.SERVING:
                return ""
            error = "it says that it is not serving"
        except grpc.RpcError as failed:
            error = from_rpc(failed).message
        if clock() >= until:
            return error
        sleep(_PAUSE_S)


def _speak(stub: rpc.AssistantStub, sentence: str, timeout_s: float) -> tuple[bytes, int]:
    """The sentence in the box's own voice: PCM and its rate in Hz."""
    chunks = list(stub.Synthesize(pb.SynthesizeRequest(text=sentence), timeout=max(0.1, timeout_s)))
    rate = chunks[0].sample_rate if chunks else 16_000
    return b"".join(chunk.pcm for chunk in chunks), rate


def _converse(
    stub: rpc.AssistantStub, sentence: str, intent: str, speech: tuple[bytes, int], timeout_s: float
) -> tuple[HeardSentence, float | None]:
    """One command in a stream of its own, without real time; what was heard and its compute clock in ms."""
    pcm, rate = speech
    # Reply audio is asked for, as the clock ends with its first sample; a reply that was kept says nothing.
    start = pb.ConverseStart(reply_audio=True, label="gate", sample_rate=rate, fresh_voice=True)

    def requests() -> Iterator[pb.ConverseRequest]:
        yield pb.ConverseRequest(start=start)
        for offset in range(0, len(pcm), _CHUNK_BYTES):
            yield pb.ConverseRequest(audio=pcm[offset : offset + _CHUNK_BYTES])

    transcript = understood = ""
    call = stub.Converse(requests(), timeout=max(0.1, timeout_s))
    try:
        for response in call:
            payload, data = response.WhichOneof("payload"), values_from(response.event.data)
            if payload == "turn":  # the end of a turn that got no spoken reply
                transcript, understood = response.turn.transcript, response.turn.intent
            elif response.event.kind == EventKind.TRANSCRIPT:
                transcript = str(data["text"])
            elif response.event.kind == EventKind.DECIDED:
                understood = str(data["intent"])
            if payload == "turn" or response.event.kind == EventKind.REPLY_STARTED:
                right = normalise(transcript) == normalise(sentence)
                heard = HeardSentence(sentence, intent, transcript=transcript, intent=understood, right=right)
                compute = data.get("compute_ms")
                return heard, float(compute) if isinstance(compute, int | float) else None
    finally:
        # The clock ends with the reply's first sample; an emulated machine takes minutes for all the others.
        call.cancel()  # type: ignore[no-untyped-call]
    return HeardSentence(sentence, intent, error="no turn came of it"), None

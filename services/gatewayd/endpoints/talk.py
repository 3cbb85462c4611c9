"""Questions, transcription, speech, announcements, turns and events."""

from __future__ import annotations

from starlette.responses import Response

from common.errors import InvalidInput
from services.gatewayd.admission import holder_of
from services.gatewayd.endpoint import (
    EVENTS,
    LINES,
    Call,
    Endpoint,
    Parameter,
    message_answer,
    whole_number,
    yes_or_no,
)
from services.gatewayd.revocation import while_paired
from services.gatewayd.speech import SPEECH_TYPES, spoken
from services.gatewayd.streams import streamed, while_connected
from services.gatewayd.tokens import Scope
from services.gatewayd.upstream import CALL_S, many, one
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.limits import ANNOUNCE_S

MAX_TURNS = 1000
_MAX_RATE = 48_000


async def query(call: Call[pb.AskRequest]) -> Response:
    """A typed sentence in; events, reply audio if it is asked for, and the turn out."""
    answers = many(call.gateway.upstream.stub.Ask(call.body))
    return await while_connected(call.request, streamed(call.request, answers))


async def transcribe(call: Call[bytes]) -> Response:
    """A recording in; its words out."""
    rate = whole_number(call.request, "sample_rate", 0, 0, _MAX_RATE)
    request = pb.TranscribeRequest(audio=call.body, sample_rate=rate, free=yes_or_no(call.request, "free"))
    return message_answer(await one(call.gateway.upstream.stub.Transcribe(request, timeout=CALL_S)))


async def synthesize(call: Call[pb.SynthesizeRequest]) -> Response:
    """A text in; its speech out while it is made."""
    call.body.format = call.body.format or "wav"
    return await spoken(call.gateway.upstream.stub.Synthesize(call.body), call.body.format)


async def announce(call: Call[pb.AnnounceRequest | bytes]) -> Response:
    """Play a text or a sound on the loudspeaker of the box; answered when it was played."""
    body = call.body
    if isinstance(body, bytes):
        if not body:
            raise InvalidInput("the body is empty", hint="send a sound, or a text as JSON", code="body.empty")
        rate = whole_number(call.request, "sample_rate", 0, 0, _MAX_RATE)
        body = pb.AnnounceRequest(audio=body, sample_rate=rate, chime=yes_or_no(call.request, "chime"))
    return message_answer(await one(call.gateway.upstream.stub.Announce(body, timeout=ANNOUNCE_S)))


async def turns(call: Call[None]) -> Response:
    """Stored turns, newest first."""
    limit = whole_number(call.request, "limit", 20, 1, MAX_TURNS)
    request = pb.TurnsRequest(limit=limit)
    return message_answer(await one(call.gateway.upstream.stub.Turns(request, timeout=CALL_S)))


async def events(call: Call[None]) -> Response:
    """Every event of the box from now on."""
    release = call.gateway.watchers.take(holder_of(call.request.state.caller))
    watch = call.gateway.upstream.stub.Watch(pb.WatchRequest())
    watch.add_done_callback(lambda _: release())
    # Comes when no later event is missed, or when the call was refused.
    await watch.initial_metadata()
    news = while_paired(call.gateway.tokens, call.request.state.caller, watch)
    return await streamed(call.request, news, lambda _event: "event", at_once=not watch.done())


_SAMPLE_RATE = Parameter(
    "sample_rate",
    "The body is 16-bit mono samples of this rate, Hz; 0 for a sound file",
    {"type": "integer", "minimum": 0, "maximum": _MAX_RATE, "default": 0},
)

ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/query",
        query,
        "Ask or command in writing; the answer streams",
        scope=Scope.TALK,
        takes=pb.AskRequest,
        gives=pb.AskResponse,
        media=(LINES, EVENTS),
    ),
    Endpoint(
        "POST",
        "/v1/transcribe",
        transcribe,
        "The words of a WAV, FLAC, Ogg or MP3 recording, or of bare samples",
        scope=Scope.TALK,
        sound=True,
        gives=pb.TranscribeResponse,
        parameters=(
            _SAMPLE_RATE,
            Parameter(
                "free",
                "Do not favour the sentences that the box understands",
                {"type": "boolean", "default": False},
            ),
        ),
    ),
    Endpoint(
        "POST",
        "/v1/synthesize",
        synthesize,
        "Speech for a text, streamed while it is made",
        scope=Scope.TALK,
        takes=pb.SynthesizeRequest,
        media=tuple(SPEECH_TYPES.values()),
    ),
    Endpoint(
        "POST",
        "/v1/announce",
        announce,
        "Say a text, or play a sound of up to 60 s, on the loudspeaker of the box",
        scope=Scope.TALK,
        takes=pb.AnnounceRequest,
        sound=True,
        gives=pb.AnnounceResponse,
        parameters=(
            _SAMPLE_RATE,
            Parameter("chime", "Of a sound: a chime first", {"type": "boolean", "default": False}),
        ),
    ),
    Endpoint(
        "GET",
        "/v1/turns",
        turns,
        "What was heard and answered, newest first",
        scope=Scope.TALK,
        gives=pb.TurnsResponse,
        parameters=(
            Parameter(
                "limit",
                "At most so many",
                {"type": "integer", "minimum": 1, "maximum": MAX_TURNS, "default": 20},
            ),
        ),
    ),
    Endpoint(
        "GET",
        "/v1/events",
        events,
        "Every event of the box from now on, until the caller leaves",
        scope=Scope.TALK,
        gives=pb.Event,
        media=(LINES, EVENTS),
        errors=(429,),
    ),
)

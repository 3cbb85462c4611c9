"""OpenAI's audio interface: transcriptions and speech."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from assistant.models.catalogue import DEFAULT_LANGUAGE, LANGUAGES
from common.errors import InvalidInput
from services.gatewayd.endpoint import EVENTS, JSON, Call, Endpoint
from services.gatewayd.http_errors import WrongParameter, openai_error_answer
from services.gatewayd.speech import SPEECH_TYPES, spoken
from services.gatewayd.streams import begun
from services.gatewayd.tokens import Scope
from services.gatewayd.upstream import CALL_S, many, one
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import openai_pb2 as oa

_TEXT_FORMATS = ("json", "text", "verbose_json", "srt", "vtt")
#: Sample rate of bare samples in Hz. Callers cannot see it; OpenAI's text-to-speech guide says 24 kHz, 16 bit
#: and little endian.
_PCM_RATE = 24_000
_MAX_FIELDS = 20
_MAX_FIELD_BYTES = 16 * 1024
MULTIPART = "multipart/form-data"


async def transcriptions(call: Call[bytes]) -> Response:
    """A recording as a form in; its words out, in the format that is asked for."""
    form = await _form(call.request, call.body)
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise WrongParameter(
            "file", "the form has no file", hint="send the recording as `file`", code="openai.file"
        )
    wanted = _one_of("response_format", str(form.get("response_format") or "json"), _TEXT_FORMATS)
    _check_granularities(form)
    _check_language(str(form.get("language") or ""))
    request = pb.TranscribeRequest(audio=await upload.read())
    heard: pb.TranscribeResponse = await one(call.gateway.upstream.stub.Transcribe(request, timeout=CALL_S))
    if form.get("stream") in ("true", "True", "1"):
        return await begun(_events(heard.text), EVENTS)
    return _shaped(heard, wanted)


def _one_of(parameter: str, value: str, known: Collection[str]) -> str:
    if value not in known:
        raise WrongParameter(
            parameter,
            f"{parameter} {value[:40]!r} is not made here",
            hint=f"ask for one of: {', '.join(known)}",
            code="openai.format",
        )
    return value


def _check_granularities(form: FormData) -> None:
    """Raise if times of words are asked for: the recogniser knows those of stretches of speech alone."""
    for name in ("timestamp_granularities[]", "timestamp_granularities"):
        if any(value != "segment" for value in form.getlist(name)):
            raise WrongParameter(
                "timestamp_granularities",
                "timestamp_granularities: there are times of segments, and none of words",
                hint="ask for segment, or leave it out",
                code="openai.granularity",
            )


def _check_language(language: str) -> None:
    """Raise if the recording is in a language that is not recognised here, by its code or English name."""
    code = language.replace("_", "-").split("-")[0].strip().lower()
    names = [name.lower() for name in LANGUAGES.values()]
    if code and code not in LANGUAGES and code not in names:
        raise WrongParameter(
            "language",
            f"language {language[:40]!r} is not recognised here",
            hint=f"send speech in one of: {', '.join(LANGUAGES)}",
            code="language.unknown",
        )


async def _form(request: Request, body: bytes) -> FormData:
    if not request.headers.get("content-type", "").startswith(MULTIPART):
        raise InvalidInput(
            "the body is not multipart/form-data",
            hint="send the recording as a form's `file`",
            code="openai.form",
        )

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        request.headers, whole(), max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES
    )
    try:
        return await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise InvalidInput(
            f"the form cannot be read: {str(error)[:200]}",
            hint="send a form with a `file`",
            code="openai.form",
        ) from error


async def _events(text: str) -> AsyncGenerator[bytes, None]:
    """The transcript in one piece, then the end: the box has no partial transcript of a recording."""
    for values in (
        {"type": "transcript.text.delta", "delta": text},
        {"type": "transcript.text.done", "text": text},
    ):
        yield f"data: {json.dumps(values, ensure_ascii=False)}\n\n".encode()


def _shaped(heard: pb.TranscribeResponse, wanted: str) -> Response:
    match wanted:
        case "text":
            return PlainTextResponse(f"{heard.text}\n")
        case "srt":
            cues = [
                f"{number}\n{_clock(part.start, ',')} --> {_clock(part.end, ',')}\n{part.text}\n\n"
                for number, part in enumerate(heard.segments, 1)
            ]
            return PlainTextResponse("".join(cues))
        case "vtt":
            cues = [
                f"{_clock(part.start, '.')} --> {_clock(part.end, '.')}\n{part.text}\n\n"
                for part in heard.segments
            ]
            return PlainTextResponse("WEBVTT\n\n" + "".join(cues))
        case "verbose_json":
            language = LANGUAGES[DEFAULT_LANGUAGE].lower()
            whole: dict[str, Any] = {"task": "transcribe", "language": language}
            segments = [_segment(number, part) for number, part in enumerate(heard.segments)]
            whole |= {"duration": heard.audio_seconds, "text": heard.text, "segments": segments}
            return JSONResponse(whole)
        case _:
            return JSONResponse({"text": heard.text})


def _segment(number: int, part: pb.Segment) -> dict[str, Any]:
    segment: dict[str, Any] = {"id": number, "start": part.start, "end": part.end, "text": part.text}
    # Fields that Whisper has, and for which this recogniser has no figure, get neutral values.
    segment |= {"seek": 0, "tokens": [], "temperature": 0.0}
    return segment | {"avg_logprob": 0.0, "compression_ratio": 1.0, "no_speech_prob": 0.0}


def _clock(seconds: float, mark: str) -> str:
    """hh:mm:ss,mmm of SubRip, or with a point, of WebVTT."""
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


async def speech(call: Call[oa.OpenAiSpeech]) -> Response:
    """A text in; its speech out while it is made, in the format that is asked for."""
    body = call.body
    form = _one_of("response_format", body.response_format or "mp3", SPEECH_TYPES)
    stream = _one_of("stream_format", body.stream_format or "audio", ("audio", "sse"))
    running = call.gateway.upstream.stub.Synthesize(
        pb.SynthesizeRequest(
            text=body.input, format=form, speed=body.speed, sample_rate=_PCM_RATE if form == "pcm" else 0
        )
    )
    if stream == "sse":
        return await begun(_speech_events(running), EVENTS)
    return await spoken(running, form)


async def _speech_events(running: object) -> AsyncGenerator[bytes, None]:
    async with aclosing(many(running)) as parts:
        async for part in parts:
            piece = {"type": "speech.audio.delta", "audio": base64.b64encode(part.pcm).decode()}
            yield f"data: {json.dumps(piece)}\n\n".encode()
    yield b'data: {"type": "speech.audio.done"}\n\n'


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/audio/transcriptions",
        transcriptions,
        "OpenAI: the words of a recording",
        scope=Scope.TALK,
        sound=True,
        sound_types=(MULTIPART,),
        media=(JSON, "text/plain", EVENTS),
        failure=openai_error_answer,
    ),
    Endpoint(
        "POST",
        "/v1/audio/speech",
        speech,
        "OpenAI: speech for a text",
        scope=Scope.TALK,
        takes=oa.OpenAiSpeech,
        ignore_unknown=True,
        media=(*SPEECH_TYPES.values(), EVENTS),
        failure=openai_error_answer,
    ),
)

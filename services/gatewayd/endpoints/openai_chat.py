"""OpenAI's chat interface: the assistant as a model, and the list of models."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from google.protobuf import json_format, struct_pb2
from starlette.responses import JSONResponse, Response

from common.errors import InvalidInput, NotFound
from services.gatewayd.endpoint import EVENTS, JSON, Call, Endpoint, Parameter
from services.gatewayd.http_errors import openai_error_answer
from services.gatewayd.streams import begun, while_connected
from services.gatewayd.tokens import Scope
from services.gatewayd.upstream import CALL_S, many, one
from services.gatewayd.wire_json import to_dict
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import openai_pb2 as oa

MODEL = "sotto"
#: The grammar counts no tokens.
_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
#: The limit of assistantd; older messages are dropped.
_MAX_CONTEXT = 50


async def completions(call: Call[oa.OpenAiChat]) -> Response:
    """The messages so far in; the reply of the assistant out."""
    question, context = _question(call.body)
    request = pb.AskRequest(query=question, context=context)
    head = {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "created": int(time.time()),
        "model": call.body.model or MODEL,
    }
    if call.body.stream:
        answers = many(call.gateway.upstream.stub.Ask(request))
        chunks = _chunks(head, answers, with_usage=call.body.stream_options.include_usage)
        return await while_connected(call.request, begun(chunks, EVENTS))
    turn = await while_connected(call.request, call.gateway.upstream.turn(request))
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": turn.reply},
        "finish_reason": "stop",
    }
    return JSONResponse({**head, "object": "chat.completion", "choices": [choice], "usage": _USAGE})


async def _chunks(
    head: dict[str, Any], answers: AsyncGenerator[pb.AskResponse, None], *, with_usage: bool
) -> AsyncGenerator[bytes, None]:
    """The role when the sentence is understood, the reply when it is known, the end with the turn."""

    def event(choices: list[dict[str, Any]], **more: Any) -> bytes:
        values = {**head, "object": "chat.completion.chunk", "choices": choices, **more}
        return f"data: {json.dumps(values, ensure_ascii=False)}\n\n".encode()

    def chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
        return event([{"index": 0, "delta": delta, "finish_reason": reason}])

    async with aclosing(answers):
        async for answer in answers:
            if answer.event.kind == "decided":
                yield chunk({"role": "assistant", "content": ""})
            elif answer.event.kind == "reply":
                yield chunk({"content": str(answer.event.data["text"])})
    yield chunk({}, "stop")
    if with_usage:
        yield event([], usage=_USAGE)
    yield b"data: [DONE]\n\n"


def _question(chat: oa.OpenAiChat) -> tuple[str, list[str]]:
    """The last message, and the earlier ones of the user."""
    if not chat.messages or chat.messages[-1].role != "user":
        raise InvalidInput(
            "the last message is not the user's", hint="end with a question", code="openai.messages"
        )
    said = [_text(message.content) for message in chat.messages if message.role == "user"]
    return said[-1], said[:-1][-_MAX_CONTEXT:]


def _text(content: struct_pb2.Value) -> str:
    value: Any = json_format.MessageToDict(content) if content.WhichOneof("kind") else ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [part for part in value if isinstance(part, dict) and part.get("type") == "text"]
        return " ".join(str(part.get("text", "")) for part in parts)
    raise InvalidInput(
        "the content of a message is neither text nor a list of parts",
        hint='send {"role": "user", "content": "what time is it"}',
        code="openai.messages",
    )


async def models(call: Call[None]) -> Response:
    """The assistant, and the models it is made of."""
    return JSONResponse({"object": "list", "data": await _models(call)})


async def model(call: Call[None]) -> Response:
    """One of them."""
    wanted = call.request.path_params["id"]
    found = next((row for row in await _models(call) if row["id"] == wanted), None)
    if found is None:
        raise NotFound(
            f"there is no model {wanted[:80]!r}", hint="/v1/models lists them", code="model_not_found"
        )
    return JSONResponse(found)


async def _models(call: Call[None]) -> list[dict[str, Any]]:
    listed: pb.ListModelsResponse = await one(
        call.gateway.upstream.stub.ListModels(pb.ListModelsRequest(), timeout=CALL_S)
    )
    entry = {"object": "model", "created": 0, "owned_by": "sotto"}
    rows = [{"id": MODEL, **entry}]
    return rows + [{"id": model.name, **entry, **to_dict(model)} for model in listed.models]


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/chat/completions",
        completions,
        "OpenAI: the assistant as a model",
        scope=Scope.TALK,
        takes=oa.OpenAiChat,
        ignore_unknown=True,
        media=(JSON, EVENTS),
        failure=openai_error_answer,
    ),
    Endpoint(
        "GET",
        "/v1/models",
        models,
        "The assistant and the models it is made of, as OpenAI lists models",
        scope=Scope.TALK,
        failure=openai_error_answer,
    ),
    Endpoint(
        "GET",
        "/v1/models/{id:path}",
        model,
        "One of these models",
        scope=Scope.TALK,
        parameters=(Parameter("id", "Its id", {"type": "string"}, place="path"),),
        errors=(404,),
        failure=openai_error_answer,
    ),
)

"""The OpenAPI description, made from the endpoints and from the wire contract."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from services.gatewayd.endpoint import JSON, LINES, Endpoint
from services.gatewayd.http_errors import error_answer
from services.proto.sotto.v1 import gateway_pb2 as gw

_F = FieldDescriptor
#: JSON of each kind of field, as the proto3 JSON mapping has it: 64-bit numbers are text.
_KINDS: dict[int, dict[str, Any]] = {
    _F.CPPTYPE_STRING: {"type": "string"},
    _F.CPPTYPE_BOOL: {"type": "boolean"},
    _F.CPPTYPE_DOUBLE: {"type": "number"},
    _F.CPPTYPE_FLOAT: {"type": "number"},
    _F.CPPTYPE_INT32: {"type": "integer"},
    _F.CPPTYPE_UINT32: {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    _F.CPPTYPE_INT64: {"type": "string", "pattern": "^-?[0-9]+$"},
    _F.CPPTYPE_UINT64: {"type": "string", "pattern": "^[0-9]+$"},
}
_FREE = {
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.Value": {},
}
#: Statuses that every endpoint may answer.
_COMMON = (400, 401, 403, 408, 413, 421, 429, 500, 503)
_MEANING = {
    400: "Something in the request cannot be used",
    401: "No token, a wrong one, or one that has expired",
    403: "The token, the code, or the web site is not good for this",
    404: "There is no such thing",
    405: "Not this method",
    408: "It came too slowly",
    409: "It is there already",
    412: "Something the box needs is missing",
    413: "Above a limit, which the message names",
    421: "The request names another host than this box",
    429: "Too often, or too much at once; the message says how long to wait",
    500: "The box failed; its log says why",
    503: "Not now: the assistant is away, or busy",
    507: "The box cannot save it",
}


def describe(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document.

    Args:
        endpoints: all of them.
        version: of the interface.
    """
    schemas: dict[str, Any] = {}
    _add(gw.Error.DESCRIPTOR, schemas)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.described, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sotto",
            "version": version,
            "description": "A private voice assistant on the local network. Messages are those of "
            "services/proto/sotto/v1 as JSON. Conversations with audio go over WebSocket: /v1/converse.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    about = f"Scope: {endpoint.scope}." if endpoint.scope else ""
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "description": "No token is needed." if endpoint.open else about or "Any token.",
        "operationId": f"{endpoint.method} {endpoint.described}",
        "responses": {str(endpoint.status): _answer(endpoint, schemas)},
    }
    if endpoint.open:
        operation["security"] = []
    if endpoint.parameters:
        operation["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.place,
                "description": parameter.about,
                "required": parameter.place == "path",
                "schema": parameter.schema,
            }
            for parameter in endpoint.parameters
        ]
    content: dict[str, Any] = {}
    if endpoint.takes is not None:
        content[JSON] = {"schema": _add(endpoint.takes.DESCRIPTOR, schemas)}
    if endpoint.sound:
        content |= {name: {} for name in endpoint.sound_types}
    if content:
        operation["requestBody"] = {"content": content}
        if endpoint.takes is None:
            operation["requestBody"]["required"] = True
    ours = endpoint.failure is error_answer
    error = {JSON: {"schema": {"$ref": "#/components/schemas/Error"} if ours else {"type": "object"}}}
    for status in (*_COMMON, *endpoint.errors):
        operation["responses"].setdefault(str(status), {"description": _MEANING[status], "content": error})
    return operation


def _answer(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for media in endpoint.media:
        schema = _add(endpoint.gives.DESCRIPTOR, schemas) if endpoint.gives is not None else {}
        # A stream is text that consists of such objects; a schema cannot describe that.
        content[media] = {"schema": schema} if media == JSON else {}
    description = "Done"
    if LINES in endpoint.media and endpoint.gives is not None:
        description = f"Lines, or events, of which each is one {endpoint.gives.DESCRIPTOR.name}"
    return {"description": description, "content": content}


def _add(descriptor: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Add a message and the messages in it to `schemas`; gives a reference to it."""
    if descriptor.full_name in _FREE:
        return _FREE[descriptor.full_name]
    if descriptor.name not in schemas:
        schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
        schemas[descriptor.name] = schema
        schema["properties"] = {field.name: _field(field, schemas) for field in descriptor.fields}
    return {"$ref": f"#/components/schemas/{descriptor.name}"}


def _field(field: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        return {"type": "object", "additionalProperties": _one(message.fields_by_name["value"], schemas)}
    one = _one(field, schemas)
    return {"type": "array", "items": one} if field.is_repeated else one


def _one(field: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    if field.message_type is not None:
        return _add(field.message_type, schemas)
    if field.type == _F.TYPE_BYTES:
        return {"type": "string", "contentEncoding": "base64"}
    return _KINDS[field.cpp_type]

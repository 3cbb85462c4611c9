"""Messages of the wire contract as JSON, with the names of the proto."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from common.errors import InvalidInput

_Message = TypeVar("_Message", bound=Message)


def to_dict(message: Message) -> dict[str, Any]:
    """A message as JSON values. Fields with a default value are included."""
    table: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return table


def to_line(message: Message) -> bytes:
    """A message as one line of JSON."""
    return json.dumps(to_dict(message), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def from_body(body: bytes, message: _Message, *, ignore_unknown: bool = False) -> _Message:
    """Fill `message` from a JSON body; an empty body is an empty object.

    Args:
        body: of the request.
        message: to be filled.
        ignore_unknown: ignore fields that the message does not have.

    Raises:
        InvalidInput: it is no JSON, not an object, or does not fit the message.
    """
    try:
        values = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"the body is not JSON: {str(error)[:200]}", hint="send one JSON object", code="body.json"
        ) from error
    if not isinstance(values, dict):
        raise InvalidInput(
            f"the body is a JSON {type(values).__name__}", hint="send one JSON object", code="body.json"
        )
    try:
        return json_format.ParseDict(values, message, ignore_unknown_fields=ignore_unknown)
    except (json_format.ParseError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidInput(
            f"the body does not fit: {str(error)[:300]}",
            hint="/openapi.json describes every body",
            code="body.fields",
        ) from error

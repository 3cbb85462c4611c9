"""Messages as JSON."""

from __future__ import annotations

import json

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from services.gatewayd.app import ENDPOINTS
from services.gatewayd.openapi import describe
from services.gatewayd.wire_json import from_body, to_dict, to_line
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import gateway_pb2 as gw


def test_names_are_those_of_the_contract_and_defaults_are_there() -> None:
    assert to_dict(pb.TranscribeResponse(text="hello")) == {
        "text": "hello",
        "method": "",
        "audio_seconds": 0.0,
        "compute_ms": 0.0,
        "segments": [],
    }


def test_a_line_is_one_line() -> None:
    line = to_line(gw.Error(message="one\ntwo\u2028three"))
    assert line.count(b"\n") == 1
    assert json.loads(line)["message"] == "one\ntwo\u2028three"


def test_a_query_is_as_documented() -> None:
    body = b'{"query": "what time is it", "context": ["hello"], "params": {"reply_audio": true}}'
    request = from_body(body, pb.AskRequest())
    assert (request.query, list(request.context)) == ("what time is it", ["hello"])
    assert json_format.MessageToDict(request.params) == {"reply_audio": True}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "not JSON"),
        (b"[]", "list"),
        (b'"query"', "str"),
        (b'{"quary": "x"}', "quary"),
        (b'{"query": 5}', "query"),
        (b'{"context": "x"}', "context"),
        (b'{"query": "\\ud800"}', "query"),
        (b"[" * 100_000, "not JSON"),
        (b'{"params":' * 5_000, "not JSON"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_a_body_that_does_not_fit_is_told_why(body: bytes, word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        from_body(body, pb.AskRequest())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_does_harm(body: bytes) -> None:
    for message in (pb.AskRequest(), pb.ActRequest(), gw.PairRequest(), gw.ConverseControl()):
        try:
            from_body(body, message)
        except InvalidInput as error:
            assert error.hint


def test_the_description_names_every_endpoint_and_resolves() -> None:
    document = describe(ENDPOINTS, "1")
    told = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert told == {(endpoint.method, endpoint.described) for endpoint in ENDPOINTS}
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    for piece in text.split('"#/components/schemas/')[1:]:
        assert piece.split('"')[0] in schemas

"""gRPC over TLS: the contract, health and reflection, with a token."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.gatewayd.grpc_requests import STREAM_MESSAGE_BYTES
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.proto.sotto.v1 import recogniser_pb2_grpc
from services.wire.status import from_rpc
from tests.services.gatewayd.conftest import Gate


@pytest.fixture(scope="module")
def channel(gate: Gate) -> Iterator[grpc.Channel]:
    trusted = grpc.ssl_channel_credentials(gate.certificate.read_bytes())
    with grpc.secure_channel(f"127.0.0.1:{gate.grpc_port}", trusted) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel: grpc.Channel) -> rpc.AssistantStub:
    return rpc.AssistantStub(channel)


def _bearer(token: str) -> tuple[tuple[str, str]]:
    return (("authorization", f"Bearer {token}"),)


@pytest.fixture(scope="module")
def caller(gate: Gate) -> tuple[tuple[str, str]]:
    return _bearer(gate.pair("grpc"))


def test_a_question_is_answered(stub: rpc.AssistantStub, caller: tuple[tuple[str, str]]) -> None:
    answers = list(stub.Ask(pb.AskRequest(query="what day is it"), metadata=caller))
    assert answers[-1].turn.intent == "HassGetCurrentDate"


def test_a_conversation_streams_both_ways(stub: rpc.AssistantStub, caller: tuple[tuple[str, str]]) -> None:
    requests = [pb.ConverseRequest(start=pb.ConverseStart()), pb.ConverseRequest(audio=bytes(32_000))]
    list(stub.Converse(iter(requests), metadata=caller))


def test_an_error_of_the_assistant_keeps_its_code(
    stub: rpc.AssistantStub, caller: tuple[tuple[str, str]]
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.Ask(pb.AskRequest(query=""), metadata=caller))
    assert from_rpc(caught.value).code == "ask.empty"


@pytest.mark.parametrize(
    ("metadata", "code"),
    [((), "access.no-token"), (_bearer("sotto_wrong"), "access.token")],
)
def test_nobody_calls_without_a_token(
    stub: rpc.AssistantStub, metadata: tuple[tuple[str, str], ...], code: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.Turns(pb.TurnsRequest(), metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert from_rpc(caught.value).code == code


def test_a_token_for_talking_controls_nothing(gate: Gate, stub: rpc.AssistantStub) -> None:
    metadata = _bearer(gate.pair("grpc speaker", "talk"))
    stub.Turns(pb.TurnsRequest(), metadata=metadata)
    with pytest.raises(grpc.RpcError) as caught:
        stub.DescribeHome(pb.DescribeHomeRequest(), metadata=metadata)
    assert from_rpc(caught.value).code == "access.scope"


@pytest.mark.parametrize(
    ("scopes", "code"),
    [((), "access.scope"), (("talk", "control"), "access.scope"), (("recognise",), "recognise.off")],
)
def test_a_box_needs_a_token_of_its_own_kind_to_have_speech_recognised(
    gate: Gate, channel: grpc.Channel, scopes: tuple[str, ...], code: str
) -> None:
    """The assistant behind recognises for nobody, and says so to whoever gets as far."""
    metadata = _bearer(gate.pair(f"box {code} {len(scopes)}", *scopes))
    with pytest.raises(grpc.RpcError) as caught:
        list(recogniser_pb2_grpc.RecogniserStub(channel).Recognise(iter(()), metadata=metadata))
    assert from_rpc(caught.value).code == code


def test_a_token_for_recognising_does_nothing_else(gate: Gate, stub: rpc.AssistantStub) -> None:
    metadata = _bearer(gate.pair("only a box", "recognise"))
    for call in (
        lambda: stub.Turns(pb.TurnsRequest(), metadata=metadata),
        lambda: stub.DescribeHome(pb.DescribeHomeRequest(), metadata=metadata),
        lambda: list(stub.Ask(pb.AskRequest(query="what day is it"), metadata=metadata)),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert from_rpc(caught.value).code == "access.scope"


def test_health_answers_everybody(channel: grpc.Channel) -> None:
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_answers_who_is_paired(channel: grpc.Channel, caller: tuple[tuple[str, str]]) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = stub.ServerReflectionInfo(iter([request]), metadata=caller)
    assert "sotto.v1.Assistant" in {service.name for service in answer.list_services_response.service}
    with pytest.raises(grpc.RpcError):
        list(stub.ServerReflectionInfo(iter([request])))


def test_grpcurl_finds_the_contract_and_asks(gate: Gate, caller: tuple[tuple[str, str]]) -> None:
    program = Path(sys.executable).with_name("grpcurl")
    if not program.exists() or platform.machine() != "x86_64":
        pytest.skip("grpcurl is not there: `make setup` says why; its package is for x86-64 alone")
    grpcurl = [str(program), "-cacert", str(gate.certificate)]
    grpcurl += ["-H", f"authorization: {caller[0][1]}"]
    where = f"127.0.0.1:{gate.grpc_port}"
    ask = ["-d", '{"query": "what day is it"}', where, "sotto.v1.Assistant/Ask"]
    listed, answered = (
        subprocess.run([*grpcurl, *words], capture_output=True, text=True, timeout=60, check=False)
        for words in ([where, "list"], ask)
    )
    assert "sotto.v1.Assistant" in listed.stdout, listed.stderr
    assert "HassGetCurrentDate" in answered.stdout, answered.stderr


@pytest.mark.parametrize(
    "method", ["sotto.v1.Assistant/Ask", "sotto.v1.Assistant/Converse", "sotto.v1.Pairing/Start"]
)
def test_a_message_that_is_none_is_refused(
    gate: Gate, channel: grpc.Channel, caller: tuple[tuple[str, str]], method: str
) -> None:
    """Neither daemon logs a traceback for it, which their fixtures check."""
    call: Any = channel.unary_unary  # raw bytes, which its stubs do not know
    with pytest.raises(grpc.RpcError) as caught:
        call(f"/{method}")(b"\xff\xff", metadata=caller)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert from_rpc(caught.value).code == "grpc.message"


def test_a_message_of_a_stream_is_bounded(stub: rpc.AssistantStub, caller: tuple[tuple[str, str]]) -> None:
    requests = [pb.ConverseRequest(audio=bytes(STREAM_MESSAGE_BYTES))]
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.Converse(iter(requests), metadata=caller))
    assert from_rpc(caught.value).code == "grpc.too-large"


def test_nobody_attaches_a_hub_over_the_network(gate: Gate, stub: rpc.AssistantStub) -> None:
    hello = pb.HomeReport(hello=pb.HomeHello(kind="mqtt"))
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.AttachHome(iter([hello]), metadata=_bearer(gate.pair("grpc admin", "admin"))))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_what_is_not_in_the_contract_is_not_passed_on(
    channel: grpc.Channel, caller: tuple[tuple[str, str]]
) -> None:
    call: Any = channel.unary_unary  # raw bytes, which its stubs do not know
    with pytest.raises(grpc.RpcError) as caught:
        call("/sotto.v1.Assistant/Nothing")(b"", metadata=caller)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED

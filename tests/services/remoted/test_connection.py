"""How a connection to another machine ends, with stand-ins for that machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from common.errors import Denied
from services.gatewayd.identity import Identity, make_identity
from services.proto.sotto.v1 import recogniser_pb2 as pb
from services.proto.sotto.v1 import recogniser_pb2_grpc as rpc
from services.remoted.connection import Connection, Ending, ending
from services.settings.remote import RemoteServer
from services.wire.status import status_of
from tests.services.conftest import free_port

Behaviour = Callable[[Any, Any], AsyncIterator[pb.RecogniseResponse]]


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    folder = tmp_path_factory.mktemp("identity")
    identity = Identity(folder / "key", folder / "crt")
    make_identity(identity, "Attic", "attic")
    return identity


def _ends(identity: Identity, behaviour: Behaviour | None) -> tuple[Ending, list[pb.RecogniseRequest]]:
    """How it ends with a machine that behaves so, and what that machine was sent; None for one without it."""
    heard: list[pb.RecogniseRequest] = []

    class Machine(rpc.RecogniserServicer):
        async def Recognise(self, requests: Any, context: Any) -> Any:  # noqa: N802
            assert behaviour is not None

            async def listened() -> AsyncIterator[pb.RecogniseRequest]:
                async for request in requests:
                    heard.append(request)
                    yield request

            async for answer in behaviour(listened(), context):
                yield answer

    async def run() -> Ending:
        server = grpc.aio.server()
        if behaviour is not None:
            rpc.add_RecogniserServicer_to_server(Machine(), server)
        keys = [(identity.key.read_bytes(), identity.certificate.read_bytes())]
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(keys))
        await server.start()
        connection = Connection(RemoteServer("127.0.0.1", port, "token", identity.certificate.read_text()))
        try:
            async for answer in connection.answers():
                if answer is None:
                    await connection.send(pb.RecogniseRequest(give_up=1))
                    await connection.send(pb.RecogniseRequest(hello=pb.RecogniserIdentity(language="en")))
                    await connection.send(pb.RecogniseRequest(give_up=2))
            return ending(None)
        except (grpc.RpcError, TimeoutError) as error:
            return ending(error)
        finally:
            await server.stop(None)

    return asyncio.run(asyncio.wait_for(run(), 60)), heard


async def _polite(requests: Any, _context: Any) -> AsyncIterator[pb.RecogniseResponse]:
    await anext(requests)
    yield pb.RecogniseResponse(welcome=pb.RecogniseWelcome())
    await anext(requests)


async def _refusing(requests: Any, context: Any) -> AsyncIterator[pb.RecogniseResponse]:
    code, text, details = status_of(Denied("not for you", hint="pair again", code="access.scope"))
    await context.abort(code, text, (("grpc-status-details-bin", details),))
    yield pb.RecogniseResponse()


async def _lying(requests: Any, context: Any) -> AsyncIterator[pb.RecogniseResponse]:
    """The details are those of another status."""
    _, _, details = status_of(Denied("not for you", code="access.scope"))
    await context.abort(grpc.StatusCode.UNAVAILABLE, "x", (("grpc-status-details-bin", details),))
    yield pb.RecogniseResponse()


async def _failing(_requests: Any, _context: Any) -> AsyncIterator[pb.RecogniseResponse]:
    yield pb.RecogniseResponse(welcome=pb.RecogniseWelcome())
    raise ZeroDivisionError


def test_what_was_meant_for_the_connection_before_is_not_sent(identity: Identity) -> None:
    end, heard = _ends(identity, _polite)
    assert end.code == "remote.closed"
    assert [request.WhichOneof("payload") for request in heard] == ["hello", "give_up"]
    assert heard[1].give_up == 2


def test_a_refusal_keeps_its_code_and_is_for_good(identity: Identity) -> None:
    end, _ = _ends(identity, _refusing)
    assert end == Ending("not for you", "access.scope", "pair again", for_good=True)


@pytest.mark.parametrize("behaviour", [_lying, _failing])
def test_whatever_else_it_does_is_an_ending(identity: Identity, behaviour: Behaviour) -> None:
    end, _ = _ends(identity, behaviour)
    assert end.code.startswith("remote.")
    assert not end.for_good


def test_a_machine_that_has_no_such_service_is_too_old(identity: Identity) -> None:
    end, _ = _ends(identity, None)
    assert (end.code, end.for_good) == ("remote.too-old", True)


def test_nobody_there(identity: Identity) -> None:
    async def run() -> Ending:
        server = RemoteServer("127.0.0.1", free_port(), "token", identity.certificate.read_text())
        try:
            async for _ in Connection(server).answers():
                pass
        except (grpc.RpcError, TimeoutError) as error:
            return ending(error)
        return ending(None)

    assert asyncio.run(run()).code == "remote.unreachable"


def test_a_machine_with_another_certificate_is_sent_nothing(identity: Identity, tmp_path: Path) -> None:
    other = Identity(tmp_path / "key", tmp_path / "crt")
    make_identity(other, "Attic", "attic")

    async def run() -> Ending:
        server = grpc.aio.server()
        keys = [(identity.key.read_bytes(), identity.certificate.read_bytes())]
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(keys))
        await server.start()
        expected = RemoteServer("127.0.0.1", port, "token", other.certificate.read_text())
        try:
            async for _ in Connection(expected).answers():
                pytest.fail("it was reached")
        except (grpc.RpcError, TimeoutError) as error:
            return ending(error)
        finally:
            await server.stop(None)
        return ending(None)

    assert asyncio.run(run()).code == "remote.certificate"


def test_a_long_silence_is_an_ending() -> None:
    assert ending(TimeoutError()).code == "remote.unreachable"

"""Strangers that take all places they can get, while a paired client calls: each call on a new connection."""

from __future__ import annotations

import time
from collections.abc import Iterator

import grpc
import httpx
import pytest

from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.crowd import crowd

#: Seconds that a call may take; what machines with little to spare need.
_CALL_S = 10.0


@pytest.fixture
def alone(own_gate: Gate) -> Iterator[Gate]:
    """A gateway without an assistant, which it does not need for this."""
    own_gate.box.state.mkdir(parents=True)
    own_gate.start()
    yield own_gate
    status, log = own_gate.stop()
    assert status == 0
    assert "Traceback" not in log, log


def _client_calls(gate: Gate, token: str, count: int) -> tuple[int, float]:
    """How many calls succeed, and the median of their seconds."""
    succeeded, seconds = 0, []
    context = gate.tls
    for _ in range(count):
        started = time.monotonic()
        try:
            headers = {"Authorization": f"Bearer {token}"}
            answer = httpx.get(f"{gate.url}/v1/tokens", headers=headers, verify=context, timeout=_CALL_S)
            succeeded += answer.status_code == 200
        except httpx.HTTPError:
            pass
        seconds.append(time.monotonic() - started)
    return succeeded, sorted(seconds)[count // 2]


def _under_siege(gate: Gate, calls: int, lines: int, *addresses: str) -> int:
    """How many calls of a paired client succeed meanwhile; the figures are printed."""
    token = gate.pair("client", "admin")
    assert _client_calls(gate, token, 1)[0] == 1
    started = time.monotonic()
    with crowd(gate.port, lines, *addresses) as connected:
        succeeded, median_s = _client_calls(gate, token, calls)
    rate = connected[0] / (time.monotonic() - started)
    print(
        f"{len(addresses)} addresses with {lines} connections each, {rate:.0f} connections a second: "
        f"{succeeded} of {calls} calls succeeded, median {1000 * median_s:.0f} ms"
    )
    return succeeded


def test_one_stranger_keeps_nobody_out(alone: Gate) -> None:
    assert _under_siege(alone, 20, 300, "127.0.0.2") == 20


@pytest.mark.slow
@pytest.mark.parametrize(("addresses", "least"), [(1, 0.99), (50, 0.95)])
def test_many_strangers_keep_nobody_out(alone: Gate, addresses: int, least: float) -> None:
    lines = 300 if addresses == 1 else 20
    sources = [f"127.0.1.{number}" for number in range(1, addresses + 1)]
    assert _under_siege(alone, 200, lines, *sources) >= 200 * least


def test_one_stranger_keeps_nobody_out_of_grpc(alone: Gate) -> None:
    paired = (("authorization", f"Bearer {alone.pair('client')}"),)
    trusted = grpc.ssl_channel_credentials(alone.certificate.read_bytes())

    def answered(metadata: tuple[tuple[str, str], ...]) -> grpc.StatusCode:
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.secure_channel(f"127.0.0.1:{alone.grpc_port}", trusted, options) as channel:
            call = rpc.AssistantStub(channel).Turns.future(pb.TurnsRequest(), _CALL_S, metadata)
            return call.code()

    # From now on this address is known. Without a token, the answer is the gateway's own.
    assert answered(paired) is grpc.StatusCode.UNAVAILABLE
    with crowd(alone.grpc_port, 300, "127.0.0.2"):
        assert {answered(()) for _ in range(10)} == {grpc.StatusCode.UNAUTHENTICATED}

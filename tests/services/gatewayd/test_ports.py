"""Ports and addresses that cannot be had: what the gateway uses instead."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from common.errors import Conflict, Unavailable
from services.gatewayd import ports
from services.gatewayd.ports import Ports, bind_ports
from services.gatewayd.server import tcp_listener
from services.inbound.admission import KnownAddresses
from services.inbound.lines import Door
from services.settings.gateway import LOOPBACK, GatewaySettings
from tests.services.conftest import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine that is in use."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def _door() -> Door:
    return Door.for_tokens(8, KnownAddresses())


def bound(settings: GatewaySettings) -> Ports:
    found = bind_ports(settings, _door(), _door())
    for listener in (found.rest, found.grpc):
        if listener is not None:
            listener.close()
    return found


def test_ports_that_are_free_are_bound_without_a_fault() -> None:
    wanted = GatewaySettings(host="127.0.0.1", port=free_port(), grpc_port=free_port())
    found = bound(wanted)
    assert (found.settings, found.faults, found.grpc is None) == (wanted, (), False)


def test_without_a_grpc_port_there_is_none() -> None:
    assert bound(GatewaySettings(host="127.0.0.1", port=free_port(), grpc_port=0)).grpc is None


def test_a_port_that_may_not_be_used_is_replaced_by_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = free_port()

    def unprivileged(settings: GatewaySettings, port: int, door: Door) -> socket.socket:
        """The tests may run as root, who may use every port."""
        if port < 1024:
            raise Unavailable("permission denied", code="gateway.port")
        return tcp_listener(settings, port, door)

    monkeypatch.setattr(ports, "USUAL_PORT", usual)
    monkeypatch.setattr(ports, "tcp_listener", unprivileged)
    found = bound(GatewaySettings(host="127.0.0.1", port=80, grpc_port=0))
    assert (found.settings.host, found.settings.port) == ("127.0.0.1", usual)
    assert [(fault.code, fault.key) for fault in found.faults] == [("gateway.port", "port")]


@pytest.mark.parametrize("host", ["ff02::1", "fe80::1"])
def test_an_address_that_is_none_to_listen_on_is_this_machine(host: str) -> None:
    found = bound(GatewaySettings(host=host, port=free_port(), grpc_port=0))
    assert found.settings.host == LOOPBACK
    assert [fault.key for fault in found.faults] == ["host"]


def test_a_port_in_use_is_waited_for(taken: int) -> None:
    with pytest.raises(Conflict):
        bind_ports(GatewaySettings(host="127.0.0.1", port=taken), _door(), _door())


def test_without_its_port_there_is_no_grpc(taken: int) -> None:
    found = bound(GatewaySettings(host="127.0.0.1", port=free_port(), grpc_port=taken))
    assert (found.grpc, found.settings.grpc_port) == (None, 0)
    assert [fault.key for fault in found.faults] == ["grpc_port"]


def test_one_port_for_both_leaves_grpc_out() -> None:
    port = free_port()
    found = bound(GatewaySettings(host="127.0.0.1", port=port, grpc_port=port))
    assert (found.grpc, found.settings.grpc_port) == (None, 0)
    assert [fault.key for fault in found.faults] == ["grpc_port"]


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7"])
def test_an_address_that_is_not_there_yet_is_waited_for(host: str) -> None:
    found = bound(GatewaySettings(host=host, port=free_port(), grpc_port=0))
    assert found.settings.host == host
    assert [(fault.code, fault.key) for fault in found.faults] == [("gateway.host", "host")]

"""Pairing through a proxy with a certificate of its own: it fails, and the proxy learns nothing of use."""

from __future__ import annotations

import base64
import json
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import httpx
import pytest

from common.errors import Denied
from services.gatewayd.exchange import Exchanges
from services.gatewayd.guesses import FREE_TRIES
from services.gatewayd.identity import Identity, make_identity
from services.proto.sotto.v1 import gateway_pb2 as gw
from services.proto.sotto.v1 import gateway_pb2_grpc as rpc
from services.wire.status import from_rpc
from tests.conftest import REPOSITORY
from tests.services.conftest import Box, free_port
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.eavesdropper import Eavesdropper
from tests.services.gatewayd.pairing_client import Client


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A gateway alone: pairing needs no assistant."""
    gate = Gate(Box(tmp_path_factory.mktemp("gate")), free_port(), free_port(), free_port(), free_port())
    gate.start(mdns=False)
    yield gate
    status, log = gate.stop()
    assert (status, "Traceback" in log) == (0, False), log


@pytest.fixture(scope="module")
def proxy(gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eavesdropper]:
    proxy = Eavesdropper(tmp_path_factory.mktemp("proxy"), gate.port)
    yield proxy
    proxy.close()


def _example(port: int, code: str, name: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(REPOSITORY / "docs" / "examples" / "pair.py"), f"127.0.0.1:{port}", name]
    return subprocess.run(
        program, input=f"{code[:4]} {code[4:]}\n", capture_output=True, text=True, timeout=60, check=False
    )


def _names(gate: Gate) -> str:
    return gate.box.run("tokens").stdout


def test_the_example_pairs_with_the_box_itself(gate: Gate) -> None:
    done = _example(gate.port, gate.code, "example")
    token, _, certificate = done.stdout.partition("\n")
    assert certificate.strip() == gate.certificate.read_text().strip(), done.stderr
    with gate.client(token) as client:
        assert client.get("/metrics").status_code == 200


def test_the_example_refuses_a_proxy_which_learns_neither_code_nor_token(
    gate: Gate, proxy: Eavesdropper
) -> None:
    proxy.read.clear()
    done = _example(proxy.port, gate.code, "victim")
    assert done.returncode == 1
    assert "pairing.code" in done.stderr, done.stderr
    seen = bytes(proxy.read)
    assert b"/v1/pair/confirm" in seen, "the proxy did pass it on"
    assert gate.code.encode() not in seen and base64.b64encode(gate.code.encode()) not in seen
    assert b"sealed_token" not in seen and b"sotto_" not in seen
    assert "victim" not in _names(gate)
    # The code is as good as before, for whoever is connected to the box itself.
    assert _example(gate.port, gate.code, "afterwards").returncode == 0


def test_the_example_refuses_a_false_box_that_guesses(tmp_path: Path) -> None:
    """It answers the client with its own side of SPAKE2, for a code that it guesses: one guess, no more."""
    with _false_box(tmp_path, "00000000") as (port, heard):
        done = _example(port, "12345678", "victim")
    assert (done.returncode, done.stdout, heard) == (1, "", [False])
    assert "it is not the box" in done.stderr


@contextmanager
def _false_box(folder: Path, guess: str) -> Iterator[tuple[int, list[bool]]]:
    """A server with a certificate of its own. It takes any confirmation, and notes if the guess was right."""
    identity = Identity(folder / "false.key", folder / "false.crt")
    make_identity(identity, "Kitchen", "sotto")
    exchanges, heard = Exchanges(guess, identity.public_key_hash()), list[bool]()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/v1/pair/start":
                name, message = exchanges.start(base64.b64decode(body["message"]), "192.0.2.1", 0.0)
                answer = {"exchange": name, "message": base64.b64encode(message).decode()}
            else:
                try:
                    exchanges.confirm(body["exchange"], base64.b64decode(body["confirmation"]), 0.0)
                    heard.append(True)
                except Denied:
                    heard.append(False)
                answer = dict.fromkeys(("confirmation", "sealed_token"), base64.b64encode(bytes(48)).decode())
            self.send_response(201)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_words: object) -> None: ...

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_address[1], heard
        server.shutdown()


def gate_key_hash(gate: Gate) -> bytes:
    return Identity(gate.state / "tls.key", gate.certificate).public_key_hash()


def test_a_code_that_is_sent_as_it_is_pairs_nothing(gate: Gate) -> None:
    with gate.client() as client:
        answers = [
            client.post("/v1/pair", json={field: gate.code, "name": "naive"}) for field in ("code", "ticket")
        ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (400, "body.fields"),
        (403, "pairing.ticket"),
    ]


def test_the_printed_command_pairs_with_the_box_and_sends_a_proxy_nothing(
    gate: Gate, proxy: Eavesdropper
) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    shown = gate.box.run("pair").stdout
    command = shown[shown.index("curl") : shown.index("A machine with another key")].replace(
        "curl", "curl -s"
    )
    proxy.read.clear()
    through = command.replace(f":{gate.port}/", f":{proxy.port}/")
    refused = subprocess.run(through, shell=True, capture_output=True, timeout=30, check=False)
    # CURLE_SSL_PINNEDPUBKEYNOTMATCH
    assert (refused.returncode, bytes(proxy.read)) == (90, b"")
    paired = subprocess.run(command, shell=True, capture_output=True, timeout=30, check=False)
    assert json.loads(paired.stdout)["paired"]["name"] == "my program"


def _pair_over_grpc(gate: Gate, port: int, certificate: Path, code: str, name: str) -> str:
    trusted = grpc.ssl_channel_credentials(certificate.read_bytes())
    with grpc.secure_channel(f"127.0.0.1:{port}", trusted) as channel:
        stub = rpc.PairingStub(channel)
        client = Client(code, Identity(certificate, certificate).public_key_hash())
        start = stub.Start(gw.PairStartRequest(message=client.message), timeout=20)
        request = gw.PairConfirmRequest(exchange=start.exchange, name=name)
        request.confirmation = client.confirmation(start.message)
        done = stub.Confirm(request, timeout=20)
        return client.opened(done.sealed_token, done.confirmation)


def test_grpc_pairs_too(gate: Gate) -> None:
    token = _pair_over_grpc(gate, gate.grpc_port, gate.certificate, gate.code, "over grpc")
    with gate.client(token) as client:
        assert client.get("/metrics").status_code == 200


def test_grpc_refuses_a_proxy(gate: Gate, tmp_path: Path) -> None:
    proxy = Eavesdropper(tmp_path, gate.grpc_port, "h2")
    try:
        with pytest.raises(grpc.RpcError) as caught:
            _pair_over_grpc(gate, proxy.port, proxy.identity.certificate, gate.code, "victim of grpc")
    finally:
        proxy.close()
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert from_rpc(caught.value).code == "pairing.code"
    assert gate.code.encode() not in proxy.read
    assert "victim of grpc" not in _names(gate)


def _pair_from(gate: Gate, own_address: str, code: str) -> int:
    transport = httpx.HTTPTransport(verify=gate.tls, local_address=own_address)
    with httpx.Client(base_url=gate.url, transport=transport, timeout=30) as caller:
        client = Client(code, gate_key_hash(gate))
        start = caller.post("/v1/pair/start", json={"message": base64.b64encode(client.message).decode()})
        if start.status_code != 200:
            return start.status_code
        proof = base64.b64encode(client.confirmation(base64.b64decode(start.json()["message"]))).decode()
        body = {"exchange": start.json()["exchange"], "confirmation": proof, "name": own_address}
        return caller.post("/v1/pair/confirm", json=body).status_code


def test_guesses_from_one_address_close_pairing_for_that_address(gate: Gate) -> None:
    guesses = [_pair_from(gate, "127.0.0.2", "00000000") for _ in range(FREE_TRIES)]
    assert guesses == [403] * FREE_TRIES
    assert _pair_from(gate, "127.0.0.2", gate.code) == 429
    assert _pair_from(gate, "127.0.0.3", gate.code) == 201


def test_guesses_over_grpc_and_rest_are_counted_together(own_gate: Gate) -> None:
    """gRPC's server sees no addresses; they come to it in the names of the connections."""
    own_gate.start(mdns=False)
    for _ in range(FREE_TRIES):
        with pytest.raises(grpc.RpcError, match="pairing code"):
            _pair_over_grpc(own_gate, own_gate.grpc_port, own_gate.certificate, "00000000", "guesser")
    assert _pair_from(own_gate, "127.0.0.1", own_gate.code) == 429
    with pytest.raises(grpc.RpcError) as caught:
        _pair_over_grpc(own_gate, own_gate.grpc_port, own_gate.certificate, own_gate.code, "same address")
    assert from_rpc(caught.value).code == "pairing.wait"
    assert _pair_from(own_gate, "127.0.0.3", own_gate.code) == 201
    assert own_gate.pair("by a ticket").startswith("sotto_")


def test_the_certificate_is_the_one_that_the_pin_names(gate: Gate) -> None:
    pin = json.loads(gate.box.run("pair", "--json").stdout)["public_key"]
    assert pin == f"sha256//{base64.b64encode(gate_key_hash(gate)).decode()}"
    pem = ssl.get_server_certificate(("127.0.0.1", gate.port))
    assert pem.strip() == gate.certificate.read_text().strip()

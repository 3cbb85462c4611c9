"""A gateway of its own, over TLS on loopback, with a real assistant behind it."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.conftest import REPOSITORY
from tests.services.conftest import Box, free_port


@dataclass
class Gate:
    """A gateway process beside a box."""

    box: Box
    port: int
    grpc_port: int
    wyoming_port: int
    satellite_port: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None

    @property
    def state(self) -> Path:
        return self.box.state / "gateway"

    @property
    def local(self) -> Path:
        """The gateway's Unix socket."""
        return self.box.socket.with_name("gatewayd.sock")

    @property
    def code(self) -> str:
        return (self.state / "pairing-code").read_text().strip()

    @property
    def certificate(self) -> Path:
        return self.state / "tls.crt"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def start(self, **settings: object) -> None:
        """Write the settings, and `run`."""
        folder = self.box.folder / "config"
        folder.mkdir(exist_ok=True)
        limits = settings.pop("limits", {})
        assert isinstance(limits, dict)
        lines = ['host = "127.0.0.1"', f"port = {self.port}", f"grpc_port = {self.grpc_port}"]
        lines += [f"wyoming_port = {self.wyoming_port}", f"satellite_port = {self.satellite_port}"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        lines += ["[limits]", *(f"{key} = {json.dumps(value)}" for key, value in limits.items())]
        (folder / "gateway.toml").write_text("\n".join(lines) + "\n")
        self.run()

    def run(self) -> None:
        """Start with the settings that are there, and wait until it says where it is."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.gatewayd.main", *self.options],
            env=self.box.environment,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "local API" not in line:
            self.process.kill()
            pytest.fail(f"the gateway did not start: {line}{self.process.communicate()}")

    def stop(self) -> tuple[int, str]:
        """SIGTERM; the exit status and what it logged."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, log

    def pair(self, name: str, *scopes: str, expires_s: float = 0.0) -> str:
        """Pair as an owner does, by a ticket; gives the token."""
        transport = httpx.HTTPTransport(uds=str(self.local))
        with httpx.Client(base_url="http://local", transport=transport, timeout=30) as owner:
            ticket = owner.post("/v1/pairing/tickets").json()["ticket"]
        with self.client() as client:
            answer = client.post(
                "/v1/pair", json={"ticket": ticket, "name": name, "scopes": scopes, "expires_s": expires_s}
            )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def client(self, token: str = "") -> httpx.Client:
        """A caller, with a token or without."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, verify=self.tls, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def gate(box: Box) -> Iterator[Gate]:
    """A gateway shared by the tests of a module."""
    gate = Gate(box, free_port(), free_port(), free_port(), free_port())
    gate.start()
    yield gate
    if gate.process is not None and gate.process.poll() is None:
        status, log = gate.stop()
        # It may warn of what callers did; it may not stumble over it.
        assert status == 0
        assert "Traceback" not in log, log


@pytest.fixture
def own_gate(own_box: Box) -> Iterator[Gate]:
    """A gateway that the test starts and stops itself; its assistant is not started."""
    gate = Gate(own_box, free_port(), free_port(), free_port(), free_port())
    yield gate
    if gate.process is not None and gate.process.poll() is None:
        gate.process.kill()
        gate.process.communicate()


@pytest.fixture(scope="module")
def talker(gate: Gate) -> Iterator[httpx.Client]:
    """A caller that may talk and control."""
    with gate.client(gate.pair("talker")) as client:
        yield client


@pytest.fixture(scope="module")
def admin(gate: Gate) -> Iterator[httpx.Client]:
    """A caller that may do everything."""
    with gate.client(gate.pair("admin", "admin")) as client:
        yield client

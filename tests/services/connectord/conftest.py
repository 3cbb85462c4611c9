"""A connector between a hub of the test and an assistant of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.messages import values_from
from tests.conftest import REPOSITORY
from tests.services.conftest import Box


def until(true: Callable[[], bool], what: str, limit_s: float = 30.0) -> None:
    """Wait until something has happened; fails after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {limit_s:.0f} s: {what}")
        time.sleep(0.05)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    folder.mkdir()
    certificate, key = folder / "c.pem", folder / "k.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=hub", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return certificate, key


@dataclass
class Connected:
    """assistantd of a test with a hub's devices, and the connector beside it."""

    box: Box
    process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        return self.box.folder / "config"

    @property
    def log(self) -> str:
        return (self.box.folder / "connectord.log").read_text()

    def configure(self, text: str, secret: str = "") -> None:
        self.config.mkdir(parents=True, exist_ok=True)
        if secret:
            file = self.config / "secret"
            file.write_text(f"{secret}\n")
            file.chmod(0o600)
            text += 'secret_file = "secret"\n'
        (self.config / "connector.toml").write_text(text)

    def start(self) -> None:
        with (self.box.folder / "connectord.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.connectord.main", "--verbose"],
                env={**os.environ, **self.box.environment},
                cwd=REPOSITORY,
                stdout=log,
                stderr=log,
            )

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.process = None
        return code

    def status(self) -> pb.HomeStatusResponse:
        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            answer: pb.HomeStatusResponse = rpc.AssistantStub(channel).HomeStatus(pb.HomeStatusRequest())
            return answer

    def faults(self) -> list[pb.Fault]:
        """What the assistant knows to be wrong."""
        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            return list(rpc.AssistantStub(channel).BoxStatus(pb.BoxStatusRequest()).faults)

    def home(self) -> dict[str, pb.Device]:
        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            told = rpc.AssistantStub(channel).DescribeHome(pb.DescribeHomeRequest())
            return {device.name: device for device in told.devices}

    def state(self, name: str) -> dict[str, object]:
        """What is known of a device by its name; nothing of one that is not there."""
        device = self.home().get(name)
        return {} if device is None else values_from(device.state)

    def ask(self, text: str) -> str:
        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            for answer in rpc.AssistantStub(channel).Ask(pb.AskRequest(query=text)):
                if answer.WhichOneof("payload") == "turn":
                    return answer.turn.reply
        raise AssertionError("no turn")

    def until_up(self) -> None:
        until(lambda: self.status().link.up, f"the hub is there: {self.status().link.problem}")

    def until_answered(self, text: str, reply: str) -> None:
        """Ask again and again: a new grammar takes a second or two."""
        until(lambda: self.ask(text) == reply, f"{text!r} -> {reply!r}, not {self.ask(text)!r}")


@pytest.fixture
def connected(hub_box: Box) -> Iterator[Connected]:
    """The connector of that assistant, which the test starts; ended after it."""
    connected = Connected(hub_box)
    yield connected
    if connected.process is not None:
        connected.stop()
    until(lambda: not connected.status().kind, "the connector has gone")

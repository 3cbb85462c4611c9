"""A box and the machine that recognises for it, as real processes on loopback."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from assistant.audio.format import Samples
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.proto.sotto.v1 import metrics_pb2, recogniser_pb2, recogniser_pb2_grpc
from services.settings.remote import RemoteServer, remote_file, save_remote_server
from tests.conftest import REPOSITORY
from tests.services.conftest import Box, free_port
from tests.services.connectord.conftest import until
from tests.services.gatewayd.conftest import Gate

SCOPE = "recognise"


@dataclass
class Server:
    """A machine that recognises for others: assistantd and gatewayd."""

    box: Box
    gate: Gate
    token: str = ""

    @classmethod
    def at(cls, folder: Path, lend: str = "boxes = 4") -> Server:
        box = Box(folder)
        config = folder / "config"
        config.mkdir(parents=True)
        (config / "assistant.toml").write_text(f"[lend]\n{lend}\n")
        return cls(box, Gate(box, free_port(), free_port(), free_port(), free_port()))

    def start(self) -> None:
        self.box.start()
        self.gate.start(mdns=False)

    def again(self) -> None:
        """Start both again, with the same settings, tokens and certificate."""
        self.box.start()
        self.gate.run()

    def kill(self) -> None:
        """Both at once, without a word."""
        for process in (self.gate.process, self.box.process):
            assert process is not None
            process.send_signal(signal.SIGKILL)
        for process in (self.gate.process, self.box.process):
            assert process is not None
            process.communicate()

    def stop(self) -> None:
        for process in (self.gate.process, self.box.process):
            if process is not None and process.poll() is None:
                process.terminate()
                process.communicate(timeout=30)

    def remote(self, token: str, port: int = 0) -> RemoteServer:
        """What a box that is paired with it has in its remote.toml."""
        certificate = self.gate.certificate.read_text()
        return RemoteServer("127.0.0.1", port or self.gate.grpc_port, token, certificate)


@dataclass
class Borrower:
    """A box whose speech is recognised elsewhere: assistantd and remoted."""

    box: Box
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.box.folder / "config"

    @property
    def log(self) -> str:
        return (self.box.folder / "remoted.log").read_text()

    def start(self, server: RemoteServer, use: str = "always", **more: str) -> None:
        self.config.mkdir(exist_ok=True)
        extra = "".join(f"{key} = {value}\n" for key, value in more.items())
        (self.config / "assistant.toml").write_text(f'{extra}[remote]\nuse = "{use}"\n')
        self.pair(server)
        self.begin()

    def begin(self) -> None:
        """Start both, with the settings that are there."""
        self.box.start()
        with (self.box.folder / "remoted.log").open("ab") as log:
            command = [sys.executable, "-m", "services.remoted.main", "--verbose"]
            environment = self.box.environment
            process = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=log, stderr=log)
        self.processes.append(process)

    def pair(self, server: RemoteServer) -> None:
        save_remote_server(server, remote_file(self.config))

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
            assert process.wait(20) == 0, self.log
        if self.box.process is not None and self.box.process.poll() is None:
            assert self.box.stop() == 0
        assert "Traceback" not in self.log, self.log

    def status(self) -> recogniser_pb2.RemoteStatusResponse:
        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            stub = recogniser_pb2_grpc.RemoteRecogniserStub(channel)
            answer: recogniser_pb2.RemoteStatusResponse = stub.Status(recogniser_pb2.RemoteStatusRequest())
            return answer

    def until_chosen(self) -> None:
        until(lambda: self.status().chosen, "the remote recogniser is asked", 60)

    def until_refused(self, code: str) -> None:
        until(lambda: self.status().code == code, f"{code}, not {self.status()}", 60)

    def faults(self) -> list[str]:
        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            answer = rpc.AssistantStub(channel).BoxStatus(pb.BoxStatusRequest())
            return [fault.code for fault in answer.faults]

    def results(self) -> dict[tuple[str, ...], int]:
        """How many results came from where, and why."""
        return counted(self.box, "sotto_recognitions_total")

    def remote_results(self) -> int:
        return sum(count for (where, _), count in self.results().items() if where == "remote")

    def say(self, audio: Samples, halfway: Callable[[], None] = lambda: None) -> list[pb.Turn]:
        """Speak to the box in real time, in a stream of its own; gives the turns.

        Args:
            audio: int16 (n,), 16 kHz; silence follows until a turn has come.
            halfway: called in the middle of the audio; the speaker goes on when it returns.
        """
        turns: list[pb.Turn] = []
        frames = audio[: len(audio) // 160 * 160].reshape(-1, 160)

        def requests() -> Iterator[pb.ConverseRequest]:
            yield pb.ConverseRequest(start=pb.ConverseStart(realtime=True))
            for number, frame in enumerate(frames):
                if number == len(frames) // 2:
                    halfway()
                yield pb.ConverseRequest(audio=frame.tobytes())
                time.sleep(0.01)
            for _ in range(3000):
                if turns:
                    return
                yield pb.ConverseRequest(audio=bytes(320))
                time.sleep(0.01)

        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            for response in rpc.AssistantStub(channel).Converse(requests()):
                if response.WhichOneof("payload") == "turn":
                    turns.append(response.turn)
        return turns

    def transcribe(self, wav: Path) -> pb.TranscribeResponse:
        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            request = pb.TranscribeRequest(audio=wav.read_bytes())
            answer: pb.TranscribeResponse = rpc.AssistantStub(channel).Transcribe(request)
            return answer


def counted(box: Box, name: str) -> dict[tuple[str, ...], int]:
    """A counter of its assistantd, by the values of its labels."""
    with grpc.insecure_channel(f"unix:{box.socket}") as channel:
        answer = rpc.AssistantStub(channel).ReadMetrics(metrics_pb2.ReadMetricsRequest())
    return {
        tuple(label.value for label in sample.labels): int(sample.value)
        for daemon in answer.daemons
        for family in daemon.families
        if family.name == name
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A machine that recognises for others, shared by the tests of a module."""
    server = Server.at(tmp_path_factory.mktemp("server"))
    server.start()
    server.token = server.gate.pair("kitchen", SCOPE)
    yield server
    server.stop()


@pytest.fixture
def borrower(tmp_path: Path) -> Iterator[Borrower]:
    """A box that the test starts."""
    borrower = Borrower(Box(tmp_path / "box"))
    borrower.box.folder.mkdir()
    yield borrower
    borrower.stop()

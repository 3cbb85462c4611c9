"""A daemon of its own for a test, and the command line beside it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import numpy as np
import pytest

from assistant.audio.files import write_wav
from assistant.audio.format import SAMPLE_RATE, Samples
from services.bench.virtual_sound import SPEAKER_RATE, PulseServer, why_not
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.conftest import REPOSITORY


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Box:
    """A state folder, a socket, and the processes that use them."""

    folder: Path
    process: subprocess.Popen[str] | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "assistantd.sock"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "SOTTO_STATE": str(self.state),
            "SOTTO_SOCKET": str(self.socket),
            "SOTTO_CONFIG": str(self.folder / "config"),
            "PYTHONFAULTHANDLER": "1",
            **self.extra,
        }

    def start(self, *arguments: str, microphone: bool = False) -> subprocess.Popen[str]:
        """Start assistantd and wait until it says that it is ready."""
        ears = () if microphone else ("--no-microphone",)
        process = subprocess.Popen(
            [sys.executable, "-m", "services.assistantd.main", *ears, *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if "ready" not in line:
            process.kill()
            pytest.fail(f"the daemon did not start: {line}{process.communicate()}")
        self.process = process
        return process

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            # Where all its threads are tells more than that it is late.
            self.process.send_signal(signal.SIGABRT)
            pytest.fail(f"the daemon did not stop: {self.process.communicate()}")
        return self.process.returncode

    def run(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The `sotto` command."""
        done = subprocess.run(
            [sys.executable, "-m", "services.cli.main", *map(str, arguments)],
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=100,
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def words_of(self, sound: Samples) -> str:
        """What was heard of its loudspeaker, by the box's own ears."""
        loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > 500)
        assert len(loud), "nothing was heard"
        # Soft sounds at either end, as the burst of a "t", stay below that and belong to the words.
        around = SPEAKER_RATE // 4
        said = sound[max(loud[0] - around, 0) : loud[-1] + around]
        with grpc.insecure_channel(f"unix:{self.socket}") as channel:
            request = pb.TranscribeRequest(audio=said.tobytes(), sample_rate=SPEAKER_RATE, free=True)
            return str(rpc.AssistantStub(channel).Transcribe(request).text)

    def lines(self, *arguments: str | Path) -> list[dict[str, object]]:
        """The JSON lines that a `sotto` command prints."""
        return [json.loads(line) for line in self.run(*arguments).stdout.splitlines()]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A running daemon, shared by the tests of a module."""
    box = Box(tmp_path_factory.mktemp("box"))
    box.start()
    yield box
    if box.process is not None and box.process.poll() is None:
        box.stop()


@pytest.fixture(scope="module")
def hub_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A running daemon whose devices are a hub's; shared by the tests of a module."""
    box = Box(tmp_path_factory.mktemp("box"))
    (box.folder / "config").mkdir()
    (box.folder / "config" / "connector.toml").touch()
    box.start()
    yield box
    box.stop()


@pytest.fixture
def own_box(tmp_path: Path) -> Iterator[Box]:
    """A box whose daemon the test starts and stops itself."""
    box = Box(tmp_path)
    yield box
    if box.process is not None and box.process.poll() is None:
        box.process.kill()
        box.process.communicate()


@pytest.fixture(scope="session")
def wav(tmp_path_factory: pytest.TempPathFactory, say: Callable[..., Samples]) -> Callable[..., Path]:
    """`wav(text)`: a WAV file of espeak-ng saying it."""
    folder = tmp_path_factory.mktemp("wavs")

    def make(text: str, **options: object) -> Path:
        path = folder / f"{len(list(folder.iterdir()))}.wav"
        write_wav(path, say(text, **options), SAMPLE_RATE)
        return path

    return make


@pytest.fixture
def sound() -> Iterator[PulseServer]:
    """A sound server with a virtual microphone and loudspeaker."""
    if reason := why_not():
        pytest.skip(reason)
    server = PulseServer()
    try:
        if not server.start():
            pytest.skip("PulseAudio does not start here")
        yield server
    finally:
        server.stop()

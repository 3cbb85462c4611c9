"""One box in a folder of its own: daemons, a hub, a sound server, a small disk and a false clock."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import grpc

from services.bench.virtual_sound import PulseServer, until, why_not
from services.client.remote import RemoteBackend
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.conftest import Box, free_port
from tests.services.connectord.broker import Broker
from tests.services.gatewayd.conftest import Gate
from tests.soak.faults import FalseClock, SmallDisk
from tests.soak.keeper import Keeper, listens

#: Lamps of the hub; each is called by a word of its own.
LAMPS = ("reading", "corner", "window", "garden")


class House:
    """A box and what surrounds it.

    Args:
        folder: an empty folder.

    Raises:
        RuntimeError: something that it needs does not start here.
    """

    def __init__(self, folder: Path) -> None:
        if reason := why_not():
            raise RuntimeError(reason)
        self.box = Box(folder)
        self.box.state.mkdir()
        self.disk = SmallDisk(self.box.state)
        self.clock = FalseClock(folder)
        self.sound = PulseServer()
        self.broker = Broker(folder / "broker")
        self.gate = Gate(self.box, free_port(), free_port(), free_port(), free_port())
        self._write_settings()
        self.keeper = Keeper(
            folder,
            {
                "assistantd": {**self.box.environment, **self.sound.environment, **self.clock.environment},
                "gatewayd": self.box.environment,
                "connectord": self.box.environment,
            },
            {
                "assistantd": lambda: RemoteBackend(self.box.socket).answers(),
                "gatewayd": lambda: listens(self.gate.port),
                "connectord": self._hub_is_attached,
            },
        )

    def start(self) -> None:
        """Start everything, and wait until it is up."""
        if not self.sound.start():
            raise RuntimeError("PulseAudio does not start here")
        self.broker.start()
        for lamp in LAMPS:
            self.announce_lamp(lamp)
        self.keeper.start()
        if not until(lambda: {f"{lamp} lamp" for lamp in LAMPS} <= self._known(), 60):
            raise RuntimeError("the box does not know the lamps of its hub")

    def announce_lamp(self, name: str) -> None:
        """Tell the box, as a hub's device does, that there is a lamp of this name."""
        config = {
            "name": None,
            "uniq_id": name,
            "schema": "json",
            "cmd_t": f"house/{name}/set",
            "stat_t": f"house/{name}",
            "brightness": True,
            "dev": {"name": f"{name} lamp", "ids": [name], "sa": "Living Room"},
        }
        self.broker.publish(f"homeassistant/light/{name}/config", json.dumps(config))
        self.broker.publish(f"house/{name}", json.dumps({"state": "OFF"}))

    def forget_lamp(self, name: str) -> None:
        """That lamp is not there any more."""
        self.broker.publish(f"homeassistant/light/{name}/config", "")

    def replug(self, device: str) -> None:
        """Plug "microphone" or "speaker" in again."""
        (self.sound.plug_microphone if device == "microphone" else self.sound.plug_speaker)()

    def close(self) -> dict[str, int]:
        """End everything; the exit statuses of the daemons."""
        statuses = self.keeper.stop()
        self.broker.close()
        self.sound.stop()
        self.disk.close()
        return statuses

    def _known(self) -> set[str]:
        with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
            told = rpc.AssistantStub(channel).DescribeHome(pb.DescribeHomeRequest(), timeout=5)
            return {device.name for device in told.devices}

    def _hub_is_attached(self) -> bool:
        try:
            with grpc.insecure_channel(f"unix:{self.box.socket}") as channel:
                told = rpc.AssistantStub(channel).HomeStatus(pb.HomeStatusRequest(), timeout=5)
                return bool(told.kind)
        except grpc.RpcError:
            return False

    def _write_settings(self) -> None:
        folder = self.box.folder / "config"
        folder.mkdir()
        (folder / "gateway.toml").write_text(
            f'host = "127.0.0.1"\nport = {self.gate.port}\ngrpc_port = {self.gate.grpc_port}\n'
            f"wyoming_port = {self.gate.wyoming_port}\nsatellite_port = {self.gate.satellite_port}\n"
        )
        (folder / "connector.toml").write_text(
            f'kind = "mqtt"\nurl = "mqtt://127.0.0.1:{self.broker.port}"\nbox_area = "living room"\n'
        )


def speak_to_file(text: str, path: Path) -> Path:
    """espeak-ng says it into a WAV file."""
    command = ["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(path), text]
    subprocess.run(command, check=True, timeout=30)
    return path

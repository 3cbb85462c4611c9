"""Mosquitto on a port of loopback, and messages to and from it."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.services.conftest import free_port


class Broker:
    """One broker; what is retained survives a stop, as on a disk.

    Args:
        folder: for its settings and its database.
        extra: further lines of settings.
    """

    def __init__(self, folder: Path, *extra: str) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if program is None:
            pytest.skip("mosquitto is not installed")
        self.port = free_port()
        self.heard: dict[str, list[str]] = {}
        self._config = folder / "mosquitto.conf"
        self._program = program
        folder.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            "user root",
            *(extra or ("allow_anonymous true",)),
        ]
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._hear

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client.connect("127.0.0.1", self.port)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.client.loop_start()
        self.client.subscribe("#")

    def stop(self) -> None:
        assert self._process is not None
        self.client.disconnect()  # without it, the client's thread ends up to a second later
        self.client.loop_stop()
        self._process.terminate()
        self._process.wait(10)
        self._process = None

    def close(self) -> None:
        if self._process is not None:
            self.stop()

    def publish(self, topic: str, payload: str | bytes, retain: bool = True) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def _hear(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self.heard.setdefault(message.topic, []).append(message.payload[:1000].decode("utf-8", "replace"))

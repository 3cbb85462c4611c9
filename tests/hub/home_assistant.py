"""A Home Assistant of its own on loopback: started, onboarded, asked over its HTTP and WebSocket APIs."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.conftest import REPOSITORY

#: Where `requirements/hub.sh` puts it.
HASS = REPOSITORY / "build" / "hub" / "venv" / "bin" / "hass"

#: A lamp that lives in Home Assistant, and what speech needs. Wyoming comes by the config flow.
_CONFIGURATION = """\
homeassistant:
  name: Test Home
  latitude: 52.0
  longitude: 5.0
  elevation: 0
  unit_system: metric
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
config:
assist_pipeline:
conversation:
intent:
media_source:
stt:
tts:
wake_word:
input_boolean:
  lamp:
    name: Lamp state
input_number:
  lamp:
    name: Lamp level
    min: 0
    max: 255
light:
  - platform: template
    lights:
      bedroom_light:
        unique_id: bedroom_light
        friendly_name: Bedroom light
        value_template: "{{{{ is_state('input_boolean.lamp', 'on') }}}}"
        level_template: "{{{{ states('input_number.lamp') | int }}}}"
        turn_on:
          action: input_boolean.turn_on
          target: {{entity_id: input_boolean.lamp}}
        turn_off:
          action: input_boolean.turn_off
          target: {{entity_id: input_boolean.lamp}}
        set_level:
          - action: input_number.set_value
            target: {{entity_id: input_number.lamp}}
            data: {{value: "{{{{ brightness }}}}"}}
          - action: input_boolean.turn_on
            target: {{entity_id: input_boolean.lamp}}
logger:
  default: warning
"""
#: Looks for what is announced on its network; only for a network of the test's own.
_LOOKING = "zeroconf:\n"
_START_S = 120.0
_CALL_S = 60.0


@dataclass
class HomeAssistant:
    """A running Home Assistant and a user of it; `looking` for what announces itself by mDNS, or not."""

    folder: Path
    port: int
    looking: bool = False
    process: subprocess.Popen[bytes] | None = None
    token: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers; its own log is in its folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = _CONFIGURATION.format(port=self.port) + (_LOOKING if self.looking else "")
        (self.folder / "configuration.yaml").write_text(configuration)
        with (self.folder / "output.log").open("ab") as log:
            # --skip-pip: it installs nothing by itself.
            command = [str(HASS), "--config", str(self.folder), "--skip-pip"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        give_up = monotonic() + _START_S
        while True:
            try:
                if httpx.get(f"{self.url}/api/onboarding", timeout=5).status_code in (200, 404):
                    return
            except httpx.TransportError:
                pass
            assert self.process.poll() is None, f"it ended: {self.log()}"
            assert monotonic() < give_up, f"it does not answer: {self.log()}"
            sleep(0.5)

    def stop(self) -> None:
        """End it and wait."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log(self) -> str:
        """The last of what it printed."""
        return (self.folder / "output.log").read_text(errors="replace")[-4000:]

    def onboard(self) -> None:
        """Make its first user, as a browser does."""
        client_id = f"{self.url}/"
        person = {"name": "Owner", "username": "owner", "password": "a-password-for-tests", "language": "en"}
        made = self._post("/api/onboarding/users", {"client_id": client_id, **person})
        form = {"grant_type": "authorization_code", "code": made["auth_code"], "client_id": client_id}
        answer = httpx.post(f"{self.url}/auth/token", data=form, timeout=_CALL_S)
        answer.raise_for_status()
        self.token = answer.json()["access_token"]
        self._post("/api/onboarding/core_config", {})
        self._post("/api/onboarding/analytics", {})
        self._post("/api/onboarding/integration", {"client_id": client_id, "redirect_uri": client_id})

    def get(self, path: str) -> Any:
        """An answer of its HTTP API."""
        answer = httpx.get(f"{self.url}{path}", headers=self._headers(), timeout=_CALL_S)
        answer.raise_for_status()
        return answer.json()

    def add_wyoming(self, port: int) -> dict[str, Any]:
        """Go through the config flow of the Wyoming integration, as its page does."""
        flow = self._post("/api/config/config_entries/flow", {"handler": "wyoming"})
        path = f"/api/config/config_entries/flow/{flow['flow_id']}"
        made: dict[str, Any] = self._post(path, {"host": "127.0.0.1", "port": port})
        return made

    def discovered(self) -> list[dict[str, Any]]:
        """What of Wyoming it has found by itself and offers to its owner."""
        flows = self.call("config_entries/flow/progress")
        return [it for it in flows if (it["handler"], it["context"]["source"]) == ("wyoming", "zeroconf")]

    def accept(self, flow: dict[str, Any]) -> dict[str, Any]:
        """Take what it has found, as its page does."""
        made: dict[str, Any] = self._post(f"/api/config/config_entries/flow/{flow['flow_id']}", {})
        return made

    def state(self, entity: str) -> str:
        """The state of one entity; empty where there is none."""
        return next((str(it["state"]) for it in self.get("/api/states") if it["entity_id"] == entity), "")

    def entities(self, domain: str) -> list[str]:
        """Ids of the entities of a domain."""
        return [it["entity_id"] for it in self.get("/api/states") if it["entity_id"].startswith(f"{domain}.")]

    def wait(self, happened: Callable[[], object], what: str, limit_s: float = 30.0) -> None:
        """Wait until `happened` is true."""
        give_up = monotonic() + limit_s
        while not happened():
            assert monotonic() < give_up, f"{what} did not come: {self.log()}"
            sleep(0.2)

    def service(self, domain: str, service: str, **data: object) -> Any:
        """Call a service."""
        return self._post(f"/api/services/{domain}/{service}", data)

    @contextmanager
    def websocket(self) -> Iterator[Socket]:
        """Its WebSocket API, signed in."""
        with connect(f"ws://127.0.0.1:{self.port}/api/websocket", max_size=None) as line:
            assert json.loads(line.recv(_CALL_S))["type"] == "auth_required"
            line.send(json.dumps({"type": "auth", "access_token": self.token}))
            assert json.loads(line.recv(_CALL_S))["type"] == "auth_ok"
            yield Socket(line)

    def call(self, kind: str, **words: object) -> Any:
        """One command of its WebSocket API."""
        with self.websocket() as socket:
            return socket.call(kind, **words)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _post(self, path: str, body: object) -> Any:
        answer = httpx.post(f"{self.url}{path}", json=body, headers=self._headers(), timeout=_CALL_S)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()


class Socket:
    """Commands and events of one WebSocket connection."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._ids = itertools.count(1)

    def send(self, kind: str, **words: object) -> int:
        """Send a command; gives its id."""
        number = next(self._ids)
        self._line.send(json.dumps({"id": number, "type": kind, **words}))
        return number

    def send_bytes(self, data: bytes) -> None:
        """A binary message."""
        self._line.send(data)

    def receive(self, limit_s: float = _CALL_S) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = json.loads(self._line.recv(limit_s))
        return message

    def call(self, kind: str, **words: object) -> Any:
        """Send a command and wait for its result."""
        number = self.send(kind, **words)
        while (message := self.receive()).get("id") != number or message["type"] != "result":
            pass
        assert message["success"], message
        return message["result"]

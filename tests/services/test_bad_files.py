"""All files of the owner are bad at once: every daemon starts, and the assistant knows what is wrong."""

from __future__ import annotations

import json

from tests.services.conftest import Box, free_port
from tests.services.connectord.conftest import Connected, until
from tests.services.gatewayd.conftest import Gate

_NO_TOML = b"\xff\x00[[["
_ASSISTANT = b"""
language = 5
engine = "steam"
colour = 1979-05-27
[wake]
alexa = nan
[store]
turns = 1e400
[microphone]
latency = "banana"
backoff_s = []
[voice]
name = "hal"
threads = 99999999999
"""
_GATEWAY = b"""
host = "nowhere"
port = %d
trust_loopback = "yes"
grpc_port = "none"
[limits]
idle_s = nan
"""


def _write(box: Box, **contents: bytes) -> None:
    config = box.folder / "config"
    config.mkdir()
    for name, content in contents.items():
        (config / f"{name}.toml").write_bytes(content)


def test_every_daemon_starts_and_tells_what_is_wrong(own_box: Box) -> None:
    gate = Gate(own_box, free_port(), 0, 0, 0)
    _write(own_box, assistant=_ASSISTANT, gateway=_GATEWAY % gate.port, connector=_NO_TOML, home=_NO_TOML)
    own_box.start()
    connected = Connected(own_box)
    connected.start()
    gate.run()
    try:
        # Closed: no token, no answer, whatever trust_loopback says.
        with gate.client() as client:
            assert client.get("/v1/timers").status_code == 401
        with gate.client(gate.pair("owner", "admin")) as client:

            def sources() -> set[str]:
                return {fault["source"] for fault in client.get("/v1/status").json()["faults"]}

            until(lambda: sources() == {"settings", "connectord", "gatewayd"}, "all have reported")
        done = own_box.run("doctor", "--json", check=False)
        assert done.returncode == 2
        told = json.loads(done.stdout)
        assert told["assistant_answers"]
        assert all(fault["in_file_now"] for fault in told["faults"]), told
        files = {fault["file"] for fault in told["faults"]}
        assert files == {"assistant.toml", "gateway.toml", "connector.toml"}
    finally:
        connected.stop()
        status, log = gate.stop()
    assert status == 0
    assert "Traceback" not in log
    assert own_box.stop() == 0


def test_without_a_hub_the_box_has_the_sample_home(own_box: Box) -> None:
    _write(own_box, assistant=_NO_TOML, home=_NO_TOML)
    own_box.start()
    assert "Turned on the kitchen light." in own_box.run("ask", "turn on the kitchen light").stdout
    own_box.stop()

"""Home Assistant finds the services and the room of the box, has a sentence answered, and lends its lamp."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from assistant.audio.format import SAMPLE_RATE, Samples
from tests.conftest import REPOSITORY
from tests.hub.home_assistant import HASS, HomeAssistant
from tests.services.conftest import Box, free_port
from tests.services.gatewayd.conftest import Gate

pytestmark = [pytest.mark.hub, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    """A Home Assistant with an owner and a lamp."""
    if not HASS.exists():
        pytest.skip("Home Assistant is not installed: `make test-hub` needs Python 3.13")
    hub = HomeAssistant(tmp_path_factory.mktemp("hass"), free_port())
    try:
        hub.start()
        hub.onboard()
        yield hub
    finally:
        hub.stop()


@pytest.fixture(scope="module")
def gate(hub: HomeAssistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A box that takes its home from the hub, and its gateway, which is paired with it."""
    box = Box(tmp_path_factory.mktemp("box"))
    config = box.folder / "config"
    config.mkdir()
    (config / "hub-secret").write_text(hub.token)
    (config / "hub-secret").chmod(0o600)
    lines = ['kind = "home-assistant"', f'url = "{hub.url}"', 'secret_file = "hub-secret"']
    (config / "connector.toml").write_text("\n".join(lines) + "\n")
    box.start()
    gate = Gate(box, free_port(), free_port(), free_port(), free_port())
    gate.start()
    box.run("hubs", "add", "127.0.0.1")
    with (box.folder / "connectord.log").open("wb") as log:
        command = [sys.executable, "-m", "services.connectord.main"]
        environment = {**os.environ, **box.environment}
        connector = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=log, stderr=log)
    try:
        hub.wait(lambda: "bedroom light" in box.run("home", "devices").stdout.lower(), "the lamp", 60.0)
        yield gate
    finally:
        connector.terminate()
        connector.wait(30)
        gate.stop()
        box.stop()
    assert "Traceback" not in Path(log.name).read_text()


def test_it_is_not_in_its_recovery_mode(hub: HomeAssistant) -> None:
    assert hub.get("/api/config")["recovery_mode"] is False


def test_the_services_of_the_box_appear(hub: HomeAssistant, gate: Gate) -> None:
    made = hub.add_wyoming(gate.wyoming_port)
    assert made["type"] == "create_entry", made
    for domain in ("stt", "tts", "wake_word", "conversation"):
        hub.wait(lambda d=domain: f"{d}.sotto" in hub.entities(d), f"{domain}.sotto")  # type: ignore[misc]


def test_the_room_appears_as_a_satellite(hub: HomeAssistant, gate: Gate) -> None:
    made = hub.add_wyoming(gate.satellite_port)
    assert made["type"] == "create_entry", made
    hub.wait(lambda: hub.entities("assist_satellite"), "the satellite")


def test_a_sentence_goes_through_its_pipeline(
    hub: HomeAssistant, gate: Gate, say: Callable[..., Samples]
) -> None:
    pipeline = hub.call(
        "assist_pipeline/pipeline/create",
        name="Sotto",
        language="en",
        conversation_engine="conversation.home_assistant",
        conversation_language="en",
        stt_engine="stt.sotto",
        stt_language="en",
        tts_engine="tts.sotto",
        tts_language="en",
        tts_voice=None,
        wake_word_entity=None,
        wake_word_id=None,
    )
    sound = say("turn on the bedroom light", tail=2.0).tobytes()
    got: dict[str, dict[str, object]] = {}
    with hub.websocket() as socket:
        form = {"sample_rate": SAMPLE_RATE}
        socket.send(
            "assist_pipeline/run", start_stage="stt", end_stage="tts", input=form, pipeline=pipeline["id"]
        )
        while "run-end" not in got:
            event = socket.receive().get("event")
            if event is None:
                continue
            assert event["type"] != "error", event
            got[event["type"]] = event["data"] or {}
            if event["type"] == "run-start":
                handler = bytes([event["data"]["runner_data"]["stt_binary_handler_id"]])
                for at in range(0, len(sound), 3200):
                    socket.send_bytes(handler + sound[at : at + 3200])
                socket.send_bytes(handler)
    heard = got["stt-end"]["stt_output"]["text"]  # type: ignore[index]
    assert heard.lower().rstrip(".") == "turn on the bedroom light"
    assert hub.state("light.bedroom_light") == "on"
    spoken = httpx.get(hub.url + got["tts-end"]["tts_output"]["url"], timeout=60)  # type: ignore[index]
    assert spoken.status_code == 200
    assert len(spoken.content) > 1000


def test_the_box_turns_a_light_on_that_lives_there(hub: HomeAssistant, gate: Gate) -> None:
    hub.service("light", "turn_off", entity_id="light.bedroom_light")
    assert hub.state("light.bedroom_light") == "off"
    reply = gate.box.run("ask", "turn", "on", "the", "bedroom", "light").stdout
    hub.wait(lambda: hub.state("light.bedroom_light") == "on", f"the light ({reply})")

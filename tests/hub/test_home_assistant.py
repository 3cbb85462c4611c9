"""Home Assistant takes the services and the room of the box in, answers what is said there, lends a lamp."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.audio.files import write_wav
from assistant.audio.format import SAMPLE_RATE, Samples
from services.bench.virtual_sound import PulseServer, until, why_not
from tests.conftest import REPOSITORY
from tests.hearsay import was_said
from tests.hub.home_assistant import HASS, HomeAssistant
from tests.services.conftest import Box, free_port
from tests.services.gatewayd.conftest import Gate

pytestmark = [pytest.mark.hub, pytest.mark.timeout(300)]

#: A sound server on a busy machine loses samples; a person, too, says it again.
TRIES = 4


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
def room() -> Iterator[PulseServer | None]:
    """A virtual microphone and loudspeaker, where they can be had."""
    if why_not():
        yield None
        return
    server = PulseServer()
    try:
        yield server if server.start() else None
    finally:
        server.stop()


@pytest.fixture(scope="module")
def gate(
    hub: HomeAssistant, room: PulseServer | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gate]:
    """A box that takes its home from the hub, and its gateway, which is paired with it."""
    box = Box(tmp_path_factory.mktemp("box"), extra=room.environment if room else {})
    config = box.folder / "config"
    config.mkdir()
    (config / "hub-secret").write_text(hub.token)
    (config / "hub-secret").chmod(0o600)
    lines = ['kind = "home-assistant"', f'url = "{hub.url}"', 'secret_file = "hub-secret"']
    (config / "connector.toml").write_text("\n".join(lines) + "\n")
    box.start(microphone=room is not None)
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


@pytest.fixture(scope="module")
def services(hub: HomeAssistant, gate: Gate) -> dict[str, Any]:
    """The config flow for the box's services, as its last page tells it."""
    return hub.add_wyoming(gate.wyoming_port)


@pytest.fixture(scope="module")
def satellite(hub: HomeAssistant, gate: Gate) -> dict[str, Any]:
    """The config flow for the box's room, as its last page tells it."""
    return hub.add_wyoming(gate.satellite_port)


@pytest.fixture(scope="module")
def pipeline(hub: HomeAssistant, services: dict[str, Any]) -> str:
    """Its own conversation between the box's ears and the box's voice, preferred from then on; the id."""
    hub.wait(lambda: hub.entities("stt") and hub.entities("tts"), "ears and voice")
    made = hub.call(
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
    hub.call("assist_pipeline/pipeline/set_preferred", pipeline_id=made["id"])
    return str(made["id"])


def test_the_services_of_the_box_appear(hub: HomeAssistant, services: dict[str, Any]) -> None:
    assert services["type"] == "create_entry", services
    for domain in ("stt", "tts", "wake_word", "conversation"):
        hub.wait(lambda d=domain: f"{d}.sotto" in hub.entities(d), f"{domain}.sotto")  # type: ignore[misc]


def test_the_room_appears_as_a_satellite(hub: HomeAssistant, satellite: dict[str, Any]) -> None:
    assert satellite["type"] == "create_entry", satellite
    hub.wait(lambda: hub.entities("assist_satellite"), "the satellite")


def test_a_sentence_goes_through_its_pipeline(
    hub: HomeAssistant, pipeline: str, say: Callable[..., Samples]
) -> None:
    sound = say("turn on the bedroom light", tail=2.0).tobytes()
    got: dict[str, dict[str, object]] = {}
    with hub.websocket() as socket:
        form = {"sample_rate": SAMPLE_RATE}
        socket.send("assist_pipeline/run", start_stage="stt", end_stage="tts", input=form, pipeline=pipeline)
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


def test_what_is_said_in_the_room_is_answered_by_it(
    hub: HomeAssistant,
    gate: Gate,
    room: PulseServer | None,
    satellite: dict[str, Any],
    pipeline: str,
    say: Callable[..., Samples],
    tmp_path: Path,
) -> None:
    if room is None:
        pytest.skip(why_not() or "PulseAudio does not start here")
    (name,) = hub.entities("assist_satellite")
    hub.wait(lambda: hub.state(name) == "idle", "the satellite")
    hub.service("light", "turn_off", entity_id="light.bedroom_light")
    tap = room.tap()
    path = tmp_path / "command.wav"
    write_wav(path, say("okay nabu turn on the bedroom light", lead=1.0, tail=1.5), SAMPLE_RATE)
    for _ in range(TRIES):
        room.speak(path).wait(30)
        if until(lambda: hub.state("light.bedroom_light") == "on", 10):
            break

    def last() -> dict[str, object]:
        return next(iter(gate.box.lines("turns", "-n", "1", "--json")), {})

    assert until(lambda: last().get("file") == "room hub", 30), hub.log()
    tap.close()
    turn = last()
    assert str(turn["transcript"]).lower().rstrip(".") == "turn on the bedroom light"
    assert turn["reply"] == "Turned on the light"
    assert hub.state("light.bedroom_light") == "on"
    heard = gate.box.words_of(tap.samples())
    assert was_said(heard, "Turned on the light"), heard


def test_the_box_turns_a_light_on_that_lives_there(hub: HomeAssistant, gate: Gate) -> None:
    hub.service("light", "turn_off", entity_id="light.bedroom_light")
    assert hub.state("light.bedroom_light") == "off"
    reply = gate.box.run("ask", "turn", "on", "the", "bedroom", "light").stdout
    hub.wait(lambda: hub.state("light.bedroom_light") == "on", f"the light ({reply})")

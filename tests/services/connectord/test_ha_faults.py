"""A hub that misbehaves; a real Home Assistant is in tests/hub."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services.conftest import Box, free_port
from tests.services.connectord.conftest import Connected, make_certificate, until
from tests.services.connectord.fake_hub import LAMP, TOKEN, FakeHub


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    hub = FakeHub(free_port())
    hub.start()
    yield hub
    hub.close()


@pytest.fixture
def house(connected: Connected, hub: FakeHub) -> Connected:
    """Connected and up."""
    connected.configure(f'kind = "home-assistant"\nurl = "http://127.0.0.1:{hub.port}"\n', TOKEN)
    connected.start()
    connected.until_up()
    connected.until_answered("turn off the lamp", "Turned off the lamp.")
    return connected


def test_a_sentence_becomes_a_service(house: Connected, hub: FakeHub) -> None:
    assert house.ask("set the lamp to 30 percent") == "Set the lamp to 30 percent."
    call = hub.commands[-1]
    assert (call["domain"], call["service"]) == ("light", "turn_on")
    assert (call["service_data"], call["target"]) == ({"brightness_pct": 30}, {"entity_id": LAMP})


def test_a_state_is_followed(house: Connected, hub: FakeHub) -> None:
    hub.event("states", {"c": {LAMP: {"+": {"s": "on", "a": {"brightness": 51}}}}})
    until(lambda: house.state("lamp").get("brightness") == 20, "the lamp is at 20 percent")


def test_an_entity_that_is_unavailable_cannot_be_reached(house: Connected, hub: FakeHub) -> None:
    hub.event("states", {"c": {LAMP: {"+": {"s": "unavailable"}}}})
    until(lambda: "on" not in house.state("lamp"), "nothing is known of the lamp")
    assert house.ask("turn on the lamp") == "Sorry, the lamp cannot be reached."


def test_a_new_name_is_understood_after_a_moment(house: Connected, hub: FakeHub) -> None:
    hub.names["light.other"] = "reading lamp"
    hub.event("entity_registry_updated", {"event_type": "entity_registry_updated"})
    house.until_answered("turn on the reading lamp", "Turned on the reading lamp.")


def test_a_temperature_that_a_heating_does_not_take_is_no_service(house: Connected, hub: FakeHub) -> None:
    hub.names["climate.hall"] = "hall heating"
    hub.event("entity_registry_updated", {"event_type": "entity_registry_updated"})
    until(lambda: "hall heating" in house.home(), "the heating is there")
    hub.event("states", {"c": {"climate.hall": {"+": {"a": {"min_temp": 7, "max_temp": 28}}}}})
    until(lambda: "temperature" in house.home()["hall heating"].ranges, "its range is known")
    house.ask("set the hall heating to 29 degrees")
    house.ask("set the hall heating to 21 degrees")
    called = [call["service_data"] for call in hub.commands if call["service"] == "set_temperature"]
    assert called == [{"temperature": 21}]


def test_a_hub_that_goes_away_is_said_to_be_away_and_found_again(house: Connected, hub: FakeHub) -> None:
    hub.stop()
    until(lambda: not house.status().link.up, "the hub is away")
    assert house.ask("turn on the lamp") == "Sorry, the hub is away."
    hub.start()
    house.until_up()
    assert house.ask("turn on the lamp") == "Turned on the lamp."


def test_a_hub_that_goes_away_in_the_middle_of_a_command_is_said_to_be_away(
    house: Connected, hub: FakeHub
) -> None:
    async def abort(socket: Any) -> None:
        socket.transport.abort()

    hub.faults["call_service"] = abort
    assert house.ask("turn on the lamp") == "Sorry, the hub is away."


def test_a_hub_that_is_slow_is_not_waited_for_for_ever(house: Connected, hub: FakeHub) -> None:
    async def wait(_socket: Any) -> None:
        await asyncio.sleep(0)

    hub.faults["call_service"] = wait
    assert house.ask("turn on the lamp") == "Sorry, the hub does not answer."


def test_what_the_hub_refuses_is_said(house: Connected, hub: FakeHub) -> None:
    hub.faults["call_service"] = (
        '{"id": ID, "type": "result", "success": false, "error": {"code": "x", "message": "\\u0007no"}}'
    )
    assert house.ask("turn on the lamp") == "Sorry, the hub refused that."


@pytest.mark.parametrize(
    "garbage",
    [
        "no json",
        "[]",
        '{"id": 1}',
        '{"id": 1, "type": "event", "event": {"a": 7}}',
        "[" * 100_000,
        '"' * 5000,
    ],
)
def test_garbage_ends_the_connection_at_most(house: Connected, hub: FakeHub, garbage: str) -> None:
    hub.send(garbage)
    house.until_answered("turn on the lamp", "Turned on the lamp.")
    assert house.process is not None
    assert house.process.poll() is None


def test_a_huge_message_is_not_read(house: Connected, hub: FakeHub) -> None:
    assert house.process is not None
    hub.send('{"id": 1, "x": "' + "x" * (20 * 2**20) + '"}')
    until(lambda: "sent a message of more than 16 MiB" in house.log, "the message is refused")
    house.until_answered("turn on the lamp", "Turned on the lamp.")
    assert psutil.Process(house.process.pid).memory_info().rss < 150 * 2**20


def test_registries_of_another_form_are_no_homes(connected: Connected, hub: FakeHub) -> None:
    hub.faults["config/area_registry/list"] = '{"id": ID, "type": "result", "success": true, "result": "x"}'
    hub.faults["get_config"] = '{"id": ID, "type": "result", "success": true, "result": [1]}'
    connected.configure(f'kind = "home-assistant"\nurl = "http://127.0.0.1:{hub.port}"\n', TOKEN)
    connected.start()
    connected.until_up()
    assert "lamp" in connected.home()


def test_a_wrong_token_is_told_and_not_tried_again_soon(connected: Connected, hub: FakeHub) -> None:
    connected.configure(f'kind = "home-assistant"\nurl = "http://127.0.0.1:{hub.port}"\n', "wrong-token")
    connected.start()
    problem = "Home Assistant does not take the token"
    until(lambda: connected.status().link.problem == problem, "the problem is told")
    assert hub.logins == 1
    assert "wrong-token" not in connected.log


def test_a_token_of_no_administrator_is_told(connected: Connected, hub: FakeHub) -> None:
    hub.faults["homeassistant/expose_entity/list"] = (
        '{"id": ID, "type": "result", "success": false, "error": {"code": "unauthorized", "message": "no"}}'
    )
    connected.configure(f'kind = "home-assistant"\nurl = "http://127.0.0.1:{hub.port}"\n', TOKEN)
    connected.start()
    problem = "the token is of a user who is no administrator"
    until(lambda: connected.status().link.problem == problem, "the problem is told")


def test_what_is_no_home_assistant_is_told(connected: Connected) -> None:
    connected.configure('kind = "home-assistant"\nurl = "http://127.0.0.1:1"\n', TOKEN)
    connected.start()
    until(lambda: "is not reached" in connected.status().link.problem, "the problem is told")


def test_a_second_connector_is_kept_out(house: Connected) -> None:
    other = Connected(house.box)
    other.start()
    try:
        until(lambda: "is attached already" in house.log, "the second one is refused")
        assert house.ask("turn on the lamp") == "Turned on the lamp."
    finally:
        other.stop()


def test_it_ends_when_it_is_told_to(house: Connected) -> None:
    assert house.stop() == 0
    until(lambda: not house.status().kind, "it has let go")
    assert house.ask("turn on the lamp") == "Sorry, the hub is away."


def test_settings_that_cannot_be_used_are_told_and_mended_while_it_runs(
    connected: Connected, hub: FakeHub
) -> None:
    connected.configure('kind = "alexa"\n')
    connected.start()
    until(lambda: "'alexa' is none of" in connected.status().link.problem, "the problem is told")
    connected.configure(f'kind = "home-assistant"\nurl = "http://127.0.0.1:{hub.port}"\n', TOKEN)
    connected.until_up()


def test_a_certificate_that_is_trusted_is_taken_and_another_is_not(
    connected: Connected, hub: FakeHub, tmp_path: Path
) -> None:
    trusted, key = make_certificate(tmp_path / "a")
    other, _ = make_certificate(tmp_path / "b")
    hub.stop()
    hub.secure(trusted, key)
    hub.start()
    url = f'kind = "home-assistant"\nurl = "https://127.0.0.1:{hub.port}"\n'
    connected.configure(url + f'ca_file = "{other}"\n', TOKEN)
    connected.start()
    until(lambda: "certificate is not trusted" in connected.status().link.problem, "it is not trusted")
    assert hub.logins == 0
    connected.configure(url + f'ca_file = "{trusted}"\n', TOKEN)
    connected.until_up()


def test_a_connector_that_is_killed_is_missed_at_once_and_may_come_back(
    house: Connected, hub: FakeHub
) -> None:
    house.stop(signal.SIGKILL)
    until(lambda: not house.status().kind, "it is missed", 5)
    assert house.ask("turn on the lamp") == "Sorry, the hub is away."
    house.start()
    house.until_up()
    assert house.ask("turn on the lamp") == "Turned on the lamp."


def test_an_assistant_that_is_killed_is_found_again(own_box: Box, hub: FakeHub) -> None:
    alone = Connected(own_box)
    alone.configure(f'kind = "home-assistant"\nurl = "http://127.0.0.1:{hub.port}"\n', TOKEN)
    own_box.start()
    alone.start()
    try:
        alone.until_up()
        assert own_box.process is not None
        own_box.process.kill()
        own_box.process.communicate()
        own_box.start()
        alone.until_up()
        assert alone.ask("turn on the lamp") == "Turned on the lamp."
        assert hub.logins == 1
    finally:
        alone.stop()


@pytest.mark.slow
def test_a_flood_of_states_leaves_room_for_commands(house: Connected, hub: FakeHub) -> None:
    assert house.process is not None
    for number in range(20_000):
        hub.event("states", {"c": {LAMP: {"+": {"a": {"brightness": number % 256}}}}})
    hub.event("states", {"c": {LAMP: {"+": {"s": "on", "a": {"brightness": 255}}}}})
    assert house.ask("turn on the lamp") == "Turned on the lamp."
    until(lambda: house.state("lamp").get("brightness") == 100, "the last state is told")
    assert psutil.Process(house.process.pid).memory_info().rss < 150 * 2**20


def test_settings_that_become_bad_leave_the_hub_connected(house: Connected, hub: FakeHub) -> None:
    good = (house.config / "connector.toml").read_text()
    house.configure("kind = [")
    until(lambda: "settings.syntax" in {fault.code for fault in house.faults()}, "the fault is reported")
    assert house.status().link.up
    assert house.ask("turn on the lamp") == "Turned on the lamp."
    house.configure(good)
    until(lambda: not house.faults(), "the fault is taken back")
    house.until_up()


def test_a_hub_whose_settings_are_removed_is_left(house: Connected) -> None:
    (house.config / "connector.toml").unlink()
    until(lambda: "connector.missing" in house.status().link.problem, "the hub is left")

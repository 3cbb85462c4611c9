"""A real broker, with devices that a test plays."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.services.conftest import free_port
from tests.services.connectord.broker import Broker
from tests.services.connectord.conftest import Connected, make_certificate, until

LAMP = {
    "name": None,
    "uniq_id": "lamp-1",
    "schema": "json",
    "cmd_t": "~/set",
    "stat_t": "~",
    "~": "house/lamp",
    "brightness": True,
    "supported_color_modes": ["rgb"],
    "avty_t": "house/lamp/up",
    "dev": {"name": "reading lamp", "ids": ["lamp-1"], "sa": "Living Room"},
}
PLUG = {
    "friendly_name": "kitchen/kettle",
    "ieee_address": "0x01",
    "type": "Router",
    "definition": {
        "exposes": [
            {
                "type": "switch",
                "features": [
                    {"name": "state", "property": "state", "access": 7, "value_on": "ON", "value_off": "OFF"}
                ],
            }
        ]
    },
}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.start()
    broker.publish("homeassistant/light/lamp/config", json.dumps(LAMP))
    broker.publish("house/lamp", json.dumps({"state": "OFF"}))
    yield broker
    broker.close()


@pytest.fixture
def house(connected: Connected, broker: Broker) -> Connected:
    """Connected and up, with a lamp."""
    connected.configure(f'kind = "mqtt"\nurl = "mqtt://127.0.0.1:{broker.port}"\nbox_area = "living room"\n')
    connected.start()
    connected.until_up()
    connected.until_answered("turn off the reading lamp", "Turned off the reading lamp.")
    return connected


def last(broker: Broker, topic: str) -> object:
    until(lambda: topic in broker.heard, f"something comes on {topic}")
    return json.loads(broker.heard[topic][-1])


def test_a_sentence_reaches_the_broker(house: Connected, broker: Broker) -> None:
    broker.heard.clear()
    done = house.box.run("ask", "turn on the reading lamp")
    assert "Turned on the reading lamp." in done.stdout
    assert last(broker, "house/lamp/set") == {"state": "ON"}


def test_the_box_stands_in_its_area(house: Connected) -> None:
    house.until_answered("turn on the lights", "Turned on the reading lamp.")


def test_a_state_is_followed(house: Connected, broker: Broker) -> None:
    broker.publish("house/lamp", json.dumps({"state": "ON", "brightness": 128}))
    until(lambda: house.state("reading lamp").get("brightness") == 50, "the lamp is at 50 percent")


def test_a_device_that_is_offline_cannot_be_reached(house: Connected, broker: Broker) -> None:
    broker.publish("house/lamp/up", "offline")
    until(lambda: "on" not in house.state("reading lamp"), "nothing is known of the lamp")
    assert house.ask("turn on the reading lamp") == "Sorry, the reading lamp cannot be reached."
    broker.publish("house/lamp/up", "online")
    until(lambda: "on" in house.state("reading lamp"), "the lamp is there again")


def test_a_device_that_is_taken_back_is_forgotten(house: Connected, broker: Broker) -> None:
    broker.publish("homeassistant/light/lamp/config", "")
    until(lambda: "reading lamp" not in house.home(), "the lamp has gone")


def test_zigbee2mqtt_is_followed(house: Connected, broker: Broker) -> None:
    broker.publish("zigbee2mqtt/bridge/devices", json.dumps([PLUG]))
    house.until_answered("turn on the kitchen kettle", "Turned on the kitchen kettle.")
    assert last(broker, "zigbee2mqtt/kitchen/kettle/set") == {"state": "ON"}
    broker.publish("zigbee2mqtt/kitchen/kettle", '{"state": "ON"}')
    until(lambda: house.state("kitchen kettle").get("on") is True, "the kettle is on")
    broker.publish("zigbee2mqtt/bridge/state", '{"state": "offline"}')
    until(lambda: "on" not in house.state("kitchen kettle"), "the bridge has gone")


def test_a_broker_that_is_killed_is_away_and_found_again(house: Connected, broker: Broker) -> None:
    broker.stop()
    until(lambda: not house.status().link.up, "the broker is away")
    assert house.ask("turn on the reading lamp") == "Sorry, the hub is away."
    broker.start()
    house.until_up()
    broker.heard.clear()
    assert house.ask("turn on the reading lamp") == "Turned on the reading lamp."
    assert last(broker, "house/lamp/set") == {"state": "ON"}


def test_garbage_is_passed_over_and_told(house: Connected, broker: Broker) -> None:
    for number, payload in enumerate(
        [b"\xff\xfe\x00", b"{", b"[1]", b'{"cmd_t": "a/#"}', b"7", b"[" * 60_000]
    ):
        broker.publish(f"homeassistant/light/bad{number}/config", payload)
    broker.publish("homeassistant/switch/wild/config", '{"cmd_t": "a/+/b", "name": "wild"}')
    broker.publish("house/lamp", b"\xff" * 5000)
    broker.publish("zigbee2mqtt/bridge/devices", b'{"no": "list"}')
    until(lambda: len(house.status().link.skipped) == 8, "all of it is told")
    assert house.ask("turn on the reading lamp") == "Turned on the reading lamp."


def test_a_template_that_is_a_program_is_refused_and_told(house: Connected, broker: Broker) -> None:
    program = {"name": "evil", "stat_t": "a", "val_tpl": "{% for i in range(10**9) %}{{ i }}{% endfor %}"}
    broker.publish("homeassistant/sensor/evil/config", json.dumps(program))
    until(
        lambda: any("does more than pick" in item.reason for item in house.status().link.skipped),
        "the reason is told",
    )


def test_an_oversized_payload_is_not_taken(house: Connected, broker: Broker) -> None:
    assert house.process is not None
    broker.publish("homeassistant/light/huge/config", b"x" * (100 * 1024))
    until(
        lambda: any("more than 64 kB" in item.reason for item in house.status().link.skipped),
        "the reason is told",
    )
    broker.publish("house/lamp", b"x" * (20 * 2**20), retain=False)
    assert house.ask("turn on the reading lamp") == "Turned on the reading lamp."
    assert psutil.Process(house.process.pid).memory_info().rss < 150 * 2**20


def test_a_broker_that_announces_a_huge_packet_is_left(connected: Connected) -> None:
    """A hostile one, since a real broker keeps to the limit that it was told."""
    listener = socket.create_server(("127.0.0.1", 0))

    def play() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(1000)
            peer.sendall(bytes([0x20, 3, 0, 0, 0]))  # CONNACK of MQTT 5
            # PUBLISH of 200 MB
            peer.sendall(bytes([0x30, 0x80, 0x88, 0xAF, 0x5F]) + b"x" * 1000)
            peer.settimeout(20)
            while peer.recv(1000):
                pass

    threading.Thread(target=play, daemon=True).start()
    connected.configure(f'kind = "mqtt"\nurl = "mqtt://127.0.0.1:{listener.getsockname()[1]}"\n')
    connected.start()
    assert connected.process is not None
    until(lambda: "closed the connection" in connected.log, "it has left")
    assert psutil.Process(connected.process.pid).memory_info().rss < 150 * 2**20
    listener.close()


@pytest.mark.slow
def test_thousands_of_devices_are_limited_and_told(house: Connected, broker: Broker) -> None:
    for number in range(700):
        config = {"name": f"lamp {number}", "uniq_id": f"many-{number}", "cmd_t": f"many/{number}"}
        broker.client.publish(f"homeassistant/switch/many{number}/config", json.dumps(config), retain=True)
    until(
        lambda: any("more than 500 devices" in item.reason for item in house.status().link.skipped),
        "the limit is told",
        60,
    )
    assert house.status().devices == 500


def test_a_broker_with_passwords_is_used_with_one(connected: Connected, tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", passwords, "sotto", "secret word"], check=True, timeout=20
    )
    broker = Broker(tmp_path / "b", "allow_anonymous false", f"password_file {passwords}")
    broker.client.username_pw_set("sotto", "secret word")
    broker.start()
    url = f'kind = "mqtt"\nurl = "mqtt://127.0.0.1:{broker.port}"\nuser = "sotto"\n'
    try:
        connected.configure(url, "wrong")
        connected.start()
        until(lambda: "refused us" in connected.status().link.problem, "the broker refuses")
        connected.stop()
        connected.configure(url, "secret word")
        connected.start()
        connected.until_up()
    finally:
        broker.close()


def test_a_broker_with_a_certificate_is_used_with_trust(connected: Connected, tmp_path: Path) -> None:
    trusted, key = make_certificate(tmp_path / "a")
    other, _ = make_certificate(tmp_path / "b")
    port = free_port()
    tls = (f"listener {port} 127.0.0.1", f"certfile {trusted}", f"keyfile {key}")
    broker = Broker(tmp_path / "broker", "allow_anonymous true", *tls)
    broker.start()
    url = f'kind = "mqtt"\nurl = "mqtts://127.0.0.1:{port}"\n'
    try:
        connected.configure(url + f'ca_file = "{other}"\n')
        connected.start()
        until(lambda: "certificate is not trusted" in connected.status().link.problem, "it is not trusted")
        connected.configure(url + f'ca_file = "{trusted}"\n')
        connected.until_up()
    finally:
        broker.close()


def test_a_broker_of_the_older_protocol_is_used(connected: Connected, broker: Broker) -> None:
    connected.configure(f'kind = "mqtt"\nurl = "mqtt://127.0.0.1:{broker.port}"\nmqtt_version = "3.1.1"\n')
    connected.start()
    connected.until_up()
    connected.until_answered("turn on the reading lamp", "Turned on the reading lamp.")


def test_what_is_not_understood_of_a_device_is_told_and_the_rest_works(
    house: Connected, broker: Broker
) -> None:
    strip = {
        "name": "plain strip", "uniq_id": "strip", "cmd_t": "strip/POWER", "bri_cmd_t": "strip/Dimmer",
        "bri_scl": 100, "rgb_cmd_t": "strip/Color", "rgb_stat_t": "strip/STATE",
        "rgb_val_tpl": "{{ value_json.Color.split(',')[0:3] | join(',') }}",
    }  # fmt: skip
    broker.publish("homeassistant/light/strip/config", json.dumps(strip))
    until(lambda: "plain strip" in house.home(), "the strip is there")
    house.ask("set the brightness of the plain strip to 40 percent")
    until(lambda: "strip/Dimmer" in broker.heard, "the strip is dimmed")
    assert broker.heard["strip/Dimmer"][-1] == "40"
    told = {item.id: item.reason for item in house.status().link.skipped}
    assert "colour" in told["light.strip"]


def test_a_temperature_that_a_heating_does_not_take_is_not_published(
    house: Connected, broker: Broker
) -> None:
    heating = {
        "name": "hall heating", "uniq_id": "heat", "temp_cmd_t": "heat/set", "min_temp": 7, "max_temp": 28,
    }  # fmt: skip
    broker.publish("homeassistant/climate/heat/config", json.dumps(heating))
    until(lambda: "hall heating" in house.home(), "the heating is there")
    house.ask("set the hall heating to 29 degrees")
    house.ask("set the hall heating to 21 degrees")
    until(lambda: "heat/set" in broker.heard, "the heating is set")
    assert broker.heard["heat/set"] == ["21"]

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput, NotFound
from common.faults import Fault
from services.hubs.kinds import KINDS
from services.hubs.load import load_connector_settings, load_usable_connector_settings, read_secret
from tests.bad_files import NO_FILES, contents, in_its_place


def load(folder: Path, text: str) -> object:
    path = folder / "connector.toml"
    path.write_text(text)
    return load_connector_settings(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('kind = "alexa"\nurl = "http://a"', "'alexa' is none of home-assistant, mqtt"),
        ('kind = "mqtt"\nurl = "http://a"', "does not begin with mqtt:// or mqtts://"),
        ('kind = "mqtt"\nurl = "mqtt://u:p@a"', "settings of their own"),
        ('kind = "mqtt"\nurl = "mqtt://"', "names no host"),
        ('kind = "mqtt"\nurl = "mqtt://a:99999"', "is no address"),
        ('kind = "home-assistant"\nurl = "http://a"', "secret_file is missing"),
        ('kind = "mqtt"\nurl = "mqtt://a"\ndiscovery = "a/#"', "no base topic"),
        ('kind = "mqtt"\nurl = "mqtt://a"\nmqtt_version = "4"', "none of 5, 3.1.1"),
        ('kind = "mqtt"\nurl = "mqtt://a"\nport = 1', "unknown setting port"),
        ("kind = ", "not valid TOML"),
    ],
)
def test_what_is_wrong_in_the_settings_is_told(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        load(tmp_path, text)


def test_settings_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no hub is set"):
        load_connector_settings(tmp_path / "connector.toml")


def test_the_usual_ports_are_known(tmp_path: Path) -> None:
    settings = load_connector_settings
    path = tmp_path / "connector.toml"
    path.write_text('kind = "mqtt"\nurl = "mqtts://broker"\n')
    assert (settings(path).host, settings(path).port, settings(path).tls) == ("broker", 8883, True)


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=40))
def test_whatever_stands_for_an_address_is_judged(kind: str, url: str) -> None:
    for text in (url, f"http://{url}", f"mqtt://{url}"):
        problem = KINDS[kind].url.problem(text)
        assert problem is None or problem


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        ("secret\n", 0o644, "can be read by others"),
        ("", 0o600, "holds no token"),
        ("two\nlines", 0o600, "holds no token"),
        ("x" * 5000, 0o600, "holds no token"),
    ],
)
def test_a_secret_that_cannot_be_used_is_told(tmp_path: Path, content: str, mode: int, says: str) -> None:
    path = tmp_path / "secret"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(InvalidInput, match=says):
        read_secret(path)


def test_a_secret_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("my password\n")
    path.chmod(0o600)
    assert read_secret(path) == "my password"


MQTT = 'kind = "mqtt"\nurl = "mqtts://192.0.2.1"\nuser = "box"\nsecret_file = "secret"\nca_file = "ca.pem"\n'


def usable(folder: Path, data: bytes) -> tuple[object, tuple[Fault, ...]]:
    path = folder / "connector.toml"
    path.write_bytes(data)
    return load_usable_connector_settings(path)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("colour = 1", "colour"),
        ("box_area = 5", "box_area"),
        ("discovery = false", "discovery"),
        ('discovery = "a/#"', "discovery"),
        ('unit = "kelvin"', "unit"),
        ('unit = "kelvin"\nmqtt_version = "9"', "unit"),
    ],
)
def test_a_key_that_the_connection_does_not_need_is_left_out(tmp_path: Path, line: str, key: str) -> None:
    whole, none = usable(tmp_path, MQTT.encode())
    assert none == ()
    settings, faults = usable(tmp_path, f"{MQTT}{line}\n".encode())
    assert settings == whole
    assert [(fault.file, fault.key) for fault in faults] == [("connector.toml", key)]


@pytest.mark.parametrize("key", ["kind", "url", "user", "secret_file", "ca_file"])
@pytest.mark.parametrize("value", ["5", "[1979-05-27]", r'"\u0000"'])
def test_with_a_wrong_key_that_it_needs_there_is_no_connection(tmp_path: Path, key: str, value: str) -> None:
    lines = [line for line in MQTT.splitlines() if not line.startswith(f"{key} ")]
    settings, faults = usable(tmp_path, "\n".join([*lines, f"{key} = {value}"]).encode())
    if settings is not None:
        assert (key, value) == ("user", r'"\u0000"')
    else:
        assert [fault.effect for fault in faults] == ["No hub is connected."]


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_names_no_hub(tmp_path: Path, what: str) -> None:
    in_its_place(tmp_path / "connector.toml", what)
    settings, faults = load_usable_connector_settings(tmp_path / "connector.toml")
    assert settings is None
    assert [fault.code for fault in faults] == ["settings.unreadable"]


_KEYS = ("kind", "url", "user", "secret_file", "ca_file", "box_area", "unit", "discovery", "zigbee2mqtt", "x")


@given(contents(MQTT, _KEYS))
def test_any_file_gives_settings_or_none_and_has_faults_if_it_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    settings, faults = usable(folder, data)
    try:
        assert load_connector_settings(folder / "connector.toml") == settings
        assert not faults
    except InvalidInput:
        assert faults

"""A mistake in gateway.toml leaves the gateway as open as the file says, or less."""

from __future__ import annotations

import dataclasses
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from common.settings_file import bounds_of
from services.settings.gateway import (
    CLOSED,
    LOOPBACK,
    GatewaySettings,
    Limits,
    load_gateway_settings,
    load_usable_gateway_settings,
)
from tests.bad_files import NO_FILES, VALUES, contents, in_its_place

#: As an owner may wish it: on this machine alone, and nothing but REST.
SHUT = """
host = "127.0.0.1"
grpc_port = 0
wyoming_port = 0
satellite_port = 0
mdns = false
trust_loopback = false
"""
_KEYS = [found.name for found in dataclasses.fields(GatewaySettings)]
_KEYS += [f"limits.{found.name}" for found in dataclasses.fields(Limits)] + ["hots", "gateway.host", "tls"]


def usable(folder: Path, data: bytes) -> tuple[GatewaySettings, tuple[str, ...]]:
    path = folder / "gateway.toml"
    path.write_bytes(data)
    settings, faults = load_usable_gateway_settings(path)
    assert all(fault.file == "gateway.toml" and fault.hint and fault.effect for fault in faults)
    return settings, tuple(fault.key for fault in faults)


def test_every_number_has_bounds() -> None:
    for settings in (GatewaySettings(), Limits()):
        for found in dataclasses.fields(settings):
            if type(getattr(settings, found.name)) in (int, float):
                assert bounds_of(found) is not None, found.name


@pytest.mark.parametrize("key", CLOSED)
def test_a_wrong_value_of_a_key_that_opens_something_closes_it(tmp_path: Path, key: str) -> None:
    settings, keys = usable(tmp_path, f"{key} = [1979-05-27]".encode())
    assert keys == (key,)
    assert getattr(settings, key) == CLOSED[key]


@pytest.mark.parametrize("value", ["1", '"true"', "[true]", "{}"])
def test_only_true_trusts_programs_of_this_machine(tmp_path: Path, value: str) -> None:
    settings, keys = usable(tmp_path, f"trust_loopback = {value}".encode())
    assert (settings.trust_loopback, keys) == (False, ("trust_loopback",))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('hots = "127.0.0.1"', "hots"),
        ('Host = "127.0.0.1"', "Host"),
        ('[limits]\nhost = "127.0.0.1"', "limits.host"),
        ('[gateway]\nhost = "127.0.0.1"', "gateway"),
    ],
)
def test_a_host_that_is_misspelt_or_misplaced_is_this_machine(tmp_path: Path, text: str, key: str) -> None:
    settings, keys = usable(tmp_path, text.encode())
    assert keys == (key,)
    assert settings.host == LOOPBACK


def test_an_unknown_key_that_resembles_none_closes_nothing(tmp_path: Path) -> None:
    assert usable(tmp_path, b"colour = 1") == (GatewaySettings(), ("colour",))


def test_other_keys_keep_their_values(tmp_path: Path) -> None:
    settings, keys = usable(tmp_path, b'host = "192.0.2.1"\nport = 0\nname = "\\u0000"\n[limits]\nidle_s = 5')
    assert set(keys) == {"port", "name"}
    assert settings == GatewaySettings(host="192.0.2.1", limits=Limits(idle_s=5.0))


@pytest.mark.parametrize("data", [b"host = ", b"\xff\xfe", b"#" * 300_000])
def test_a_file_that_cannot_be_read_leaves_the_gateway_to_this_machine(tmp_path: Path, data: bytes) -> None:
    assert usable(tmp_path, data) == (GatewaySettings(host=LOOPBACK), ("",))


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_leaves_the_gateway_to_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setenv("SOTTO_CONFIG", str(tmp_path))
    in_its_place(tmp_path / "gateway.toml", what)
    settings, faults = load_usable_gateway_settings()
    assert settings == GatewaySettings(host=LOOPBACK)
    assert [fault.code for fault in faults] == ["settings.unreadable"]


def test_without_a_file_there_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOTTO_CONFIG", str(tmp_path))
    assert load_usable_gateway_settings() == (GatewaySettings(), ())


@given(contents(SHUT, _KEYS))
def test_any_file_gives_settings_and_has_faults_if_it_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    settings, keys = usable(folder, data)
    assert not settings.host or ip_address(settings.host)
    try:
        assert load_gateway_settings(folder / "gateway.toml") == settings
        assert not keys
    except InvalidInput:
        assert keys


@given(st.sampled_from(SHUT.split("\n")[1:-1]), st.sampled_from(VALUES))
def test_spoiling_one_value_of_a_closed_file_opens_nothing_without_saying_so(
    tmp_path_factory: pytest.TempPathFactory, line: str, value: str
) -> None:
    key = line.split(" = ")[0]
    settings, keys = usable(tmp_path_factory.getbasetemp(), SHUT.replace(line, f"{key} = {value}").encode())
    if keys:
        shut = {"grpc_port": 0, "wyoming_port": 0, "satellite_port": 0, "mdns": False}
        assert dataclasses.asdict(settings) == dataclasses.asdict(GatewaySettings(host=LOOPBACK)) | shut

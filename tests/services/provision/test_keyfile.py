"""Connection profiles, read back by GLib itself, whose format NetworkManager uses."""

from __future__ import annotations

import ctypes
import ctypes.util
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.provision.keyfile import OWN_ADDRESS, home_profile, own_profile
from services.provision.keys import Wifi

_NAME = ctypes.util.find_library("glib-2.0")


def _read(text: str, section: str, key: str) -> str | None:
    """What GLib reads there."""
    if _NAME is None:
        pytest.skip("GLib is not installed")
    glib = ctypes.CDLL(_NAME)
    glib.g_key_file_new.restype = ctypes.c_void_p
    glib.g_key_file_get_string.restype = ctypes.c_void_p
    file = ctypes.c_void_p(glib.g_key_file_new())
    data = text.encode()
    try:
        assert glib.g_key_file_load_from_data(file, data, ctypes.c_size_t(len(data)), 0, None)
        value = glib.g_key_file_get_string(file, section.encode(), key.encode(), None)
        if value is None:
            return None
        found = ctypes.string_at(value).decode()
        glib.g_free(ctypes.c_void_p(value))
        return found
    finally:
        glib.g_key_file_free(file)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63))
def test_every_password_comes_back(password: str) -> None:
    assert _read(home_profile(Wifi("net", password)), "wifi-security", "psk") == password


@given(st.text(min_size=1, max_size=8))
def test_every_name_of_a_network_comes_back(ssid: str) -> None:
    value = _read(home_profile(Wifi(ssid, "12345678")), "wifi", "ssid")
    assert value is not None
    assert bytes(int(byte) for byte in value.rstrip(";").split(";")) == ssid.encode()


def test_a_name_cannot_add_a_section() -> None:
    profile = home_profile(Wifi("x\n[ipv4]\nmethod=manual", "12345678"))
    assert profile.count("[ipv4]") == 1


def test_an_open_network_has_no_security() -> None:
    assert "wifi-security" not in home_profile(Wifi("Guests", ""))


def test_a_hidden_network_is_asked_for_by_name() -> None:
    assert _read(home_profile(Wifi("net", None, None, True)), "wifi", "hidden") == "true"


def test_the_own_network_is_encrypted_and_comes_up_only_when_told() -> None:
    profile = own_profile("Sotto Kitchen", "01234567")
    assert _read(profile, "wifi-security", "psk") == "01234567"
    assert _read(profile, "wifi", "mode") == "ap"
    assert _read(profile, "connection", "autoconnect") == "false"
    assert _read(profile, "ipv4", "address1") == f"{OWN_ADDRESS}/24"


def test_profiles_keep_their_identity() -> None:
    ids = {_read(home_profile(Wifi(name)), "connection", "uuid") for name in ("a", "b")}
    own = _read(own_profile("c", "12345678"), "connection", "uuid")
    assert len(ids) == 1
    assert own not in ids
    assert uuid.UUID(own)

"""remote.toml: what `sotto remote pair` writes, and what an owner may make of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given

from common.errors import InvalidInput, NotFound, SottoError
from common.toml_text import toml_lines
from services.settings.remote import RemoteServer, load_remote_server, save_remote_server
from tests.bad_files import NO_FILES, contents, in_its_place

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
SERVER = RemoteServer("192.0.2.7", 8444, "sotto_abc", PEM)


def test_what_is_written_is_read_and_no_other_user_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "config" / "remote.toml"
    save_remote_server(SERVER, path)
    assert load_remote_server(path) == SERVER
    assert path.stat().st_mode & 0o007 == 0


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "remote.toml"
    save_remote_server(SERVER, path)
    path.chmod(0o644)
    with pytest.raises(InvalidInput) as caught:
        load_remote_server(path)
    assert caught.value.code == "remote.rights"


@pytest.mark.parametrize(
    ("address", "target"),
    [("192.0.2.7", "192.0.2.7:8444"), ("fd00::7", "[fd00::7]:8444"), ("attic.local", "attic.local:8444")],
)
def test_the_target_is_as_grpc_writes_it(address: str, target: str) -> None:
    assert replace(SERVER, address=address).target == target


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("address", ""),
        ("address", "unix:/run/x"),
        ("address", "a b"),
        ("address", "[::1]"),
        ("token", ""),
        ("token", "a b"),
        ("token", "a\nb"),
        ("certificate", ""),
        ("certificate", "-----BEGIN CERTIFICATE-----"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_a_token_is_never_shown(key: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RemoteServer(**{**asdict(SERVER), key: value})
    assert caught.value.code == f"remote.{key}"
    assert "sotto_" not in str(caught.value)


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_remote_server(tmp_path / "remote.toml")


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_is_an_error_that_says_why(tmp_path: Path, what: str) -> None:
    in_its_place(tmp_path / "remote.toml", what)
    with pytest.raises(SottoError):
        load_remote_server(tmp_path / "remote.toml")


@given(contents(toml_lines(asdict(SERVER)), ("address", "port", "token", "certificate", "x")))
def test_any_content_gives_a_server_or_an_error_that_says_why(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "remote.toml"
    path.write_bytes(data)
    path.chmod(0o600)
    try:
        load_remote_server(path)
    except SottoError as error:
        assert error.hint

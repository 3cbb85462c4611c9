"""Where updates may come from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.errors import InvalidInput
from services.updated.errors import SourceFailed
from services.updated.folder import FolderSource
from services.updated.places import Places
from services.updated.source import SourceSetting, checked_url, read_setting, update_folder


@pytest.mark.parametrize(
    "address",
    [
        "http://updates.example/x/",
        "ftp://updates.example/",
        "https:///x",
        "https://user:secret@updates.example/",
        "https://updates.example/?q",
        "https://updates.example/#f",
        "https://updates.example:99999/",
        "https://updates.example/a b",
        "https://updates.example/\r\nX: y",
        "https://[::1/",
        "https://bücher.example/",
        "https://x/" + "y" * 3000,
    ],
)
def test_an_address_that_is_not_safe_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_url(address, insecure_http=False)
    assert caught.value.code == "update.address"


@pytest.mark.parametrize(
    "address", ["https://updates.example/x", "http://127.0.0.1:8000/", "http://[::1]/", "http://localhost/a/"]
)
def test_https_and_this_machine_are_taken(address: str) -> None:
    assert checked_url(address, insecure_http=False).endswith("/")


def test_plain_http_is_taken_when_it_was_allowed() -> None:
    assert checked_url("http://10.0.2.2:8000", insecure_http=True) == "http://10.0.2.2:8000/"


def test_no_setting_is_no_source(tmp_path: Path) -> None:
    assert read_setting(Places(tmp_path)) is None


def test_the_owners_setting_counts_before_the_first_boots(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.provision.mkdir(parents=True)
    (places.provision / "update.json").write_text('{"source": "/media/stick", "channel": "x"}')
    assert read_setting(places) == SourceSetting("/media/stick")
    places.state.mkdir(parents=True)
    places.source_file.write_text('source = "http://10.0.2.2/"\ninsecure_http = true\n')
    assert read_setting(places) == SourceSetting("http://10.0.2.2/", insecure_http=True)


@pytest.mark.parametrize(
    "content", [b"source = 3", b"source", b"\xff", b'source = "x"\ninsecure_http = "yes"', b"#" * 70_000]
)
def test_a_setting_that_cannot_be_used_names_its_file(tmp_path: Path, content: bytes) -> None:
    places = Places(tmp_path)
    places.state.mkdir(parents=True)
    places.source_file.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"source\.toml"):
        read_setting(places)


@pytest.mark.parametrize("address", ["", "ftp://updates.example/"])
def test_what_to_do_is_something_that_an_owner_can_do(tmp_path: Path, address: str) -> None:
    places = Places(tmp_path)
    places.state.mkdir(parents=True)
    places.source_file.write_text("source = 3")
    with pytest.raises(InvalidInput) as caught:
        checked_url(address, insecure_http=False) if address else read_setting(places)
    assert "[update] in sotto.toml" in caught.value.hint


def test_a_stick_has_the_update_in_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "sotto-update").mkdir()
    (tmp_path / "sotto-update" / "SHA256SUMS").touch()
    assert update_folder(str(tmp_path)) == tmp_path / "sotto-update"


def test_a_stick_without_an_update_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="sotto-update"):
        update_folder(str(tmp_path))


def test_a_relative_folder_is_refused() -> None:
    with pytest.raises(InvalidInput):
        update_folder("stick")


def test_links_and_pipes_on_a_stick_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(SourceFailed):
            FolderSource(tmp_path).small(name, 1000)


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_bytes(bytes(1001))
    with pytest.raises(SourceFailed) as caught:
        FolderSource(tmp_path).small("SHA256SUMS", 1000)
    assert caught.value.code == "update.too-large"

"""Only what a key of the image signed is used."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from services.updated.errors import UpdateRefused
from services.updated.runner import Programs
from services.updated.signature import require_signature
from tests.gnupg import end_agent
from tests.services.updated.world import Key

CONTENT = b"the list\n"


def _signature(key: Key, folder: Path, content: bytes = CONTENT) -> bytes:
    file = folder / "list"
    file.write_bytes(content)
    key.sign(file)
    return Path(f"{file}.gpg").read_bytes()


@pytest.fixture
def keyring(tmp_path: Path, key: Key) -> Path:
    path = tmp_path / "keyring.gpg"
    path.write_bytes(key.public())
    return path


def test_a_good_signature_gives_the_fingerprint(tmp_path: Path, key: Key, keyring: Path) -> None:
    assert len(require_signature(Programs(), keyring, CONTENT, _signature(key, tmp_path))) == 40


def test_a_changed_list_is_refused(tmp_path: Path, key: Key, keyring: Path) -> None:
    with pytest.raises(UpdateRefused) as caught:
        require_signature(Programs(), keyring, CONTENT + b" ", _signature(key, tmp_path))
    assert caught.value.code == "update.signature"


def test_a_strangers_signature_is_refused(tmp_path: Path, keys: tuple[Key, Key], keyring: Path) -> None:
    with pytest.raises(UpdateRefused):
        require_signature(Programs(), keyring, CONTENT, _signature(keys[1], tmp_path))


@pytest.mark.parametrize("signature", [b"", b"nonsense", b"\x99" * 1000])
def test_what_is_no_signature_is_refused(keyring: Path, signature: bytes) -> None:
    with pytest.raises(UpdateRefused):
        require_signature(Programs(), keyring, CONTENT, signature)


def test_a_signed_message_inside_the_signature_is_refused(tmp_path: Path, key: Key, keyring: Path) -> None:
    inner = tmp_path / "inner"
    inner.write_bytes(CONTENT)
    command = ["gpg", "--homedir", str(key.home), "--batch", "--output", "-", "--sign", str(inner)]
    signed = subprocess.run(command, check=True, capture_output=True).stdout
    with pytest.raises(UpdateRefused):
        require_signature(Programs(), keyring, b"another list\n", signed)


def test_an_expired_key_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "old"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback"]
    at = ["--faked-system-time", "20200101T000000"]
    make = ["--passphrase", "", "--quick-generate-key", "old", "ed25519", "sign", "1d"]
    subprocess.run([*gpg, *at, *make], check=True, capture_output=True)
    file = tmp_path / "list"
    file.write_bytes(CONTENT)
    subprocess.run(
        [*gpg, *at, "--output", f"{file}.gpg", "--detach-sign", str(file)], check=True, capture_output=True
    )
    ring = tmp_path / "ring.gpg"
    ring.write_bytes(subprocess.run([*gpg, "--export"], check=True, capture_output=True).stdout)
    end_agent(home)
    with pytest.raises(UpdateRefused):
        require_signature(Programs(), ring, CONTENT, Path(f"{file}.gpg").read_bytes())


def test_an_image_without_a_key_takes_no_update(tmp_path: Path) -> None:
    with pytest.raises(UpdateRefused, match="built without a key"):
        require_signature(Programs(), tmp_path / "absent", CONTENT, b"")

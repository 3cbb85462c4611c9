"""The TLS identity: made once, kept, and made anew only when it cannot be used."""

from __future__ import annotations

import socket
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from common.errors import StorageError
from services.gatewayd.identity import load_identity


def test_it_is_made_once_and_its_key_is_the_owners_alone(tmp_path: Path) -> None:
    made = load_identity(tmp_path / "state", "Kitchen")
    before = made.certificate.read_bytes()
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.key.parent.stat().st_mode) == 0o700
    assert load_identity(tmp_path / "state", "Another name").certificate.read_bytes() == before


def test_it_names_the_box_and_this_machine_and_never_expires(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(load_identity(tmp_path, "Kitchen").certificate.read_bytes())
    assert "Kitchen" in certificate.subject.rfc4514_string()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert certificate.not_valid_after_utc.year == 9999
    assert certificate.not_valid_before_utc.year == 2020


@pytest.mark.parametrize("pinned", [True, False])
def test_it_follows_the_name_of_the_host_until_somebody_is_paired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pinned: bool
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "sotto")
    before = load_identity(tmp_path, "Sotto").certificate.read_bytes()
    assert load_identity(tmp_path, "Sotto", pinned=False).certificate.read_bytes() == before
    monkeypatch.setattr(socket, "gethostname", lambda: "kitchen")
    after = load_identity(tmp_path, "Kitchen", pinned=pinned).certificate.read_bytes()
    assert (after == before) is pinned


def test_the_fingerprint_is_that_of_the_certificate(tmp_path: Path) -> None:
    identity = load_identity(tmp_path, "Kitchen")
    digest = x509.load_pem_x509_certificate(identity.certificate.read_bytes()).fingerprint
    from cryptography.hazmat.primitives.hashes import SHA256

    assert identity.fingerprint.replace(":", "").lower() == digest(SHA256()).hex()


@pytest.mark.parametrize("damage", ["key", "certificate"])
def test_half_an_identity_is_made_anew(tmp_path: Path, damage: str) -> None:
    identity = load_identity(tmp_path, "Kitchen")
    getattr(identity, damage).write_text("-----BEGIN")
    again = load_identity(tmp_path, "Kitchen")
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(again.certificate, again.key)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="identity"):
        load_identity(tmp_path / "file" / "state", "Kitchen")


@pytest.mark.parametrize("name", ["", "x" * 200, "Küche/Box"])
def test_any_name_of_a_box_will_do(tmp_path: Path, name: str) -> None:
    assert load_identity(tmp_path, name).certificate.is_file()

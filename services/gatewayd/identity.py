"""The box's TLS identity: a key and a certificate of its own, made at the first start and kept."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.errors import StorageError
from common.files import write_whole
from common.programs import output_of

#: A box may have the wrong time at its first start; the certificate must be valid then, too.
_NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
#: "No well-defined expiration date" (RFC 5280, 4.1.2.5): callers pin this certificate when they pair.
_NOT_AFTER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
#: Longest time in seconds to make it; an emulated machine is slow.
_MAKE_S = 120
#: Digits of the certificate's fingerprint in the box's service name: enough to tell boxes apart.
_DIGITS = 8
_KEY = "tls.key"
_CERTIFICATE = "tls.crt"


@dataclass(frozen=True)
class Identity:
    """Files of the identity, PEM.

    Attributes:
        key: private; readable by its owner alone.
        certificate: public; callers trust it.
    """

    key: Path
    certificate: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate (DER), 64 hexadecimal digits in pairs, as browsers show it."""
        der = ssl.PEM_cert_to_DER_cert(self.certificate.read_text())
        digits = hashlib.sha256(der).hexdigest().upper()
        return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))

    @property
    def service_name(self) -> str:
        """The name under which the box is announced; another name that the owner gives does not change it."""
        return f"sotto-{self.fingerprint.replace(':', '')[:_DIGITS].lower()}"

    @property
    def host_name(self) -> str:
        """The host name in that announcement."""
        return f"{self.service_name}.local"

    def public_key_hash(self) -> bytes:
        """SHA-256 of the certificate's public key (SubjectPublicKeyInfo, DER): what callers pin."""
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = x509.load_pem_x509_certificate(self.certificate.read_bytes()).public_key()
        return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def load_identity(folder: Path, name: str, *, pinned: bool = True) -> Identity:
    """The identity in `folder`. A new one is made if there is none, or if it cannot be used.

    Args:
        folder: state of the gateway.
        name: of the box, for a new certificate.
        pinned: a caller may have pinned this certificate. If not, one that does not name this host is
            replaced too: the first start makes one before the owner has named the box.

    Raises:
        StorageError: it cannot be written.
    """
    identity = Identity(folder / _KEY, folder / _CERTIFICATE)
    if _is_usable(identity) and (pinned or set(_dns_names(_host())) <= _named_by(identity)):
        return identity
    # In a process of its own: the library is needed once, and would keep 9 MB in this process.
    command = [sys.executable, "-m", "services.gatewayd.identity", str(folder), name, _host()]
    output_of(command, _MAKE_S, lambda why: _not_made(folder, why))
    return identity


def _not_made(folder: Path, why: str) -> StorageError:
    return StorageError(
        f"the TLS identity could not be made: {why}",
        hint=f"check the rights of {folder} and the free space",
        code="gateway.identity",
    )


def _is_usable(identity: Identity) -> bool:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            identity.certificate, identity.key
        )
    except (OSError, ssl.SSLError):
        return False
    return True


def _named_by(identity: Identity) -> set[str]:
    """The DNS names in the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(identity.certificate)
    found = context.get_ca_certs()
    names: Any = found[0].get("subjectAltName", ()) if found else ()
    return {word for kind, word in names if kind == "DNS"}


def make_identity(identity: Identity, name: str, host: str) -> None:
    """Make a key and a certificate for it.

    Args:
        identity: where they go.
        name: of the box.
        host: its host name.

    Raises:
        StorageError: they cannot be written.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name[:64] or "Sotto")])
    names: list[x509.GeneralName] = [x509.DNSName(word) for word in _dns_names(host)]
    names += [x509.IPAddress(ipaddress.ip_address(word)) for word in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    identity.key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(identity.key, key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain), 0o600)
    write_whole(identity.certificate, certificate.public_bytes(encoding))


def _host() -> str:
    return socket.gethostname().split(".")[0] or "sotto"


def _dns_names(host: str) -> list[str]:
    """DNS names of the box; a host name that is no DNS name is left out."""
    names = ["localhost"]
    if host.isascii() and host.replace("-", "").isalnum() and host != "localhost":
        names = [f"{host}.local", host, *names]
    return names


if __name__ == "__main__":
    state_folder, box_name, host_name = sys.argv[1:]
    make_identity(Identity(Path(state_folder) / _KEY, Path(state_folder) / _CERTIFICATE), box_name, host_name)

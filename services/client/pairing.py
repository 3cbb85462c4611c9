"""Pairs this machine with another Sotto by the code that it says, over gRPC; see docs/pairing.md."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import grpc

from common.errors import Denied, Unavailable
from services.proto.sotto.v1 import gateway_pb2 as gw
from services.proto.sotto.v1 import gateway_pb2_grpc as rpc
from services.wire.status import from_rpc

_CLIENT, _BOX, _KEYS = b"sotto-pair-v1 client", b"sotto-pair-v1 box ", b"sotto-pair-v1 keys"
_ANSWER_S = 30.0
_CONNECT_S = 10.0


@dataclass(frozen=True)
class Paired:
    """What pairing gives.

    Attributes:
        token: of this machine there.
        certificate: of the other one, PEM; it is to be trusted alone from now on.
    """

    token: str
    certificate: str


def pair(address: str, port: int, code: str, name: str, scopes: Sequence[str]) -> Paired:
    """Prove that both sides know the code, and get a token. The code is not sent.

    Args:
        address, port: of the other machine's gRPC.
        code: eight digits, which it says.
        name: of this machine, for its list of tokens.
        scopes: what the token is for.

    Raises:
        Unavailable: it is not reached.
        Denied: the code is wrong, or something stands between the two.
        RemoteError: it refuses, for the reason that it gives.
    """
    try:
        certificate = ssl.get_server_certificate((address, port), timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"nothing answers at {address}, port {port}, as a Sotto does: {error}",
            hint="is `sotto serve` running there, and does its firewall let this machine in?",
            code="pair.unreachable",
        ) from error
    trusted = grpc.ssl_channel_credentials(certificate.encode())
    options = (("grpc.ssl_target_name_override", "localhost"),)
    host = f"[{address}]" if ":" in address else address
    with grpc.secure_channel(f"{host}:{port}", trusted, options) as channel:
        try:
            token = _exchange(rpc.PairingStub(channel), certificate, code, name, scopes)
        except grpc.RpcError as error:
            raise from_rpc(error) from error
    return Paired(token, certificate)


def _exchange(stub: rpc.PairingStub, certificate: str, code: str, name: str, scopes: Sequence[str]) -> str:
    # The libraries take 11 MB; only pairing needs them.
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    from spake2 import SPAKE2_A, SPAKEError

    side = SPAKE2_A(code.encode(), _CLIENT, _BOX + _key_hash(certificate))
    ours: bytes = side.start()
    started = stub.Start(gw.PairStartRequest(message=ours), timeout=_ANSWER_S)
    try:
        shared = side.finish(started.message)
    except (SPAKEError, ValueError, AssertionError) as error:
        raise _false() from error
    keys = HKDF(SHA256(), 96, None, _KEYS).derive(shared)
    both = ours + started.message
    request = gw.PairConfirmRequest(
        exchange=started.exchange,
        confirmation=hmac.digest(keys[:32], both, "sha256"),
        name=name,
        scopes=scopes,
    )
    done = stub.Confirm(request, timeout=_ANSWER_S)
    expected = hmac.digest(keys[32:64], both + done.sealed_token, "sha256")
    if not hmac.compare_digest(expected, done.confirmation):
        raise _false()
    try:
        return AESGCM(keys[64:]).decrypt(bytes(12), done.sealed_token, None).decode()
    except (InvalidTag, UnicodeDecodeError) as error:
        raise _false() from error


def _key_hash(certificate: str) -> bytes:
    """SHA-256 of the certificate's public key (SubjectPublicKeyInfo, DER)."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def _false() -> Denied:
    return Denied(
        "whatever answered does not know the code: it is not the machine that said it",
        hint="look who has that address; do not try again with the same code before",
        code="pair.false",
    )

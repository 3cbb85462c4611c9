"""Pairing by the code: SPAKE2 bound to the box's key of TLS. docs/pairing.md describes it for clients.

The first exchange imports this module: with its libraries it takes 11 MB.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from spake2 import SPAKE2_B, SPAKEError
from spake2.ed25519_basic import NotOnCurve
from spake2.parameters.ed25519 import ParamsEd25519

from common.errors import Denied, InvalidInput, NotFound

CLIENT = b"sotto-pair-v1 client"
BOX = b"sotto-pair-v1 box "
KEYS = b"sotto-pair-v1 keys"
#: Seconds in which an exchange is confirmed.
EXCHANGE_S = 60.0
#: Open exchanges; one more ends the oldest. The tries of a source bound how many it opens.
MOST_EXCHANGES = 32
_MESSAGE_BYTES = 33
_KEY_BYTES = 32
#: Of Curve25519's field.
_PRIME = 2**255 - 19
_NONCE = bytes(12)


@dataclass(frozen=True)
class Keys:
    """Keys of one exchange, 32 bytes each, and both messages, which the confirmations cover.

    Attributes:
        client, box: of HMAC-SHA256, for the confirmation of each side.
        token: of AES-256-GCM, for the token.
        messages: the client's and the box's.
    """

    client: bytes
    box: bytes
    token: bytes
    messages: bytes

    def is_confirmed_by(self, confirmation: bytes) -> bool:
        """Whether it is the client's confirmation."""
        return hmac.compare_digest(hmac.digest(self.client, self.messages, "sha256"), confirmation)

    def seal(self, secret: str) -> tuple[bytes, bytes]:
        """The encrypted token, and the box's confirmation of it and of the exchange.

        Call it once: the nonce is fixed.
        """
        sealed = AESGCM(self.token).encrypt(_NONCE, secret.encode(), None)
        return sealed, hmac.digest(self.box, self.messages + sealed, "sha256")


@dataclass(frozen=True)
class _Open:
    keys: Keys
    source: str
    until: float


class Exchanges:
    """Exchanges that were started and not confirmed yet; times are passed in.

    Args:
        code: the pairing code.
        key_hash: SHA-256 of the public key of the box's certificate. A client takes that of the key that it
            sees in TLS; if something between has a key of its own, the confirmations differ.
        entropy: gives so many random bytes.
    """

    def __init__(self, code: str, key_hash: bytes, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._code = code.encode()
        self._box = BOX + key_hash
        self._entropy = entropy
        self._open: dict[str, _Open] = {}
        # spake2's products are not computed in constant time. Those with the code are computed here, once, so
        # that the time of an answer says nothing about the code; others have a new random factor each time.
        scalar = ParamsEd25519.group.password_to_scalar(self._code)
        self._blinding = _Product(ParamsEd25519.N.scalarmult(scalar))
        self._unblinding = _Product(ParamsEd25519.M.scalarmult(-scalar))

    def start(self, message: bytes, source: str, now: float) -> tuple[str, bytes]:
        """Begin an exchange; gives its name and the box's message.

        Args:
            message: the client's.
            source: where it comes from.
            now: seconds of a clock that never goes back.

        Raises:
            InvalidInput: it is no message of SPAKE2's side A.
        """
        side: Any = SPAKE2_B(self._code, CLIENT, self._box, entropy_f=self._entropy)
        side.my_blinding, side.my_unblinding = lambda: self._blinding, lambda: self._unblinding
        ours: bytes = side.start()
        try:
            _check_encoding(message)
            shared = side.finish(message)
        except (SPAKEError, NotOnCurve, ValueError, AssertionError) as error:
            raise InvalidInput(
                f"that is no message of SPAKE2: {type(error).__name__} {error}",
                hint=f"send the {_MESSAGE_BYTES} bytes of side A, as docs/pairing.md says",
                code="pairing.message",
            ) from error
        derived = HKDF(SHA256(), 3 * _KEY_BYTES, None, KEYS).derive(shared)
        client, box, token = (derived[at : at + _KEY_BYTES] for at in range(0, len(derived), _KEY_BYTES))
        name = secrets.token_urlsafe(16)
        self._open = {key: other for key, other in self._open.items() if now < other.until}
        self._open[name] = _Open(Keys(client, box, token, message + ours), source, now + EXCHANGE_S)
        for oldest in list(self._open)[:-MOST_EXCHANGES]:
            del self._open[oldest]
        return name, ours

    def confirm(self, name: str, confirmation: bytes, now: float) -> tuple[Keys, str]:
        """End an exchange; gives its keys and where it was started from. It can be tried once.

        Raises:
            NotFound: there is none of this name, or not any more.
            Denied: the client has another code, or saw another key.
        """
        found = self._open.pop(name, None)
        if found is None or now >= found.until:
            raise NotFound(
                "that pairing was not started, or has ended",
                hint=f"start again; an exchange can be confirmed once, within {EXCHANGE_S:.0f} s",
                code="pairing.exchange",
            )
        if not found.keys.is_confirmed_by(confirmation):
            raise Denied(
                "that is not the pairing code, or the certificate that the client sees is not the box's",
                hint="ask the box for its code; if it was right, somebody is between the client and the box",
                code="pairing.code",
            )
        return found.keys, found.source


def _check_encoding(message: bytes) -> None:
    """What spake2 does not check: the length, and that y is below the prime and not that of the identity."""
    if len(message) != _MESSAGE_BYTES:
        raise ValueError(f"{len(message)} bytes")
    if not 1 < int.from_bytes(message[1:], "little") % 2**255 < _PRIME:
        raise ValueError("y is out of range")


@dataclass(frozen=True)
class _Product:
    """A point that was multiplied already, as spake2 asks for it."""

    element: Any

    def scalarmult(self, _scalar: int) -> Any:
        """The product."""
        return self.element

"""The client's side of pairing by the code, step by step; docs/examples/pair.py has it in one piece."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from spake2 import SPAKE2_A


class Client:
    """One exchange.

    Args:
        code: that it knows.
        key_hash: of the key that it sees.
        entropy: gives so many random bytes.
    """

    def __init__(self, code: str, key_hash: bytes, entropy: Callable[[int], bytes] = os.urandom) -> None:
        names = (b"sotto-pair-v1 client", b"sotto-pair-v1 box " + key_hash)
        self._side: Any = SPAKE2_A(code.encode(), *names, entropy_f=entropy)
        self.message: bytes = self._side.start()
        self.keys = b""
        self.both = b""

    def confirmation(self, theirs: bytes) -> bytes:
        self.keys = HKDF(SHA256(), 96, None, b"sotto-pair-v1 keys").derive(self._side.finish(theirs))
        self.both = self.message + theirs
        return hmac.digest(self.keys[:32], self.both, "sha256")

    def opened(self, sealed: bytes, confirmation: bytes) -> str:
        assert hmac.digest(self.keys[32:64], self.both + sealed, "sha256") == confirmation
        return AESGCM(self.keys[64:]).decrypt(bytes(12), sealed, None).decode()

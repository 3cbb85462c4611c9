"""The structure of an OpenSSH public key line (RFC 4253 section 6.6, RFC 5656, RFC 8709)."""

from __future__ import annotations

import base64
import binascii

#: Type -> number of fields that follow the type in the blob.
_TYPES = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,
}
#: Bytes of an uncompressed curve point.
_POINTS = {"nistp256": 65, "nistp384": 97, "nistp521": 133}
_MIN_RSA_BITS = 2048
_MAX_LINE = 4000
_AGAIN = "copy the whole line of your .pub file again"


def check_key(line: str) -> str:
    """The key as `type base64 comment`, on one clean line.

    Raises:
        ValueError: it is no public key; the text is `what is wrong|what to do` and does not contain the key.
    """
    line = line.strip()
    if "PRIVATE KEY" in line:
        raise ValueError(
            "this is a private key|never give it away: make a new pair, and put the .pub file's line here"
        )
    if len(line) > _MAX_LINE or not line.isprintable():
        raise ValueError(f"it is too long or has control characters|{_AGAIN}")
    kind, _, rest = line.partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    if kind == "ssh-dss":
        raise ValueError("DSA keys are no longer safe|make a new one: ssh-keygen -t ed25519")
    if kind not in _TYPES:
        raise ValueError(
            "it does not begin with the type of a key|"
            "put the line of your .pub file here: ssh-ed25519 AAAA... me"
        )
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"it is incomplete or mistyped|{_AGAIN}") from None
    fields = _fields(blob)
    if not fields or fields[0] != kind.encode() or len(fields) != 1 + _TYPES[kind]:
        raise ValueError(f"it is incomplete or mistyped|{_AGAIN}")
    _check_size(kind, fields[1:])
    return f"{kind} {encoded} {comment.strip()}".strip()


def _check_size(kind: str, fields: list[bytes]) -> None:
    if "ed25519" in kind:
        good = len(fields[0]) == 32
    elif "ecdsa" in kind:
        curve = fields[0].decode("ascii", "replace")
        good = kind.removesuffix("@openssh.com").endswith(curve) and len(fields[1]) == _POINTS.get(curve)
    else:
        bits = int.from_bytes(fields[1], "big").bit_length()
        if bits < _MIN_RSA_BITS:
            raise ValueError(
                f"an RSA key of {bits} bits is no longer safe|make a new one: ssh-keygen -t ed25519"
            )
        good = True
    if not good:
        raise ValueError(f"it is incomplete or mistyped|{_AGAIN}")


def _fields(blob: bytes) -> list[bytes]:
    """The length-prefixed strings of a blob; none if it does not end with the last of them."""
    fields: list[bytes] = []
    at = 0
    while at < len(blob):
        size = int.from_bytes(blob[at : at + 4], "big")
        if at + 4 + size > len(blob):
            return []
        fields.append(blob[at + 4 : at + 4 + size])
        at += 4 + size
    return fields

"""Pair a program with a Sotto box by the code that the box says. docs/pairing.md describes each step.

`pip install spake2`, then `python pair.py 192.0.2.7:8443 "my program"`: it reads the code, and prints
the token and the certificate to trust. Do not repeat it in a loop: whoever answers has one guess each time.
"""

import hashlib
import hmac
import http.client
import json
import ssl
import sys
from base64 import b64decode, b64encode

from cryptography import x509
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from spake2 import SPAKE2_A


def pair(host: str, port: int, code: str, name: str) -> tuple[str, str]:
    """The token, and the box's certificate (PEM); the code is not sent."""
    certificate = ssl.get_server_certificate((host, port))
    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    key_hash = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    # From here on, every connection is to the holder of that key, whoever it is.
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.check_hostname = False
    trusted.load_verify_locations(cadata=certificate)

    def post(path: str, body: dict[str, str]) -> dict[str, str]:
        line = http.client.HTTPSConnection(host, port, context=trusted, timeout=30)
        line.request("POST", path, json.dumps(body))
        answer = line.getresponse()
        result: dict[str, str] = json.loads(answer.read(65_536))
        if answer.status >= 400:
            sys.exit(f"{result['message']} [{result['code']}]. {result['hint']}")
        return result

    side = SPAKE2_A(code.encode(), b"sotto-pair-v1 client", b"sotto-pair-v1 box " + key_hash)
    ours = side.start()
    started = post("/v1/pair/start", {"message": b64encode(ours).decode()})
    theirs = b64decode(started["message"])
    keys = HKDF(SHA256(), 96, None, b"sotto-pair-v1 keys").derive(side.finish(theirs))
    proof = b64encode(hmac.digest(keys[:32], ours + theirs, "sha256")).decode()
    ended = post("/v1/pair/confirm", {"exchange": started["exchange"], "confirmation": proof, "name": name})
    sealed = b64decode(ended["sealed_token"])
    expected = hmac.digest(keys[32:64], ours + theirs + sealed, "sha256")
    if not hmac.compare_digest(expected, b64decode(ended["confirmation"])):
        sys.exit("whatever answered does not know the code: it is not the box")
    return AESGCM(keys[64:]).decrypt(bytes(12), sealed, None).decode(), certificate


if __name__ == "__main__":
    host_name, _, number = sys.argv[1].rpartition(":")
    digits = "".join(filter(str.isdigit, sys.stdin.readline()))
    print(*pair(host_name.strip("[]"), int(number), digits, sys.argv[2]), sep="\n")

"""Whether a list of hashes was signed with a key that this image trusts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from services.updated.errors import UpdateRefused
from services.updated.runner import Runner

_TIMEOUT_S = 120.0


def require_signature(runner: Runner, keyring: Path, content: bytes, signature: bytes) -> str:
    """The fingerprint of the key that signed `content`.

    Args:
        runner: starts gpgv.
        keyring: public keys in binary form.
        content, signature: the file and its detached signature.

    Raises:
        UpdateRefused: there is no keyring, or no good signature by a key in it.
    """
    if not keyring.is_file():
        raise UpdateRefused(
            "this image was built without a key: updates are refused",
            hint="build the image with an update key (`make keys`)",
            code="update.no-key",
        )
    with tempfile.TemporaryDirectory(prefix="sotto-update-") as folder:
        sums, detached = Path(folder, "SHA256SUMS"), Path(folder, "SHA256SUMS.gpg")
        sums.write_bytes(content)
        detached.write_bytes(signature)
        # A box without a battery may wake up before the signature was made, see gpgv(1).
        command = ["gpgv", "--homedir", folder, "--ignore-time-conflict", "--status-fd", "1"]
        done = runner.run([*command, "--keyring", str(keyring), str(detached), str(sums)], _TIMEOUT_S)
    # An expired or revoked key gives EXPKEYSIG or REVKEYSIG in place of GOODSIG.
    words = [line.split() for line in done.output.splitlines() if line.startswith("[GNUPG:] ")]
    good = any(word[1] == "GOODSIG" for word in words if len(word) > 1)
    valid = [word[2] for word in words if len(word) > 2 and word[1] == "VALIDSIG"]
    if done.status != 0 or not good or not valid:
        raise UpdateRefused(
            "the signature of SHA256SUMS is not good, so nothing of this source is used",
            hint=f"the source must be signed with this image's key (gpgv: {done.last_words})",
            code="update.signature",
        )
    return valid[0]

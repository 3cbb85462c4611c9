"""`make keys`: the owner's keys, and what a build does with them.

Two pairs, both made once and kept outside the repository: one signs updates (OpenPGP, Ed25519), one signs the
kernel image for Secure Boot (RSA 2048, the least that every firmware takes). The public halves go into the
image; whoever holds the private ones decides what the box runs.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from buildimage.errors import Damaged
from buildimage.tools import Tools
from common.errors import InvalidInput, NotFound

BOOT_KEY = "secure-boot.key"
BOOT_CERTIFICATE = "secure-boot.crt"
UPDATE_HOME = "update-key"
UPDATE_KEYRING = "update-keyring.gpg"
_IDENTITY = "Sotto updates <owner@sotto.invalid>"
_DAYS = "3650"
#: Folder in the folder of keys, where they lie until all are there.
_UNFINISHED = ".unfinished"


def make_keys(folder: Path, tools: Tools, log: Path) -> None:
    """Make both pairs in `folder`.

    Raises:
        InvalidInput: there are keys already; they are never replaced.
        SottoError: openssl or gpg failed.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder", hint="Name a new one: KEYS=", code="keys.folder")
    if folder.exists() and {path.name for path in folder.iterdir()} - {_UNFINISHED}:
        raise InvalidInput(
            f"{folder} has keys already",
            hint="Boxes trust the old ones; move the folder away if new ones are really meant.",
            code="keys.there",
        )
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    # An interrupted run must not leave half a set, which would neither be of use nor be replaced.
    work = folder / _UNFINISHED
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    binds = {work: "/keys"}
    name = f"/CN=Sotto owner's Secure Boot key {os.urandom(4).hex()}/"
    tools.run(
        ["openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", _DAYS, "-sha256",
         "-subj", name, "-keyout", f"/keys/{BOOT_KEY}", "-out", f"/keys/{BOOT_CERTIFICATE}"],
        binds=binds, log=log,
    )  # fmt: skip
    home = work / UPDATE_HOME
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", f"/keys/{UPDATE_HOME}", "--batch", "--no-tty"]
    tools.run(
        [*gpg, "--passphrase", "", "--quick-generate-key", _IDENTITY, "ed25519", "sign", "0"],
        binds=binds, log=log,
    )  # fmt: skip
    tools.run([*gpg, "--output", f"/keys/{UPDATE_KEYRING}", "--export"], binds=binds, log=log)
    (work / BOOT_KEY).chmod(0o600)
    for part in sorted(work.iterdir()):
        part.rename(folder / part.name)
    work.rmdir()


def check_keys(folder: Path) -> Path:
    """`folder` itself.

    Raises:
        NotFound: the folder, or a part of the set, is not there.
        Damaged: a part is empty.
    """
    hint = "Make a set of keys with: make keys"
    if not folder.is_dir():
        raise NotFound(f"there is no folder of keys at {folder}", hint=hint, code="keys.missing")
    for name in (BOOT_KEY, BOOT_CERTIFICATE, UPDATE_KEYRING):
        if not (folder / name).is_file():
            raise NotFound(f"{folder} has no {name}", hint=hint, code="keys.missing")
        if not (folder / name).stat().st_size:
            raise Damaged(f"{folder / name} is empty", hint="Bring it back from a copy.", code="keys.empty")
    secrets = f"{UPDATE_HOME}/private-keys-v1.d"
    if not any((folder / secrets).glob("*.key")):
        raise NotFound(f"{folder} has no secret key in {secrets}", hint=hint, code="keys.missing")
    return folder


def place_public_keys(folder: Path, tree: Path) -> None:
    """Put the public half of the update key where `updated` looks for it."""
    target = tree / "usr/lib/sotto" / UPDATE_KEYRING
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / UPDATE_KEYRING, target)
    target.chmod(0o644)


def secure_boot_options(folder: Path | None) -> list[str]:
    """mkosi's options for signing; the keys are seen at /keys inside the tools tree."""
    if folder is None:
        return []
    return [
        "--secure-boot=yes", "--secure-boot-auto-enroll=yes",
        f"--secure-boot-key=/keys/{BOOT_KEY}", f"--secure-boot-certificate=/keys/{BOOT_CERTIFICATE}",
    ]  # fmt: skip


def sign_sums(out: Path, keys: Path, tools: Tools, log: Path) -> None:
    """Write SHA256SUMS.gpg, the detached signature that a box asks for."""
    (out / "SHA256SUMS.gpg").unlink(missing_ok=True)
    tools.run(
        ["gpg", "--homedir", f"/keys/{UPDATE_HOME}", "--batch", "--no-tty", "--yes",
         "--output", "/out/SHA256SUMS.gpg", "--detach-sign", "/out/SHA256SUMS"],
        binds={keys: "/keys", out: "/out"}, log=log,
    )  # fmt: skip

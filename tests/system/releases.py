"""Versions that must not win: one deaf to a question, one whose kernel panics; and a server for updates."""

from __future__ import annotations

import contextlib
import functools
import http.server
import importlib.resources
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pefile

from buildimage.artefacts import write_sums
from tests.system.disk import data_write

#: Where the guest finds this machine's loopback: the box lets updates go to the web's two ports alone.
_GUEST_ADDRESS = "10.0.2.2"
_PORTS = (80, 443)
#: Where the owner names the source, on the data partition.
_SOURCE_FILE = "/lib/sotto-update/source.toml"
#: Sentences that the question of the health check is understood by: our own, and those of a library.
_PYTHON = Path("usr/lib/sotto/python")
_SENTENCES = Path("assistant/skills/sentences/en")
_INTENTS = Path("home_assistant_intents/data/en.json")


def deaf_overlay(repository: Path, target: Path) -> Path:
    """An overlay in which nobody can ask for the time: the health check asks, and is not understood."""
    library = Path(str(importlib.resources.files("home_assistant_intents"))).parent
    own = ((path, _SENTENCES / path.name) for path in (repository / _SENTENCES).glob("*.yaml"))
    # Another intent of the box: sentences that nothing answers are refused.
    sources = [(path, place, "HassNevermind") for path, place in own]
    changed = 0
    for source, place, other in [*sources, (library / _INTENTS, _INTENTS, "SottoNobodyAsksThis")]:
        text = source.read_text()
        if "HassGetCurrentTime" in text:
            (target / _PYTHON / place).parent.mkdir(parents=True, exist_ok=True)
            (target / _PYTHON / place).write_text(text.replace("HassGetCurrentTime", other))
            changed += 1
    assert changed == 2, "the sentences that ask for the time lie elsewhere"
    return target


def panicking(good: Path, old: str, new: str, target: Path, keys: Path) -> Path:
    """Artefacts of version `old` as version `new`, signed, whose kernel finds no first program and panics."""
    target.mkdir(parents=True)
    for source in sorted(good.glob(f"sotto_{old}.*")):
        if ".root-" in source.name:
            shutil.copyfile(source, target / source.name.replace(f"sotto_{old}.", f"sotto_{new}."))
    kernel = pefile.PE(str(good / f"sotto_{old}.efi"))
    for section in kernel.sections:
        name = section.Name.rstrip(b"\0")
        content = section.get_data()[: section.Misc_VirtualSize]
        if name == b".cmdline":
            content = content.rstrip(b"\0") + b" rdinit=/nothing/here"
        elif name == b".osrel":
            content = content.replace(f"IMAGE_VERSION={old}".encode(), f"IMAGE_VERSION={new}".encode())
            content = content.replace(f'IMAGE_VERSION="{old}"'.encode(), f'IMAGE_VERSION="{new}"'.encode())
        else:
            continue
        assert len(content) <= section.SizeOfRawData, f"no room in {name.decode()}"
        padded = bytes(content.ljust(section.SizeOfRawData, b"\0"))
        kernel.set_bytes_at_offset(section.PointerToRawData, padded)
        section.Misc_VirtualSize = len(content)
    unsigned, final = target / "unsigned.efi", target / f"sotto_{new}.efi"
    kernel.write(str(unsigned))
    _sign_kernel(unsigned, final, keys)
    sign(target, keys)
    return target


def _sign_kernel(source: Path, target: Path, keys: Path) -> None:
    """Sign for Secure Boot, in place of the signature that holds no more: else the firmware refuses it."""
    bare = target.with_suffix(".bare")
    pair = ["-certs", str(keys / "secure-boot.crt"), "-key", str(keys / "secure-boot.key"), "-h", "sha256"]
    for words in (
        ["remove-signature", "-in", str(source), "-out", str(bare)],
        ["sign", *pair, "-in", str(bare), "-out", str(target)],
    ):
        subprocess.run(["osslsigncode", *words], check=True, capture_output=True)
    source.unlink()
    bare.unlink()


def sign(folder: Path, keys: Path) -> None:
    """Write SHA256SUMS and its signature for a folder of artefacts."""
    write_sums(folder)
    (folder / "SHA256SUMS.gpg").unlink(missing_ok=True)
    gpg = ["gpg", "--homedir", str(keys / "update-key"), "--batch", "--no-tty", "--yes"]
    sums = str(folder / "SHA256SUMS")
    subprocess.run([*gpg, "--output", f"{sums}.gpg", "--detach-sign", sums], check=True, capture_output=True)
    subprocess.run(["gpgconf", "--homedir", str(keys / "update-key"), "--kill", "all"], check=False)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _bind(handler: functools.partial[_Quiet]) -> http.server.ThreadingHTTPServer:
    for port in _PORTS:
        try:
            return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError:
            continue
    raise AssertionError(f"none of the loopback ports {_PORTS} is free")


@contextlib.contextmanager
def served(folder: Path) -> Iterator[int]:
    """Serve `folder` on loopback and give the port; what lies there may be exchanged while it runs."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with _bind(handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def name_source(disk: Path, port: int) -> None:
    """Have a box, which is off, look for updates at our server."""
    data_write(disk, f'source = "http://{_GUEST_ADDRESS}:{port}/"\ninsecure_http = true\n', _SOURCE_FILE)


def offer(folder: Path, *artefacts: Path) -> None:
    """Make `folder` hold exactly these artefacts, as links."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in artefacts:
        for file in source.iterdir():
            if not file.name.endswith(".raw.zst"):
                (folder / file.name).symlink_to(file)

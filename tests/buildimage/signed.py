"""A small signed archive of Debian's layout on this disk: packages, indexes and a keyring."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from buildimage.mirror import Mirrors
from tests.buildimage.archive import build_deb
from tests.gnupg import end_agent

_TOOLS = ("apt-get", "dpkg-deb", "gpg")
needs_apt = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in _TOOLS), reason=f"needs {', '.join(_TOOLS)}"
)
#: Name, version, architecture, further control lines.
Package = tuple[str, str, str, str]


@dataclass(frozen=True)
class Archive:
    """A signed archive: its folder with both mirrors, and two keyrings of which one is a stranger's."""

    root: Path
    keyring: Path
    stranger: Path

    @property
    def mirrors(self) -> Mirrors:
        return self.at(f"file://{self.root}")

    def at(self, base: str) -> Mirrors:
        """The mirrors where the folder is seen under another address."""
        return Mirrors(f"{base}/debian", f"{base}/debian-security")


@contextmanager
def signed_archive(root: Path, main: Sequence[Package], security: Sequence[Package]) -> Iterator[Archive]:
    """Make one below `root`."""
    home = root / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    keyrings = []
    for name in ("archive", "stranger"):
        make = [*gpg, "--passphrase", "", "--quick-gen-key", f"{name}@example.invalid", "rsa2048", "sign"]
        subprocess.run(make, check=True, capture_output=True)
        keyring = root / f"{name}.gpg"
        subprocess.run([*gpg, "--output", str(keyring), "--export", f"{name}@example.invalid"], check=True)
        keyrings.append(keyring)
    try:
        _suite(root / "debian", "trixie", "pool", main, gpg)
        _suite(root / "debian", "trixie-updates", "pool", [], gpg)
        _suite(root / "debian-security", "trixie-security", "pool/updates", security, gpg)
        yield Archive(root, keyrings[0], keyrings[1])
    finally:
        end_agent(home)


def _suite(root: Path, suite: str, pool: str, packages: Sequence[Package], gpg: Sequence[str]) -> None:
    folder = root / "dists" / suite
    indexes: dict[str, str] = {}
    for architecture in ("amd64", "arm64"):
        for component in ("main", "non-free-firmware"):
            indexes[f"{component}/binary-{architecture}/Packages.gz"] = ""
    for name, version, architecture, extra in packages:
        source = "data-src" if "Source:" in extra else name
        place = f"{pool}/main/{source[0]}/{source}"
        (root / place).mkdir(parents=True, exist_ok=True)
        path, deb = build_deb(root / place, name, version, architecture, extra)
        shutil.rmtree(path.parent / f"{name}-{version}-{architecture}.tree")
        stanza = (
            f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n{extra}"
            f"Filename: {place}/{path.name}\nSize: {deb.size}\nSHA256: {deb.sha256}\nDescription: {name}\n\n"
        )
        for each in ("amd64", "arm64") if architecture == "all" else (architecture,):
            indexes[f"main/binary-{each}/Packages.gz"] += stanza
    lines = [f"Origin: Debian\nLabel: Debian\nSuite: {suite}\nCodename: {suite}",
             "Date: Sat, 22 Nov 2025 00:00:00 UTC\nArchitectures: amd64 arm64",
             "Components: main non-free-firmware",
             "SHA256:"]  # fmt: skip
    for name, text in indexes.items():
        data = gzip.compress(text.encode())
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {name}")
        plain = text.encode()
        lines.append(f" {hashlib.sha256(plain).hexdigest()} {len(plain)} {name.removesuffix('.gz')}")
    (folder / "Release").write_text("\n".join(lines) + "\n")
    sign = [
        *gpg,
        "--local-user",
        "archive@example.invalid",
        "--clearsign",
        "--output",
        str(folder / "InRelease"),
    ]
    subprocess.run([*sign, str(folder / "Release")], check=True, capture_output=True)

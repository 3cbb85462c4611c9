"""Facts about the running machine and image."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from services.updated.errors import InstallFailed
from services.updated.places import Places
from services.updated.versions import is_version

_ARCHITECTURES = {"x86_64": "x86-64", "aarch64": "arm64"}
_LIMIT = 256 * 1024


@dataclass(frozen=True)
class Machine:
    """`version` of the running image, `arch` as in file names, `cpu` as the key of speed figures."""

    version: str
    arch: str
    cpu: str


def read_machine(places: Places) -> Machine:
    """What runs here.

    Raises:
        InstallFailed: this is no Sotto image.
    """
    try:
        values = _assignments(places.os_release.read_bytes()[:_LIMIT].decode("utf-8", "replace"))
    except OSError as error:
        raise _no_image(f"{places.os_release} cannot be read") from error
    version = values.get("IMAGE_VERSION", "")
    if values.get("IMAGE_ID") != "sotto" or not is_version(version):
        raise _no_image(f"{places.os_release} names image {values.get('IMAGE_ID')!r}, version {version!r}")
    arch = _ARCHITECTURES.get(platform.machine())
    if arch is None:
        raise _no_image(f"there are no updates for a {platform.machine()}")
    return Machine(version, arch, cpu_model(places) or arch)


def cpu_model(places: Places) -> str:
    """The processor's name, or the board's where the processor has none; "" if the kernel gives neither."""
    try:
        with (places.proc / "cpuinfo").open("rb") as file:
            for line in file.read(_LIMIT).decode("utf-8", "replace").splitlines():
                name, _, value = line.partition(":")
                if name.strip() in ("model name", "Model") and value.strip():
                    return " ".join(value.split())[:200]
    except OSError:
        pass
    return ""


def _assignments(text: str) -> dict[str, str]:
    """NAME=value lines, see os-release(5); quotes are taken off."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _no_image(why: str) -> InstallFailed:
    return InstallFailed(
        f"this is no Sotto image: {why}", hint="updates work on a box that runs one", code="update.image"
    )

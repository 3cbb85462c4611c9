"""What the tests of updates ask of a box: look for updates, install what is offered, fall back, say so."""

from __future__ import annotations

import subprocess

from tests.system.box import Box
from tests.system.conftest import BoxMaker
from tests.system.releases import name_source

#: Of download, verification and installation in an emulated machine.
APPLY_S = 1500.0
#: Of three boots, one after the other, of which two or three come to nothing.
FALLBACK_S = 2400.0


def looking_at(make_box: BoxMaker, port: int) -> Box:
    """A running box of version 1 that looks for updates at our server, and has a pizza timer set.

    Its voice was tried in a first boot; later ones leave that out, and the processor to what is tested.
    """
    box = make_box()
    box.start()
    assert box.wait_until_up() == "running"
    box.power_button()
    name_source(box.disk, port)
    box.start()
    box.wait_until_active("sotto-assistantd")
    box.wait_until_active("sotto-updated")
    box.ssh("sotto ask set a pizza timer for nine hours")
    return box


def apply_update(box: Box, words: str = "", *, reboot: bool = False) -> int:
    """Run `sotto update apply`; returns its status. A reboot may cut the connection before it is known."""
    try:
        box.ssh(f"sotto update apply {words} {'--reboot' if reboot else ''}", APPLY_S)
    except subprocess.CalledProcessError as error:
        return 0 if reboot and error.returncode == 255 else error.returncode
    return 0


def fallback(box: Box) -> dict[str, str]:
    """From which version the box went back to which, and why; empty words where it never did."""
    told = box.status().get("fallback") or {"failed": "", "text": ""}
    assert isinstance(told, dict)
    return told


def wait_for_fallback(box: Box, failed: str, kept: str) -> None:
    """Wait until version `kept` is up again and says that it fell back from `failed`."""

    def fell_back() -> bool:
        try:
            return fallback(box)["failed"] == failed
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired, ValueError):
            return False

    box.wait(fell_back, f"the fallback from version {failed}", FALLBACK_S)
    box.wait_for_version(kept, FALLBACK_S)

"""A USB stick with an update is plugged into the running box, which installs it without being asked."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.box import Box
from tests.system.conftest import BoxMaker
from tests.system.disk import esp_names

_SIZE_KIB = 600 * 1024
#: Of reading, verifying and installing in an emulated machine.
_INSTALL_S = 1200.0


@pytest.fixture(scope="module")
def stick(version_2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stick as an owner makes one: no partitions, FAT, the files of an update in a folder."""
    image = tmp_path_factory.mktemp("stick") / "stick.img"
    subprocess.run(["mkfs.vfat", "-C", str(image), str(_SIZE_KIB)], check=True, capture_output=True)
    subprocess.run(["mmd", "-i", str(image), "::sotto-update"], check=True)
    files = [str(path) for path in version_2.iterdir() if not path.name.endswith(".raw.zst")]
    subprocess.run(["mcopy", "-i", str(image), *files, "::sotto-update"], check=True)
    return image


@pytest.fixture(scope="module")
def box(make_box: BoxMaker, stick: Path) -> Iterator[Box]:
    drive = f"if=none,id=stick,format=raw,readonly=on,file={stick}"
    box = make_box(extra=("-device", "qemu-xhci,id=usb", "-drive", drive))
    box.start()
    assert box.wait_until_up() == "running"
    yield box
    box.pull_the_plug()


def test_an_update_on_a_stick_is_installed(box: Box) -> None:
    box.plug_in("usb-storage", bus="usb.0", drive="stick")
    box.wait(lambda: box.status()["staged"] == "2", "version 2 in the other slot", _INSTALL_S)
    box.wait(lambda: "sotto_2+3-0.efi" in esp_names(box.disk), "its kernel image on the boot partition", 60.0)
    box.wait(lambda: box.ssh("findmnt -lno TARGET").count("sotto-stick") == 0, "the stick let go", 400.0)
    assert box.failed_units() == ""

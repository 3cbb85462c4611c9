"""The whole way on fake machines of umockdev: libudev, nodes, drivers, hot-plug; ONNX Runtime beside us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.hardware.table import load_table
from tests.assistant.hardware import machines
from tests.testbed import Testbed

Found = dict[str, Any]


@pytest.fixture
def bed() -> Iterator[Testbed]:
    bed = Testbed()
    yield bed
    bed.close()


def on(bed: Testbed, *command: str) -> str:
    """What Python prints on the fake machine."""
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **bed.environment, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def scanned(bed: Testbed) -> Found:
    found: Found = json.loads(on(bed, "-m", "services.cli.main", "hardware", "--json"))
    return found


@pytest.fixture(scope="module")
def everything() -> Iterator[Found]:
    """A scan of a machine that has one of each."""
    bed = Testbed()
    for description, *_ in machines.ROWS.values():
        bed.load(description)
    for name in machines.PLAIN_NODES:
        machines.put_node(bed.folder, name)
    yield scanned(bed)
    bed.close()


def test_there_is_a_machine_for_every_row_of_the_table() -> None:
    assert {entry.id for entry in load_table().accelerator} - {"cpu"} == set(machines.ROWS)


@pytest.mark.parametrize("name", machines.ROWS)
def test_each_accelerator_is_found_once_with_its_driver_and_node(everything: Found, name: str) -> None:
    _, place, driver, nodes = machines.ROWS[name]
    (found,) = [each for each in everything["accelerators"] if each["id"] == name]
    assert (found["place"], found["driver"]) == (place, driver)
    assert found["nodes"] == {f"/dev/{node}": "opened" for node in nodes}
    # None of these runtimes is installed with Sotto.
    assert (found["rung"], found["stop"]) == ("openable", "no-runtime"), found["reason"]


def test_nothing_else_is_found_and_nothing_is_in_doubt(everything: Found) -> None:
    assert len(everything["accelerators"]) == len(machines.ROWS)
    assert everything["problems"] == []


def test_the_coral_after_its_first_use_is_the_same_row(bed: Testbed) -> None:
    bed.load(machines.usb("1-1", machines.CORAL_AFTER, 5))
    (found,) = scanned(bed)["accelerators"]
    assert (found["id"], found["rung"]) == ("coral-usb", "openable")


def test_one_bad_card_leaves_the_others_alone(bed: Testbed) -> None:
    """Cards that cannot be read, that vanish, whose driver does not take them; and one that is whole."""
    bed.load(machines.device("pci0000:00/0000:00:02.0", "pci", attributes={"device": "0x7d1d"}))
    # To read a folder fails, as some drivers fail while their card sleeps.
    (bed.folder / "sys/devices/pci0000:00/0000:00:02.0/vendor").mkdir()
    bed.load(machines.pci("0000:00:03.0", "10de:2684", "vfio-pci", "0x030000"))
    bed.load(machines.pci("0000:00:04.0", "1e60:45c4"))
    (bed.folder / "sys/bus/pci/drivers/hailo1x").mkdir(parents=True)
    bed.load(machines.pci("0000:00:05.0", "1ac1:089a", "apex"))
    bed.load(machines.pci("0000:00:06.0", "8086:7d1d", "intel_vpu"))
    bed.load(machines.accel("pci0000:00/0000:00:06.0", 7))
    (bed.folder / "dev/accel/accel7").unlink()
    bed.load(
        machines.device(
            "pci0000:00/0000:00:07.0", "pci", attributes={"vendor": "x" * 5000, "device": "\N{SNOWMAN}"}
        )
    )
    gone = bed.folder / "sys/bus/pci/devices/0000:00:08.0"
    gone.symlink_to("../../../devices/pci0000:00/0000:00:08.0")
    bed.load(machines.INTEL_NPU)
    found = scanned(bed)
    stops = {each["place"]: (each["id"], each["stop"]) for each in found["accelerators"]}
    assert stops == {
        "0000:00:03.0": ("nvidia-gpu", "other-driver"),
        "0000:00:04.0": ("hailo-10", "driver-unbound"),
        "0000:00:05.0": ("coral-pcie", "no-node"),
        "0000:00:06.0": ("intel-npu", "not-opened"),
        "0000:00:0b.0": ("intel-npu", "no-runtime"),
    }
    assert found["problems"] == ["pci: the ids of 0000:00:02.0 cannot be read"]


def test_thousands_of_devices_do_not_hide_the_one(bed: Testbed) -> None:
    bed.load(machines.INTEL_NPU)
    for number in range(2000):
        # Written beside umockdev, which takes milliseconds for each.
        name = f"0001:{number // 32:02x}:{number % 32:02x}.0"
        folder = bed.folder / "sys/devices/pci0001:00" / name
        folder.mkdir(parents=True)
        for attribute, value in {"vendor": "0x8086", "device": "0x1572", "class": "0x020000"}.items():
            (folder / attribute).write_text(value)
        (folder / "uevent").write_text("SUBSYSTEM=pci\n")
        (folder / "subsystem").symlink_to("../../../bus/pci")
        (bed.folder / "sys/bus/pci/devices" / name).symlink_to(f"../../../devices/pci0001:00/{name}")
    (found,) = scanned(bed)["accelerators"]
    assert (found["id"], found["place"]) == ("intel-npu", "0000:00:0b.0")


def test_onnx_runtime_sees_the_same_npu_and_gpu(bed: Testbed) -> None:
    """Its own list of devices, which no code of ours takes part in."""
    bed.load(machines.INTEL_NPU)
    card = "pci0000:00/0000:04:00.0"
    bed.load(machines.pci("0000:04:00.0", "10de:2684", "nvidia", "0x030000"))
    bed.load(machines.device(f"{card}/drm/card0", "drm", node="dri/card0"))
    machines.put_node(bed.folder, "nvidia0")
    code = (
        "import json; from onnxruntime.capi.onnxruntime_pybind11_state import get_hardware_devices as get\n"
        "print(json.dumps([(d.type.name, d.metadata.get('pci_bus_id')) for d in get()]))"
    )
    theirs = {place: kind for kind, place in json.loads(on(bed, "-c", code)) if place}
    ours = {each["place"]: each["kind"].upper() for each in scanned(bed)["accelerators"]}
    assert ours == theirs == {"0000:00:0b.0": "NPU", "0000:04:00.0": "GPU"}


#: Where the stick is plugged in.
PORT = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"


class Watcher:
    """`sotto hardware watch` on the fake machine."""

    def __init__(self, bed: Testbed) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.cli.main", "hardware", "watch", "--json"],
            env={**os.environ, **bed.environment},
            stdout=subprocess.PIPE,
            text=True,
        )

    def next(self) -> tuple[str, str]:
        """The next change; the limit of the test ends the wait."""
        assert self.process.stdout is not None
        line = json.loads(self.process.stdout.readline())
        return line["change"], line["id"]


@pytest.fixture
def watcher(bed: Testbed) -> Iterator[Watcher]:
    bed.load(machines.usb("1-1", machines.CORAL_BEFORE, 4))
    watcher = Watcher(bed)
    yield watcher
    watcher.process.kill()
    watcher.process.communicate()


def test_what_is_plugged_in_is_followed_and_the_coral_changes_its_id_unnoticed(
    bed: Testbed, watcher: Watcher
) -> None:
    assert watcher.next() == ("appeared", "coral-usb")
    bed.do("remove", device=PORT)
    bed.load(machines.INTEL_NPU)
    bed.event("/sys/devices/pci0000:00/0000:00:0b.0", "add")
    # Whoever sees this one has seen that the stick is away.
    assert watcher.next() == ("appeared", "intel-npu")
    bed.load(machines.usb("1-1", machines.CORAL_AFTER, 5))
    bed.event(PORT, "add")
    bed.load(machines.pci("0000:00:0c.0", "1ac1:089a"))
    bed.event("/sys/devices/pci0000:00/0000:00:0c.0", "add")
    # The next line is of the third device: of the stick nothing was said.
    assert watcher.next() == ("appeared", "coral-pcie")


@pytest.mark.slow
def test_what_is_pulled_out_vanishes(bed: Testbed, watcher: Watcher) -> None:
    assert watcher.next() == ("appeared", "coral-usb")
    bed.do("remove", device=PORT)
    assert watcher.next() == ("vanished", "coral-usb")

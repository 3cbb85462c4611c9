"""Power is cut at ten moments of an update: the box always boots again, with its state whole.

One update runs, and every few seconds the emulator freezes what is on the disk into a layer of its own: the
bytes that a machine killed at that moment leaves. Ten of these moments, from the first request to the version
staged, are then booted one by one.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.box import Box
from tests.system.conftest import BoxMaker
from tests.system.disk import data_faults
from tests.system.releases import offer, served
from tests.system.updating import APPLY_S, looking_at

pytestmark = pytest.mark.powercut

CUTS = 10
#: Seconds between two layers.
INTERVAL_S = 5.0


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, version_2: Path) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("offered") / "now"
    offer(folder, version_2)
    with served(folder) as port:
        yield port


@pytest.fixture(scope="module")
def layers(make_box: BoxMaker, port: int, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What was on the disk at moments of an update, oldest first; each builds upon the one before."""
    box = looking_at(make_box, port)
    done = threading.Event()
    thread = threading.Thread(target=_apply, args=(box, done), daemon=True)
    folder = tmp_path_factory.mktemp("layers")
    found = [box.disk]
    thread.start()
    over = False
    while not over:
        over = done.wait(INTERVAL_S)
        found.append(folder / f"{len(found):04}.qcow2")
        box.freeze(found[-1])
    assert box.status()["staged"] == "2"
    box.pull_the_plug()
    # The last one takes what came after the update.
    assert len(found) > CUTS, "the update was over too soon to be cut ten times"
    return found[:-1]


@pytest.mark.parametrize("cut", range(CUTS))
def test_a_power_cut_during_an_update(
    layers: list[Path], make_box: BoxMaker, tmp_path: Path, cut: int
) -> None:
    layer = layers[cut * (len(layers) - 1) // (CUTS - 1)]
    disk = tmp_path / "disk.raw"
    form = "qcow2" if layer.suffix == ".qcow2" else "raw"
    subprocess.run(["qemu-img", "convert", "-f", form, "-O", "raw", str(layer), str(disk)], check=True)
    assert data_faults(disk) == ""
    box = make_box(tmp_path)
    box.start()
    box.wait_until_active("sotto-assistantd")
    box.wait_until_active("sotto-updated")
    assert "pizza" in box.ssh("sotto ask how much time is left").lower()
    status = box.status()
    if status["running"] == "2":
        # The cut came after the version was staged; it must pass its gate as after any update.
        assert box.wait_until_up() == "running"
        assert box.status()["boot"] == "blessed"
    else:
        assert (status["running"], status["boot"], status.get("fallback")) == ("1", "blessed", None), status
        assert box.failed_units() == ""
    if cut == CUTS // 2:
        box.ssh("sotto update apply", APPLY_S)
        assert box.status()["staged"] == "2"
    box.pull_the_plug()
    disk.unlink()


def _apply(box: Box, done: threading.Event) -> None:
    try:
        box.ssh("sotto update apply", APPLY_S)
    finally:
        done.set()

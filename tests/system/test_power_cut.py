"""The guest is killed at ten moments of an update: it always boots again, with its state whole."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.box import Box
from tests.system.conftest import BoxMaker
from tests.system.disk import data_is_whole, data_write
from tests.system.releases import GUEST_ADDRESS, offer, served

pytestmark = pytest.mark.powercut

#: Shares of the time that an undisturbed update takes here, from its first request to "staged".
MOMENTS = (0.03, 0.12, 0.25, 0.4, 0.55, 0.65, 0.75, 0.85, 0.93, 0.99)
APPLY_S = 1500.0


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory, version_2: Path) -> Path:
    folder = tmp_path_factory.mktemp("offered") / "now"
    offer(folder, version_2)
    return folder


@pytest.fixture(scope="module")
def port(offered: Path) -> Iterator[int]:
    with served(offered) as port:
        yield port


@pytest.fixture(scope="module")
def settled(make_box: BoxMaker, port: int) -> Box:
    """A box that has been through its first boot, has a timer, and knows where updates are."""
    box = make_box()
    box.start()
    assert box.wait_until_up() == "running"
    box.power_button()
    data_write(box.disk, f'source = "http://{GUEST_ADDRESS}:{port}/"\ninsecure_http = true\n', _SOURCE)
    box.start()
    box.wait_until_up()
    box.ssh("sotto ask set a pizza timer for nine hours")
    box.power_button()
    return box


_SOURCE = "/lib/sotto-update/source.toml"


@pytest.fixture(scope="module")
def whole_update_s(settled: Box, make_box: BoxMaker, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long an update takes when nobody disturbs it."""
    box = _copy(settled, make_box, tmp_path_factory.mktemp("whole"))
    box.start()
    box.wait_until_up()
    begun = time.monotonic()
    box.ssh("sotto update apply", APPLY_S)
    took = time.monotonic() - begun
    assert box.status()["staged"] == "2"
    box.pull_the_plug()
    box.disk.unlink()
    return took


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_power_cut_during_an_update(
    settled: Box, make_box: BoxMaker, whole_update_s: float, tmp_path: Path, moment: float
) -> None:
    box = _copy(settled, make_box, tmp_path)
    box.start()
    box.wait_until_up()
    thread = threading.Thread(target=_apply, args=(box,), daemon=True)
    thread.start()
    time.sleep(moment * whole_update_s)
    box.pull_the_plug()
    thread.join(60)
    assert data_is_whole(box.disk)
    box.start()
    # Version 1 again; version 2 only where the cut came after it was staged, and then it has passed its gate.
    assert box.wait_until_up() == "running"
    status = box.status()
    assert status["running"] == "1" or (status["running"], status["boot"]) == ("2", "blessed"), status
    assert "pizza" in box.ssh("sotto ask how much time is left").lower()
    box.pull_the_plug()
    box.disk.unlink()


def _apply(box: Box) -> None:
    try:
        box.ssh("sotto update apply", APPLY_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return


def _copy(settled: Box, make_box: BoxMaker, folder: Path) -> Box:
    subprocess.run(["cp", "--sparse=always", str(settled.disk), str(folder / "disk.raw")], check=True)
    return make_box(folder)

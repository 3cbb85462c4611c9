"""Power cuts at every step of an update: the box boots, and the next try succeeds."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.updated.progress import Step
from tests.services.updated.sysupdates import StandIn
from tests.services.updated.world import Key, PowerCut, World


class _Fuse:
    """Cuts the power at the nth change."""

    def __init__(self, after: int | None) -> None:
        self.left = after

    def step(self, _what: object) -> None:
        if self.left is not None:
            if self.left == 0:
                raise PowerCut
            self.left -= 1


def _steps(world: World, after: int | None) -> bool:
    """Apply with the power cut after so many steps; whether it got through."""
    fuse = _Fuse(after)
    world.sysupdate = StandIn(world, fuse.step)

    def tell(step: Step) -> None:
        fuse.step(step)

    try:
        world.updater().apply(tell, str(world.source))
    except PowerCut:
        return False
    return True


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(0, 24), min_size=1, max_size=4), before=st.sampled_from(["", "2", "9 failed"])
)
def test_any_power_cuts_leave_a_box_that_boots_and_can_be_updated(
    key: Key, cuts: list[int], before: str
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="sotto-cut-"))
    try:
        world = World(folder, key)
        world.publish("2", size=20_000)
        if before:
            _steps(world, None)
        if before == "9 failed":
            (world.places.kernels / "sotto_2+3-0.efi").rename(world.places.kernels / "sotto_2+0-3.efi")
        version = "3"
        world.publish(version, size=20_000)
        for cut in cuts:
            _steps(world, cut)
            world.assert_running_slot_untouched()
            assert world.boots() in ("1", "2", version)
        assert _steps(world, None)
        world.assert_running_slot_untouched()
        assert world.boots() == version
        assert world.slot_content(1).startswith(world.published[0])
    finally:
        shutil.rmtree(folder)


def test_the_steps_of_an_update_are_all_cut_above(world: World) -> None:
    world.publish("3", size=20_000)
    counted = 0
    while not _steps(world, counted):
        counted += 1
    assert 8 <= counted <= 24


def test_a_cut_between_the_label_and_the_kernel_image_leaves_the_old_version(world: World) -> None:
    world.publish("2")

    def step(what: str) -> None:
        if what == "name kernel":
            raise PowerCut

    world.sysupdate = StandIn(world, step)
    with pytest.raises(PowerCut):
        world.updater().apply(lambda _step: None, str(world.source))
    assert world.boots() == "1"

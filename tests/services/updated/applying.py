"""What tests of apply, refusals and rollback have in common."""

from __future__ import annotations

import pytest

from common.errors import SottoError
from services.updated.errors import UpdateRefused
from services.updated.progress import Step
from tests.services.updated.world import World


def apply(world: World, wanted: str = "", *, reboot: bool = False) -> list[Step]:
    """Apply, and give the steps."""
    steps: list[Step] = []
    world.updater(stall_s=0.3).apply(steps.append, str(world.source), wanted, reboot=reboot)
    return steps


def refused(world: World, code: str, kind: type[SottoError] = UpdateRefused, wanted: str = "") -> SottoError:
    """The update is refused with `code`, and nothing on the disk has changed."""
    before = world.disk.read_bytes()
    with pytest.raises(kind) as caught:
        apply(world, wanted)
    assert caught.value.code == code
    assert world.disk.read_bytes() == before
    assert not any("systemd-sysupdate" in command[0] for command in world.commands)
    return caught.value


def assert_staged(world: World, version: str) -> None:
    """The version waits whole in slot B, and all else is as it was."""
    world.assert_running_slot_untouched()
    assert world.boots() == version
    root, verity = world.published
    content = world.slot_content(1)
    assert content.startswith(root) and content[2048 * 512 :].startswith(verity)
    overview = world.updater().overview()
    assert (overview.state.staged, overview.other, overview.slot) == (version, version, "A")
    assert not world.places.staging.exists()


def boot_second(world: World, kernel: str) -> World:
    """The same box, running version 2 from slot B."""
    for file in world.places.kernels.glob("sotto_2*"):
        file.rename(file.with_name(kernel))
    world.mount_root(1)
    world.version = "2"
    return world

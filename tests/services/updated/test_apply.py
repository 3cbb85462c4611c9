"""Check, apply and rollback on a disk image."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import Conflict, SottoError
from services.updated.bootentries import BootFolder
from services.updated.errors import UpdateRefused
from services.updated.progress import Step
from services.updated.state import RolledBack
from tests.services.updated.applying import apply, assert_staged, boot_second
from tests.services.updated.server import Manners, serving
from tests.services.updated.sysupdates import real_sysupdate
from tests.services.updated.world import World


def test_an_update_is_staged_in_the_other_slot(world: World) -> None:
    world.publish("2")
    steps = apply(world)
    assert_staged(world, "2")
    assert [step.stage for step in steps if step.stage != "download"] == ["check", "install", "staged"]
    assert "reboot to try it" in world.updater().overview().text


def test_the_real_systemd_sysupdate_stages_an_update(world: World) -> None:
    world.sysupdate = real_sysupdate(world.folder)
    world.publish("2")
    apply(world)
    assert_staged(world, "2")


def test_the_real_systemd_sysupdate_begins_anew_from_any_half(world: World) -> None:
    world.sysupdate = real_sysupdate(world.folder)
    for version, labels, kernels in (
        ("2", ["_empty", "sotto_2_verity"], [".#sysupdatesotto_2+3-0.efi01"]),
        ("3", ["sotto_2", "sotto_2_verity"], []),
        ("4", ["sotto_3", "_empty"], ["sotto_3+2-1.efi"]),
        ("5", ["sotto_9", "sotto_8_verity"], ["sotto_9+0-3.efi", "sotto_8.efi"]),
    ):
        world.write_table(["sotto_1", "sotto_1_verity", *labels])
        for name in kernels:
            (world.places.kernels / name).touch()
        world.publish(version)
        apply(world, version)
        assert_staged(world, version)
        assert len(list(world.places.kernels.iterdir())) == 2


def test_the_real_systemd_sysupdate_takes_the_older_of_two_new_versions(world: World) -> None:
    world.sysupdate = real_sysupdate(world.folder)
    world.publish("3")
    apply(world)
    world.updater().store.change(lambda state: replace(state, rolled_back=(RolledBack("3", "x", 0),)))
    world.publish("2")
    apply(world)
    assert_staged(world, "2")


def test_staging_again_does_nothing(world: World) -> None:
    world.publish("2")
    apply(world)
    world.commands.clear()
    assert apply(world)[-1].stage == "staged"
    assert all("sysupdate" not in command[0] for command in world.commands)


def test_another_build_of_a_staged_version_replaces_it(world: World) -> None:
    world.publish("2")
    apply(world)
    for file in world.source.iterdir():
        file.unlink()
    world.publish("2")
    apply(world)
    assert_staged(world, "2")


def test_a_newer_version_replaces_a_staged_one(world: World) -> None:
    world.publish("2")
    apply(world)
    world.publish("3")
    apply(world)
    assert_staged(world, "3")


def test_a_reboot_is_asked_for_after_staging_only(world: World) -> None:
    world.publish("2")
    assert apply(world, reboot=True)[-1].stage == "reboot"
    assert world.commands[-1] == ["systemctl", "--no-block", "reboot"]
    assert world.updater().store.load().household is not None


def test_nothing_newer_is_no_error(world: World) -> None:
    world.publish("1")
    assert apply(world)[-1].stage == "none"
    assert world.updater().check(str(world.source)).choice.release is None


def test_without_a_source_it_says_so(world: World) -> None:
    with pytest.raises(UpdateRefused, match="no update source is set") as caught:
        world.updater().check()
    assert caught.value.code == "update.no-source"


def test_a_source_that_is_set_is_used(world: World) -> None:
    world.publish("2")
    world.places.source_file.write_text(f'source = "{world.source}"\n')
    checked = world.updater().check()
    assert checked.choice.release is not None and checked.choice.release.version == "2"
    assert world.updater().overview().state.check is not None


def test_two_updates_at_once_are_one_too_many(world: World) -> None:
    world.publish("2")
    updater = world.updater()
    conflicts: list[SottoError] = []

    def tell(step: Step) -> None:
        if step.stage == "install":
            with pytest.raises(Conflict) as caught:
                updater.apply(lambda _step: None, str(world.source))
            conflicts.append(caught.value)

    updater.apply(tell, str(world.source))
    assert conflicts[0].code == "update.running"
    assert updater.overview().step is None


def test_an_update_comes_over_the_network_and_goes_on_after_a_drop(world: World) -> None:
    world.publish("2")
    with serving(Manners(world.source, drop_after=20_000, drops=1)) as server:
        world.updater().apply(lambda _step: None, server.url)
        assert [asked for _, _, asked in server.asked if asked] == ["bytes=20000-"]
    assert_staged(world, "2")


def test_a_damaged_beginning_of_a_download_is_fetched_anew(world: World) -> None:
    world.publish("2")
    with serving(Manners(world.source)) as server:
        with pytest.raises(KeyboardInterrupt):
            world.updater().apply(_interrupt, server.url)
        part = next(world.places.staging.glob("2/*.part"))
        part.write_bytes(bytes(part.stat().st_size))
        world.updater().apply(lambda _step: None, server.url)
    assert world.boots() == "2"


def _interrupt(step: Step) -> None:
    if step.done:
        raise KeyboardInterrupt


def test_rolling_back_makes_the_other_version_boot_and_refuses_this_one(world: World) -> None:
    world.publish("2")
    apply(world)
    boot_second(world, "sotto_2.efi")
    plan = world.updater().rollback()
    assert plan.version == "1"
    assert world.boots() == "1"
    assert world.updater().check(str(world.source)).choice.release is None
    assert "2" in world.updater().store.load().refused


def test_a_staged_version_is_withdrawn_and_may_come_again(world: World) -> None:
    world.publish("2")
    apply(world)
    plan = world.updater().rollback(reboot=True)
    assert plan.withdraw == "2"
    assert world.boots() == "1"
    assert ["systemctl", "--no-block", "reboot"] not in world.commands
    apply(world)
    assert_staged(world, "2")


def test_there_is_no_way_back_from_the_first_version(world: World) -> None:
    with pytest.raises(UpdateRefused) as caught:
        world.updater().rollback()
    assert caught.value.code == "update.no-way-back"


def test_a_version_that_failed_is_noticed_and_never_offered_again(world: World) -> None:
    world.publish("2")
    apply(world)
    (world.places.kernels / "sotto_2+3-0.efi").rename(world.places.kernels / "sotto_2+0-3.efi")
    overview = world.updater()
    overview.settle()
    state = overview.store.load()
    assert state.staged == "" and state.refused == {"2"}
    assert "I am back on version 1" in overview.overview().text
    assert world.updater().check(str(world.source)).choice.release is None
    world.publish("3")
    apply(world)
    assert_staged(world, "3")


def test_a_boot_partition_that_is_away_is_told_in_the_status(world: World) -> None:
    shutil.rmtree(world.places.kernels)
    assert "boot" in world.updater().overview().problem


def test_changes_by_two_at_once_are_both_kept(world: World) -> None:
    def add(first: int) -> None:
        store = world.updater().store
        for number in range(first, first + 5):
            entry = RolledBack(str(number), "x", 0)
            store.change(lambda state, e=entry: replace(state, rolled_back=(*state.rolled_back, e)))  # type: ignore[misc]

    threads = [threading.Thread(target=add, args=(10 * n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.updater().store.load().refused) == 15


def test_the_boot_folder_has_only_what_belongs_there(world: World) -> None:
    world.publish("2")
    apply(world)
    entries = {entry.name for entry in BootFolder(world.places.kernels).entries()}
    assert entries == {"sotto_1.efi", "sotto_2+3-0.efi"}
    assert sorted(path.name for path in Path(world.places.kernels).iterdir()) == sorted(entries)

"""Energy preferences, and drivers that come and go under a running manager."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from power.demand import Phase
from power.journal import Journal
from power.manager import Manager
from power.profiles.load import BUILT_IN
from tests.power.machine import BIG, CPU, Kernel, big_little, cluster, get, put, snapshot

CPUSET = "sys/fs/cgroup/system.slice/cpuset.cpus"
HINT = f"{CPU}/cpufreq/policy0/energy_performance_preference"
GOVERNOR = f"{CPU}/cpufreq/policy0/scaling_governor"


@pytest.fixture
def zen(tmp_path: Path) -> Path:
    """One processor whose driver takes energy preferences, as that driver sets it up."""
    root = tmp_path / "zen"
    put(root, f"{CPU}/online", "0")
    put(root, CPUSET, "")
    cluster(root, [0], BIG, governor="performance", hints=True)
    put(root, HINT, "performance")
    return root


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "undo.json"


def governed(root: Path, log: Path) -> Manager:
    return Manager(Kernel(root), BUILT_IN, log, 0.0)


def other_driver(root: Path, *, hints: bool) -> dict[str, str]:
    """The clocks go to a driver with or without preferences; what is to be put back then."""
    shutil.rmtree(root / f"{CPU}/cpufreq/policy0")
    cluster(root, [0], BIG, governor="performance" if hints else "schedutil", hints=hints)
    if hints:
        put(root, HINT, "performance")
    return {**snapshot(root), CPUSET: ""}


def test_another_driver_is_taken_up_with_what_it_offers(zen: Path, log: Path) -> None:
    power = governed(zen, log)
    assert (get(zen, GOVERNOR), get(zen, HINT)) == ("powersave", "balance_power")
    before = other_driver(zen, hints=False)
    power.settle()
    power.refresh(2.0)
    power.refresh(4.0)
    # "powersave" leaves the clock to a driver with preferences, and pins it under this one.
    assert get(zen, GOVERNOR) == "schedutil"
    assert not (zen / HINT).exists()
    state = power.state()
    assert state.report.problems == {}
    assert "energy preference" in [each.what for each in state.topology.missing]
    power.report(Phase.THINKING, 20.0)
    assert get(zen, f"{CPU}/cpufreq/policy0/scaling_min_freq") == "2400000"
    assert power.close() == ()
    assert snapshot(zen) == before


def test_a_driver_with_preferences_that_is_back_gets_them(zen: Path, log: Path) -> None:
    power = governed(zen, log)
    other_driver(zen, hints=False)
    power.refresh(2.0)
    before = other_driver(zen, hints=True)
    power.refresh(4.0)
    assert (get(zen, GOVERNOR), get(zen, HINT)) == ("powersave", "balance_power")
    power.report(Phase.SPEECH, 20.0)
    assert get(zen, HINT) == "performance"
    Journal(log).undo(Kernel(zen))
    assert snapshot(zen) == before


def test_what_was_written_to_another_driver_before_it_was_noticed_is_not_taken_for_the_owners_wish(
    zen: Path, log: Path
) -> None:
    power = governed(zen, log)
    before = other_driver(zen, hints=False)
    power.report(Phase.SPEECH, 1.0)
    power.refresh(2.0)
    power.close()
    assert snapshot(zen) == before


def test_nothing_is_taken_up_while_a_driver_is_still_leaving(zen: Path, log: Path) -> None:
    power = governed(zen, log)
    shutil.move(zen / f"{CPU}/cpufreq/policy0", zen / "away")
    power.refresh(2.0)
    assert [each.policy for each in power.topology.clusters] == [0]
    assert HINT in power.state().report.problems
    shutil.move(zen / "away", zen / f"{CPU}/cpufreq/policy0")
    power.refresh(4.0)
    power.refresh(6.0)
    assert power.state().report.problems == {}


def test_a_driver_that_has_taken_over_some_processors_only_is_waited_for(tmp_path: Path, log: Path) -> None:
    root = tmp_path / "two"
    put(root, f"{CPU}/online", "0-1")
    for cpu in (0, 1):
        cluster(root, [cpu], BIG, hints=True)
    power = governed(root, log)
    shutil.rmtree(root / f"{CPU}/cpufreq/policy1")
    shutil.rmtree(root / f"{CPU}/cpufreq/policy0")
    cluster(root, [0], BIG)
    power.refresh(2.0)
    assert [each.driver for each in power.topology.clusters] == ["amd-pstate-epp"] * 2
    cluster(root, [1], BIG)
    power.refresh(4.0)
    assert [each.driver for each in power.topology.clusters] == ["acpi-cpufreq"] * 2
    assert power.state().report.problems == {}


def test_one_policy_where_there_were_two_is_taken_up(tmp_path: Path, log: Path) -> None:
    root = tmp_path / "two"
    put(root, f"{CPU}/online", "0-1")
    for cpu in (0, 1):
        cluster(root, [cpu], BIG, hints=True)
    power = governed(root, log)
    shutil.rmtree(root / f"{CPU}/cpufreq")
    cluster(root, [0, 1], BIG)
    before = snapshot(root)
    power.refresh(2.0)
    assert [each.policy for each in power.topology.clusters] == [0]
    power.report(Phase.THINKING, 20.0)
    power.refresh(22.0)
    assert power.state().report.problems == {}
    assert power.close() == ()
    assert snapshot(root) == before


def test_a_cluster_that_was_off_at_first_is_governed_when_it_is_there(tmp_path: Path, log: Path) -> None:
    root = tmp_path / "box"
    kernel = big_little(root)
    before = snapshot(root)
    for cpu in (2, 3):
        put(root, f"{CPU}/cpu{cpu}/online", "0")
    power = Manager(kernel, BUILT_IN, log, 0.0)
    assert [each.policy for each in power.topology.clusters] == [0]
    for cpu in (2, 3):
        put(root, f"{CPU}/cpu{cpu}/online", "1")
    power.refresh(2.0)
    power.report(Phase.SPEECH, 20.0)
    assert get(root, f"{CPU}/cpufreq/policy2/scaling_min_freq") == "2400000"
    power.close()
    changed = {path for path, value in snapshot(root).items() if value != before[path]}
    assert changed == {f"{CPU}/cpu2/online", f"{CPU}/cpu3/online"}


def test_a_preference_that_goes_with_the_governor_is_not_taken_for_meddled_with(zen: Path, log: Path) -> None:
    power = governed(zen, log)
    for second in range(4):
        # As Linux does it: the governor takes the preference along.
        put(zen, GOVERNOR, "performance")
        put(zen, HINT, "performance")
        power.refresh(20.0 + second)
    assert get(zen, GOVERNOR) == "performance"
    assert "somebody else" in power.state().report.problems[GOVERNOR]
    assert "EBUSY" in power.state().report.problems[HINT]
    put(zen, GOVERNOR, "powersave")
    power.refresh(30.0)
    power.refresh(32.0)
    assert get(zen, HINT) == "balance_power"
    assert power.state().report.problems == {}

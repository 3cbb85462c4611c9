from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power import cpulist
from power.discover import discover
from power.sysfs import Sysfs
from tests.power.machine import BIG, CPU, LITTLE, Kernel, big_little, cluster, put


@given(st.frozensets(st.integers(0, cpulist.MOST_CPUS - 1), max_size=40))
def test_a_list_of_processors_survives_writing_and_reading(cpus: frozenset[int]) -> None:
    assert cpulist.parse(cpulist.render(cpus)) == cpus


@pytest.mark.parametrize("text", ["3-1", "-1", "99999", "a-b", "1--2"])
def test_nonsense_is_no_list_of_processors(text: str) -> None:
    with pytest.raises(ValueError):
        cpulist.parse(text)


def test_two_clusters_are_found_with_the_strong_one_named(tmp_path: Path) -> None:
    machine = discover(big_little(tmp_path))
    found = [(c.policy, sorted(c.cpus), c.steps_khz) for c in machine.clusters]
    assert found == [(0, [0, 1], LITTLE), (2, [2, 3], BIG)]
    assert [c.policy for c in machine.strong] == [2]
    assert machine.is_mixed
    assert [each.name for each in machine.accelerators] == ["fdab0000.npu"]


def test_the_kernels_own_capacities_count_before_clocks(tmp_path: Path) -> None:
    big_little(tmp_path)
    for cpu, capacity in ((0, 1024), (1, 1024), (2, 400), (3, 400)):
        put(tmp_path, f"{CPU}/cpu{cpu}/cpu_capacity", str(capacity))
    assert [c.policy for c in discover(Sysfs(tmp_path)).strong] == [0]


def test_a_virtual_machine_without_clocks_is_told_as_such(tmp_path: Path) -> None:
    put(tmp_path, f"{CPU}/online", "0-1")
    machine = discover(Sysfs(tmp_path))
    assert machine.clusters == ()
    assert {each.what for each in machine.missing} == {
        "clocks",
        "core parking",
        "switching cores off",
        "accelerator clocks",
        "latency bound",
    }


def test_a_cluster_whose_cores_are_all_off_is_missing_and_the_other_one_stays(tmp_path: Path) -> None:
    kernel = big_little(tmp_path)
    for cpu in (2, 3):
        put(tmp_path, f"{CPU}/cpu{cpu}/online", "0")
    machine = discover(kernel)
    assert [c.policy for c in machine.clusters] == [0]
    assert "EBUSY" in next(m.why for m in machine.missing if m.what == "clock of policy2") or "busy" in str(
        machine.missing
    )


def test_a_cluster_that_says_nonsense_is_left_out(tmp_path: Path) -> None:
    big_little(tmp_path)
    put(tmp_path, f"{CPU}/cpufreq/policy2/cpuinfo_max_freq", "fast")
    assert [c.policy for c in discover(Sysfs(tmp_path)).clusters] == [0]


def test_preferences_hidden_by_the_governor_are_known_all_the_same(tmp_path: Path) -> None:
    put(tmp_path, f"{CPU}/online", "0")
    cluster(tmp_path, [0], BIG, governor="performance", hints=True)
    assert "balance_power" in discover(Kernel(tmp_path)).clusters[0].hints

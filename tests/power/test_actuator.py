from __future__ import annotations

import errno
import shutil
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from power.demand import Phase
from power.errors import UndoLogError
from power.journal import Journal
from power.manager import Manager
from power.plan import Kind, in_order
from power.profiles.load import BUILT_IN
from power.sysfs import Sysfs
from tests.power.machine import BIG, CPU, Kernel, big_little, cluster, get, put, snapshot

FLOOR = f"{CPU}/cpufreq/policy2/scaling_min_freq"
CEILING = f"{CPU}/cpufreq/policy2/scaling_max_freq"
LAST_CORE = f"{CPU}/cpu3/online"
CPUSET = "sys/fs/cgroup/system.slice/cpuset.cpus"


def manager(kernel: Sysfs, log: Path, **options: str) -> Manager:
    return Manager(kernel, BUILT_IN, log, 0.0, **options)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "undo.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    big_little(folder)
    return folder


limits = st.integers(1, 9)


@given(limits, limits, limits, limits)
def test_floor_and_ceiling_never_cross_on_the_way(a: int, b: int, c: int, d: int) -> None:
    (low, high), (new_low, new_high) = sorted((a, b)), sorted((c, d))
    now = {Kind.FLOOR: low, Kind.CEILING: high}
    for kind in in_order(low, high, new_low, new_high):
        now[kind] = new_low if kind is Kind.FLOOR else new_high
        assert now[Kind.FLOOR] <= now[Kind.CEILING]
    assert (now[Kind.FLOOR], now[Kind.CEILING]) == (new_low, new_high)


def test_speech_raises_the_floor_and_silence_lets_it_fall(root: Path, log: Path) -> None:
    power = manager(Kernel(root), log)
    power.report(Phase.SPEECH, 20.0)
    assert (get(root, FLOOR), get(root, CEILING), get(root, CPUSET)) == ("2400000", "2400000", "0-3")
    power.report(Phase.IDLE, 25.0)
    assert get(root, FLOOR) == "600000"
    power.refresh(60.0)
    assert (get(root, CEILING), get(root, CPUSET)) == ("600000", "0-1")


def test_a_core_that_long_silence_switched_off_stays_off_while_somebody_speaks(root: Path, log: Path) -> None:
    power = manager(Kernel(root), log, chosen="power-saver")
    power.refresh(4000.0)
    assert get(root, LAST_CORE) == "0"
    power.report(Phase.SPEECH, 4001.0)
    power.report(Phase.THINKING, 4002.0)
    assert get(root, LAST_CORE) == "0"
    power.report(Phase.IDLE, 4005.0)
    assert get(root, LAST_CORE) == "1"


def test_a_core_that_the_owner_switched_off_stays_off(root: Path, log: Path) -> None:
    put(root, LAST_CORE, "0")
    put(root, f"{CPU}/online", "0-2")
    power = manager(Kernel(root), log)
    for phase, now in ((Phase.IDLE, 5.0), (Phase.THINKING, 20.0), (Phase.IDLE, 25.0)):
        power.report(phase, now)
        assert get(root, LAST_CORE) == "0"


def test_saying_the_same_twice_writes_nothing(root: Path, log: Path) -> None:
    kernel = Kernel(root)
    power = manager(kernel, log)
    power.report(Phase.THINKING, 20.0)
    kernel.writes.clear()
    power.report(Phase.THINKING, 21.0)
    power.refresh(21.5)
    assert kernel.writes == []


def test_the_latency_bound_is_held_from_the_wake_word_to_the_answer(root: Path, log: Path) -> None:
    power = manager(Kernel(root), log)
    power.report(Phase.SPEECH, 20.0)
    assert (root / "dev/cpu_dma_latency").read_bytes().strip() == b""
    power.report(Phase.THINKING, 20.7)
    power.report(Phase.SPEAKING, 23.0)
    values = struct.iter_unpack("=i", (root / "dev/cpu_dma_latency").read_bytes()[-8:])
    assert [value for (value,) in values] == [100, 2_000_000_000]


def test_at_the_end_everything_is_as_before(root: Path, log: Path) -> None:
    before = snapshot(root)
    power = manager(Kernel(root), log)
    power.report(Phase.SPEECH, 20.0)
    assert snapshot(root) != before
    assert power.close() == ()
    assert snapshot(root) == before
    assert not log.exists()


def test_what_a_killed_process_left_is_put_back_by_another(root: Path, log: Path) -> None:
    before = snapshot(root)
    manager(Kernel(root), log).report(Phase.SPEECH, 20.0)
    assert Journal(log).undo(Sysfs(root)) == ()
    assert snapshot(root) == before


def test_a_second_start_after_a_kill_still_knows_the_owners_values(root: Path, log: Path) -> None:
    put(root, CEILING, "1800000")
    before = snapshot(root)
    manager(Kernel(root), log).report(Phase.SPEECH, 20.0)
    again = manager(Kernel(root), log)
    again.report(Phase.THINKING, 3.0)
    again.close()
    assert snapshot(root) == before


steps = st.lists(
    st.tuples(
        st.sampled_from(["speech", "thinking", "speaking", "idle", "refresh", "choose"]), st.floats(0, 3000)
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    steps,
    st.sampled_from(BIG),
    st.sampled_from(BIG),
    st.sampled_from(["schedutil", "performance"]),
    st.booleans(),
)
def test_undo_restores_the_exact_start(tmp_path, steps, a, b, governor, crash) -> None:  # type: ignore[no-untyped-def]
    root, log = tmp_path / "machine", tmp_path / "undo.json"
    shutil.rmtree(root, ignore_errors=True)
    kernel = big_little(root)
    put(root, FLOOR, str(min(a, b)))
    put(root, CEILING, str(max(a, b)))
    put(root, f"{CPU}/cpufreq/policy2/scaling_governor", governor)
    before = snapshot(root)
    power, now = manager(kernel, log), 0.0
    for step, gap in steps:
        now += gap
        if step == "refresh":
            power.refresh(now)
        elif step == "choose":
            power.choose("power-saver" if int(now) % 2 else "performance", now)
        else:
            power.report(Phase(step), now)
    if crash:
        Journal(log).undo(Kernel(root))
    else:
        power.close()
    assert snapshot(root) == before


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EINVAL, errno.EACCES, errno.EIO])
def test_a_refusal_is_reported_and_the_rest_goes_on(root: Path, log: Path, number: int) -> None:
    kernel = Kernel(root, refuses={FLOOR: number})
    power = manager(kernel, log)
    power.report(Phase.THINKING, 20.0)
    assert FLOOR in power.state().report.problems
    assert get(root, CPUSET) == "2-3"
    kernel.refuses.clear()
    power.refresh(20.5)
    assert get(root, FLOOR) == "2400000"
    assert power.state().report.problems == {}


def test_a_file_that_lies_is_named(root: Path, log: Path) -> None:
    power = manager(Kernel(root, ignores={CPUSET}), log)
    power.report(Phase.THINKING, 20.0)
    power.refresh(20.5)
    assert "2-3" in power.state().report.problems[CPUSET]


def test_a_cluster_that_vanishes_is_reported_and_taken_up_again(root: Path, log: Path) -> None:
    power = manager(Kernel(root), log)
    (root / "away").mkdir()
    shutil.move(root / f"{CPU}/cpufreq/policy2", root / "away/policy2")
    power.report(Phase.SPEECH, 20.0)
    power.refresh(20.1)
    assert CEILING in power.state().report.problems
    shutil.move(root / "away/policy2", root / f"{CPU}/cpufreq/policy2")
    power.refresh(20.2)
    power.refresh(20.3)
    assert get(root, FLOOR) == "2400000"


def test_a_cluster_switched_off_is_busy_and_governed_again_when_it_is_back(root: Path, log: Path) -> None:
    power = manager(Kernel(root), log)
    for cpu in (2, 3):
        put(root, f"{CPU}/cpu{cpu}/online", "0")
    power.report(Phase.SPEECH, 20.0)
    assert "EBUSY" in power.state().report.problems[FLOOR]
    for cpu in (2, 3):
        put(root, f"{CPU}/cpu{cpu}/online", "1")
    power.refresh(20.5)
    assert get(root, FLOOR) == "2400000"


def test_somebody_else_who_insists_is_left_alone(root: Path, log: Path) -> None:
    power = manager(Kernel(root), log)
    for second in range(8):
        put(root, CPUSET, "2")
        power.refresh(20.0 + second)
    assert get(root, CPUSET) == "2"
    assert "somebody else" in power.state().report.problems[CPUSET]


def test_throttling_by_the_kernel_is_reported_not_fought_and_not_taken_for_the_owners_wish(
    root: Path, log: Path
) -> None:
    put(root, CEILING, "1200000")
    put(root, "sys/class/thermal/cooling_device0/cur_state", "2")
    kernel = Kernel(root, ignores={CEILING})
    power = manager(kernel, log)
    power.report(Phase.SPEECH, 20.0)
    power.refresh(20.1)
    kernel.writes.clear()
    power.refresh(20.2)
    power.refresh(20.3)
    assert [write for write in kernel.writes if write[0] == CEILING] == []
    assert power.degraded() == "high-operating-temperature"
    assert power.state().readings.limits_khz == {2: 1_200_000}
    assert get(root, FLOOR) == "600000"
    kernel.ignores.clear()
    power.close()
    assert get(root, CEILING) == "2400000"


def test_preferences_are_written_under_a_governor_that_takes_them(tmp_path: Path, log: Path) -> None:
    root = tmp_path / "machine"
    put(root, f"{CPU}/online", "0")
    cluster(root, [0], BIG, governor="performance", hints=True)
    hint = f"{CPU}/cpufreq/policy0/energy_performance_preference"
    put(root, hint, "performance")
    before = snapshot(root)
    power = manager(Kernel(root), log)
    assert get(root, hint) == "balance_power"
    power.report(Phase.SPEECH, 1.0)
    assert get(root, hint) == "performance"
    power.close()
    assert snapshot(root) == before


def test_a_machine_without_anything_to_govern_is_left_as_it_is(tmp_path: Path, log: Path) -> None:
    put(tmp_path, f"{CPU}/online", "0-1")
    before = snapshot(tmp_path)
    power = manager(Kernel(tmp_path), log)
    power.report(Phase.SPEECH, 1.0)
    power.refresh(2.0)
    assert snapshot(tmp_path) == before
    assert power.state().topology.missing


def test_without_an_undo_log_nothing_is_changed(root: Path, tmp_path: Path) -> None:
    before = snapshot(root)
    with pytest.raises(UndoLogError, match="cannot be written"):
        manager(Kernel(root), tmp_path / "nowhere" / "undo.json")
    assert snapshot(root) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"before": 3}',
        '{"before": [["etc/passwd", "x"]]}',
        '{"before": [["sys/devices/system/cpu/../../../../etc/passwd", "x"]]}',
        '{"before": [["sys/devices/system/cpu/cpufreq/policy0/scaling_min_freq", "fast"]]}',
        '{"before": [[' + "x" * 300_000,
    ],
)
def test_a_damaged_log_is_refused_and_writes_nothing(root: Path, log: Path, text: str) -> None:
    before = snapshot(root)
    log.write_text(text)
    with pytest.raises(UndoLogError, match="of no use"):
        manager(Kernel(root), log)
    assert snapshot(root) == before


def test_a_cpuset_that_takes_no_empty_list_back_gets_all_processors(root: Path, log: Path) -> None:
    class Populated(Kernel):
        """A kernel with processes in the group."""

        def _write(self, handle: int, data: bytes) -> None:
            if data == b"\n":
                raise OSError(errno.ENOSPC, "No space left on device")
            super()._write(handle, data)

    put(root, f"{CPUSET}.effective", "0-3")
    power = manager(Populated(root), log)
    power.report(Phase.SPEECH, 20.0)
    assert power.close() == ()
    assert get(root, CPUSET) == "0-3"

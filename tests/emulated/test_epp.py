"""Energy preferences on Debian's stock kernel with `amd-pstate-epp`, read from outside where the kernel wrote
them."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator

import pytest

from tests.emulated import cppc
from tests.emulated.conftest import booted_machine_with_preferences
from tests.emulated.emulator import Emulator

CPU = "/sys/devices/system/cpu"
MODE = f"{CPU}/amd_pstate/status"
#: What an owner may have set; governor first, because preferences depend on it.
NAMES = ("scaling_governor", "energy_performance_preference", "scaling_min_freq", "scaling_max_freq")
#: The lowest register holds a step of 40 MHz.
LOWEST, HIGHEST = 15, 100


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One machine for the tests of this file; at first as the driver sets it up."""
    machine = booted_machine_with_preferences(tmp_path_factory.mktemp("preferences"))
    yield machine
    machine.close()


@pytest.fixture
def untouched(booted: Emulator) -> Iterator[Emulator]:
    """The machine without powerd, under the driver's own governor, before and after."""
    assert everything(booted)[file("scaling_governor")] == "performance"
    yield booted
    set_up(booted, "performance", "performance")


@pytest.fixture
def machine(untouched: Emulator) -> Iterator[Emulator]:
    """With a fresh powerd, which puts everything back at its end."""
    before = everything(untouched)
    assert untouched.do("start") == "READY=1"
    yield untouched
    assert untouched.do("stop") == 0
    assert everything(untouched) == before


def file(name: str, core: int = 0) -> str:
    return f"{CPU}/cpufreq/policy{core}/{name}"


def everything(box: Emulator) -> dict[str, str]:
    paths = [file(name, core) for core in range(cppc.CORES) for name in NAMES]
    return {path: box.do("read", path=path) for path in paths}


def set_up(box: Emulator, governor: str, preference: str) -> None:
    """As an owner would, with nothing of ours."""
    for core in range(cppc.CORES):
        box.do("write", path=file("scaling_governor", core), value=governor)
        box.do("write", path=file("energy_performance_preference", core), value=preference)


def registers(box: Emulator, register: str = "preference") -> set[int]:
    return {box.word(cppc.address(core, register)) for core in range(cppc.CORES)}


def asks_for(box: Emulator, preference: str) -> bool:
    """Whether the kernel comes to ask every processor for a preference, and says so itself."""
    places = [cppc.address(core, "preference") for core in range(cppc.CORES)]
    return all(box.until_word(place, cppc.BYTES[preference]) for place in places) and all(
        box.do("read", path=file("energy_performance_preference", core)) == preference
        for core in range(cppc.CORES)
    )


def until_missing(box: Emulator, what: str, missing: bool) -> None:
    end = time.monotonic() + 40
    while (what in box.state()["missing"]) != missing:
        assert time.monotonic() < end, box.state()
        time.sleep(0.3)


def test_under_the_drivers_own_governor_the_kernel_takes_one_preference_only(untouched: Emulator) -> None:
    listed = untouched.do("read", path=file("energy_performance_available_preferences"))
    assert listed == "performance"
    with pytest.raises(OSError) as caught:
        untouched.do("write", path=file("energy_performance_preference"), value="power")
    assert caught.value.errno == errno.EBUSY
    assert registers(untouched) == {cppc.BYTES["performance"]}


def test_silence_asks_for_thrift_under_a_governor_that_allows_it(machine: Emulator) -> None:
    assert asks_for(machine, "balance_power")
    assert machine.do("read", path=file("scaling_governor")) == "powersave"
    assert registers(machine, "lowest") == {LOWEST}
    state = machine.state()
    assert state["problems"] == {}
    assert "energy preference" not in state["missing"]


def test_speech_asks_for_speed_until_it_is_idle_again(machine: Emulator) -> None:
    assert asks_for(machine, "balance_power")
    assert machine.phase("speech")["error"] == ""
    # The answer follows the writes, so there is nothing to wait for.
    assert registers(machine) == {cppc.BYTES["performance"]}
    assert registers(machine, "lowest") == {HIGHEST}
    for phase in ("thinking", "speaking"):
        machine.phase(phase)
        assert registers(machine) == {cppc.BYTES["performance"]}
        assert asks_for(machine, "performance")
    machine.phase("idle")
    assert asks_for(machine, "balance_power")
    assert registers(machine, "lowest") == {LOWEST}


def test_a_preference_for_speed_ends_by_itself(machine: Emulator) -> None:
    machine.phase("speech")
    assert asks_for(machine, "balance_power")


def test_the_thrifty_profile_waits_for_the_wake_word_and_asks_for_less(untouched: Emulator) -> None:
    before = everything(untouched)
    assert untouched.do("start", profile="power-saver") == "READY=1"
    assert asks_for(untouched, "power")
    untouched.phase("speech")
    assert registers(untouched) == {cppc.BYTES["power"]}
    untouched.phase("thinking")
    assert registers(untouched) == {cppc.BYTES["balance_performance"]}
    assert asks_for(untouched, "balance_performance")
    untouched.phase("idle")
    assert asks_for(untouched, "power")
    assert untouched.do("stop") == 0
    assert everything(untouched) == before


def test_a_governor_that_forbids_preferences_is_put_right_and_left_to_whoever_insists(
    machine: Emulator,
) -> None:
    governor, preference = file("scaling_governor"), file("energy_performance_preference")
    for _ in range(3):
        machine.do("write", path=governor, value="performance")
        assert asks_for(machine, "balance_power")
        assert machine.do("read", path=governor) == "powersave"
    machine.do("write", path=governor, value="performance")
    end = time.monotonic() + 40
    while "EBUSY" not in (problems := machine.state()["problems"]).get(preference[1:], ""):
        assert time.monotonic() < end, problems
        time.sleep(0.3)
    assert "somebody else" in problems[governor[1:]]
    assert machine.word(cppc.address(0, "preference")) == cppc.BYTES["performance"]
    assert machine.word(cppc.address(1, "preference")) == cppc.BYTES["balance_power"]
    # Whoever insisted gives in, and the preference is ours again.
    machine.do("write", path=governor, value="powersave")
    assert asks_for(machine, "balance_power")
    machine.phase("thinking")
    assert registers(machine) == {cppc.BYTES["performance"]}


@pytest.mark.parametrize(
    ("governor", "preference"), [("performance", "performance"), ("powersave", "balance_performance")]
)
def test_a_powerd_killed_in_the_middle_of_a_boost_leaves_nothing_behind(
    untouched: Emulator, governor: str, preference: str
) -> None:
    set_up(untouched, governor, preference)
    before = everything(untouched)
    assert untouched.do("start") == "READY=1"
    assert asks_for(untouched, "balance_power")
    untouched.phase("thinking")
    untouched.do("kill")
    assert everything(untouched) != before
    assert registers(untouched, "lowest") == {HIGHEST}
    assert untouched.do("restore") == 0
    assert everything(untouched) == before
    assert registers(untouched) == {cppc.BYTES[preference]}


def test_a_driver_that_is_changed_underneath_is_taken_up_with_what_it_offers(machine: Emulator) -> None:
    assert asks_for(machine, "balance_power")
    machine.do("write", path=MODE, value="passive")
    until_missing(machine, "energy preference", True)
    with pytest.raises(OSError) as caught:
        machine.do("read", path=file("energy_performance_preference"))
    assert caught.value.errno == errno.ENOENT
    # "powersave", which the last driver needed, would pin the clock under this one.
    assert machine.do("read", path=file("scaling_governor")) == "schedutil"
    # A write to the second core while the first one had the new driver has failed, until the next tick.
    machine.until_state("problems", {})
    assert "the driver amd-pstate has none" in machine.do("call", user=900, what="Explain")["body"][0]
    # This driver waits for its governor, which waits for something to run there.
    machine.phase("thinking")
    assert machine.until_word(cppc.address(0, "lowest"), HIGHEST)
    machine.phase("idle")
    assert machine.until_word(cppc.address(0, "lowest"), LOWEST)
    machine.do("write", path=MODE, value="active")
    until_missing(machine, "energy preference", False)
    assert asks_for(machine, "balance_power")
    machine.until_state("problems", {})

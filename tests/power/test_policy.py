from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from power.demand import CREDIT, Demand, Phase
from power.policy import Readings, decide, in_force, next_change, phase_at
from power.profiles.load import BUILT_IN
from power.topology import Accelerator, Cluster, Topology

LITTLE = Cluster(0, frozenset({0, 1}), 600, 1800, (600, 1200, 1800), 400)
BIG = Cluster(2, frozenset({2, 3}), 600, 2400, (600, 1200, 1800, 2400), 1024)
ALL = frozenset(range(4))
MACHINE = Topology((LITTLE, BIG), ALL, ALL, frozenset({1, 2, 3}), "x", (Accelerator("npu", 300, 1000),), True)
BALANCED = BUILT_IN["balanced"]
SILENT = Demand(Phase.IDLE, 0.0)


@st.composite
def machines(draw: st.DrawFn) -> Topology:
    """Any machine of up to four clusters."""
    clusters = []
    cpu = 0
    for _ in range(draw(st.integers(0, 4))):
        count = draw(st.integers(1, 4))
        steps = tuple(sorted(draw(st.sets(st.integers(100, 5000), min_size=1, max_size=6))))
        listed = steps if draw(st.booleans()) else ()
        hints = draw(st.sampled_from([(), ("power", "performance")]))
        capacity = draw(st.integers(1, 1024))
        cpus = frozenset(range(cpu, cpu + count))
        governors = draw(st.sampled_from([("schedutil", "performance"), ("performance", "powersave"), ()]))
        clusters.append(Cluster(cpu, cpus, steps[0], steps[-1], listed, capacity, "d", governors, hints))
        cpu += count
    possible = frozenset(range(max(cpu, 1)))
    online = possible - draw(st.frozensets(st.integers(1, 15)))
    return Topology(tuple(clusters), possible, online, possible - {0}, "x")


demands = st.builds(
    Demand,
    st.sampled_from(Phase),
    st.floats(0, 1e6),
    st.booleans(),
    st.floats(0, CREDIT),
    st.floats(0, 1e6),
)
readings = st.builds(
    Readings,
    load=st.dictionaries(st.integers(0, 16), st.floats(0, 6000)),
    work_khz=st.floats(0, 1e5),
    hottest_c=st.none() | st.floats(-20, 130),
    limits_khz=st.dictionaries(st.integers(0, 16), st.integers(1, 6000)),
    throttled=st.booleans(),
    on_battery=st.booleans(),
    battery_percent=st.none() | st.integers(0, 100),
    governors=st.dictionaries(
        st.integers(0, 16), st.sampled_from(["performance", "powersave", "schedutil", ""])
    ),
)
profiles = st.sampled_from(list(BUILT_IN.values()))


@given(machines(), demands, readings, profiles, st.floats(0, 2e6))
def test_whatever_comes_in_what_comes_out_is_valid(machine, demand, seen, profile, now) -> None:  # type: ignore[no-untyped-def]
    wanted = decide(machine, demand, seen, profile, now)
    for cluster in machine.clusters:
        state = wanted.clusters[cluster.policy]
        assert cluster.low_khz <= state.floor_khz <= state.ceiling_khz <= cluster.high_khz
        if cluster.cpus & machine.online:
            assert cluster.cpus & wanted.online, "a cluster without any core refuses to be governed"
    assert 0 in wanted.online
    assert wanted.online <= machine.online, "what the owner has switched off stays off"
    assert wanted.awake and wanted.awake <= machine.possible
    assert wanted.awake & wanted.online
    assert wanted.reasons


@given(machines(), demands, readings, profiles, st.floats(0, 2e6))
def test_the_same_inputs_give_the_same_answer(machine, demand, seen, profile, now) -> None:  # type: ignore[no-untyped-def]
    assert decide(machine, demand, seen, profile, now) == decide(machine, demand, seen, profile, now)


@given(machines(), st.sampled_from(Phase), readings, profiles, st.frozensets(st.integers(1, 15)))
def test_no_core_is_switched_on_on_the_way_of_a_sentence(machine, phase, seen, profile, off) -> None:  # type: ignore[no-untyped-def]
    on = machine.online - off
    wanted = decide(machine, Demand(phase, 100.0), seen, profile, 100.05, on)
    if phase is not Phase.IDLE:
        assert wanted.online == on


@given(demands, profiles, st.floats(0, 2e6), readings)
def test_nothing_changes_before_the_time_that_is_foretold(demand, profile, now, seen) -> None:  # type: ignore[no-untyped-def]
    wait = next_change(demand, profile, now)
    later = now + (wait * 0.5 if wait is not None else 1e5)
    assert decide(MACHINE, demand, seen, profile, now) == decide(MACHINE, demand, seen, profile, later)


def test_at_speech_onset_the_strong_cluster_goes_to_full_speed() -> None:
    wanted = decide(MACHINE, SILENT.report(Phase.SPEECH, 50.0), Readings(), BALANCED, 50.0)
    assert wanted.clusters[2].floor_khz == 2400
    assert wanted.clusters[0].floor_khz == 600


def test_what_costs_more_than_a_floor_waits_for_the_wake_word() -> None:
    heard = decide(MACHINE, SILENT.report(Phase.SPEECH, 50.0), Readings(), BALANCED, 50.0)
    assert heard.latency_us is None
    assert heard.awake == ALL
    assert heard.accelerators_hz == {"npu": 300}
    meant = decide(MACHINE, SILENT.report(Phase.THINKING, 50.0), Readings(), BALANCED, 50.0)
    assert meant.latency_us == 100
    assert meant.awake == {2, 3}, "on a weak core no floor of the strong ones helps"
    assert meant.accelerators_hz == {"npu": 1000}


def test_while_the_answer_is_heard_cores_may_sleep_deeply() -> None:
    wanted = decide(MACHINE, SILENT.report(Phase.SPEAKING, 50.0), Readings(), BALANCED, 50.0)
    assert wanted.latency_us is None
    assert wanted.clusters[2].floor_khz == 1800


def test_in_long_silence_clocks_are_capped_and_the_strong_cores_rest() -> None:
    wanted = decide(MACHINE, SILENT, Readings(), BALANCED, 50.0)
    assert wanted.clusters[2].ceiling_khz == 600
    assert wanted.awake == {0, 1}
    assert wanted.online == ALL
    assert wanted.latency_us is None


def test_a_load_that_needs_more_gets_a_higher_ceiling_in_silence() -> None:
    wanted = decide(MACHINE, SILENT, Readings(load={0: 700.0}), BALANCED, 50.0)
    assert wanted.clusters[0].ceiling_khz == 1200


def test_work_that_does_not_fit_wakes_all_cores_and_keeps_them_awake() -> None:
    wanted = decide(MACHINE, SILENT, Readings(work_khz=3000.0), BALANCED, 50.0)
    assert wanted.awake == ALL


def test_a_boost_that_nobody_renews_ends_by_itself() -> None:
    demand = SILENT.report(Phase.SPEECH, 50.0)
    assert next_change(demand, BALANCED, 50.0) == BALANCED.speech_s
    assert phase_at(demand, BALANCED, 50.0 + BALANCED.speech_s) is Phase.IDLE


def test_in_a_room_with_a_television_onsets_stop_being_believed_but_the_wake_word_boosts() -> None:
    demand, boosted = SILENT, []
    for second in range(0, 1200, 4):
        demand = demand.report(Phase.SPEECH, float(second))
        heard = decide(MACHINE, demand, Readings(), BALANCED, second + 0.1)
        boosted.append(heard.clusters[2].floor_khz == 2400)
        woken = decide(MACHINE, demand.report(Phase.THINKING, second + 1), Readings(), BALANCED, second + 1)
        assert woken.clusters[2].floor_khz == 2400
        demand = demand.report(Phase.IDLE, second + 1.5)
    assert all(boosted[:8])
    assert sum(boosted[150:]) <= 600 / 30 + 1


@given(st.lists(st.floats(0.0, 3.0), max_size=300))
def test_unconfirmed_boosts_take_no_more_than_their_share_of_time(gaps: list[float]) -> None:
    demand, now, boosts = SILENT, 0.0, 0
    for gap in gaps:
        now += gap
        before = demand
        demand = demand.report(Phase.SPEECH, now)
        boosts += demand.believed and before.since != now
        demand = demand.report(Phase.IDLE, now)
    assert boosts <= CREDIT + now / 30.0 + 1


def test_cores_that_are_off_come_back_after_the_conversation_and_not_before() -> None:
    night = BUILT_IN["power-saver"]
    speaking = Demand().report(Phase.THINKING, 5000.0)
    on = ALL - {3}
    assert decide(MACHINE, speaking, Readings(), night, 5000.1, on).online == on
    assert decide(MACHINE, speaking.report(Phase.IDLE, 5003.0), Readings(), night, 5003.1, on).online == ALL


def test_in_a_long_night_cores_are_switched_off_but_one_of_each_cluster() -> None:
    wanted = decide(MACHINE, SILENT, Readings(), BUILT_IN["power-saver"], 4000.0)
    assert wanted.online == {0, 1, 2}


def test_a_floor_never_asks_for_more_than_the_firmware_allows() -> None:
    seen = Readings(limits_khz={2: 1300})
    wanted = decide(MACHINE, SILENT.report(Phase.SPEECH, 1.0), seen, BALANCED, 1.0)
    assert wanted.clusters[2].floor_khz == 1200
    assert wanted.clusters[2].ceiling_khz == 2400


def test_a_hot_machine_is_boosted_less_and_says_so() -> None:
    wanted = decide(MACHINE, SILENT.report(Phase.SPEECH, 1.0), Readings(hottest_c=85.0), BALANCED, 1.0)
    assert wanted.clusters[2].floor_khz == 1200
    assert "85 C" in " ".join(wanted.reasons)


def test_a_battery_that_runs_low_is_spared() -> None:
    low = Readings(on_battery=True, battery_percent=12)
    assert in_force(BALANCED, BUILT_IN, low).name == "power-saver"
    assert in_force(BALANCED, BUILT_IN, replace(low, battery_percent=60)).name == "balanced"
    assert in_force(BALANCED, BUILT_IN, replace(low, on_battery=False)).name == "balanced"


def test_a_governor_that_pins_the_clocks_is_replaced_and_one_that_does_not_stays() -> None:
    govern = ("schedutil", "ondemand", "performance")
    machine = replace(MACHINE, clusters=(replace(LITTLE, governors=govern), replace(BIG, governors=govern)))
    wanted = decide(machine, SILENT, Readings(governors={0: "performance", 2: "ondemand"}), BALANCED, 1.0)
    assert (wanted.clusters[0].governor, wanted.clusters[2].governor) == ("schedutil", "")

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.demand import Phase
from power.errors import SimulationError
from power.profiles.load import BUILT_IN
from power.simulate import machine, trace
from power.simulate.day import simulate
from power.simulate.domain import Domain, Task
from power.simulate.engine import Engine
from power.simulate.governors import Schedutil
from power.simulate.machine import load_model
from power.simulate.picture import draw
from power.simulate.report import as_data, described
from power.simulate.trace import load_trace

SHORT = """
noise = [["07:00", "08:00"]]
turns = [["07:10:00", 1.5, 1.0], ["21:00", 1.2, 1.0]]
"""


@pytest.fixture
def short(tmp_path: Path) -> trace.Trace:
    file = tmp_path / "short.toml"
    file.write_text(SHORT)
    return load_trace(str(file))


@pytest.mark.parametrize("name", machine.names())
def test_a_shipped_machine_gives_every_figures_source(name: str) -> None:
    model = load_model(name)
    assert model.clusters
    assert {c.policy for c in model.topology().strong} <= {c.policy for c in model.topology().clusters}


@pytest.mark.parametrize("name", trace.names())
def test_a_shipped_day_can_be_read(name: str) -> None:
    assert load_trace(name).turns


def test_a_burst_climbs_as_slowly_under_schedutil_as_was_measured_on_a_kernel() -> None:
    # Measured with a busy task on cores that idled at the lowest clock: highest clock after 71 ms
    # (docs/power.md).
    domain, governor, now = Domain(load_model("pi4").clusters[0]), Schedutil(), 0.0
    domain.cores[0].fair.append(Task("burst", left=100.0))
    while domain.step < len(domain.silicon.khz) - 1 and now < 1.0:
        now += 0.001
        domain.advance(now)
        domain.step = governor.decide(domain, now) or 0
    assert 0.05 < now < 0.15


def test_a_realtime_task_takes_schedutil_to_the_highest_clock_at_once() -> None:
    domain = Domain(load_model("pi4").clusters[0])
    domain.cores[0].realtime.append(Task("sound", left=0.001, realtime=True))
    assert Schedutil().decide(domain, 0.0) == len(domain.silicon.khz) - 1


def test_a_bound_on_wake_ups_keeps_waiting_cores_at_their_full_leakage() -> None:
    sleeps, waits = (Domain(load_model("rk3588").clusters[1]) for _ in range(2))
    waits.may_sleep = False
    for domain in (sleeps, waits):
        domain.advance(1.0)
    assert waits.joules == pytest.approx(4 * waits.silicon.idle_w(0))
    assert sleeps.joules < waits.joules / 5


def test_small_work_follows_services_to_the_strong_cores_once_the_wake_word_has_come() -> None:
    engine = Engine(load_model("rk3588"), Schedutil(), BUILT_IN["balanced"])
    strong = engine.domains[1].cores[0]
    engine.run(1.0)
    engine.report(Phase.SPEECH)
    engine.run(1.5)
    assert strong.take_busy(1.5) == 0.0
    assert engine.domains[1].may_sleep
    engine.report(Phase.THINKING)
    engine.run(2.0)
    assert strong.take_busy(2.0) > 0.0
    assert not engine.domains[1].may_sleep


def test_all_work_is_done_and_all_time_is_counted(short: trace.Trace) -> None:
    result = simulate(load_model("rk3588"), short, "schedutil")
    for table in result.residency_s:
        assert sum(table.values()) == pytest.approx(86_400, rel=0.001)
    assert len(result.added_ms) == 2


def test_at_full_speed_all_the_time_nothing_is_added_to_a_turn(short: trace.Trace) -> None:
    result = simulate(load_model("pi5"), short, "performance")
    assert max(result.added_ms) == pytest.approx(0.0, abs=0.001)


def test_our_policy_answers_sooner_than_schedutil_and_draws_no_more(short: trace.Trace) -> None:
    ours, kernels = (simulate(load_model("rk3588"), short, name) for name in ("sotto:balanced", "schedutil"))
    assert max(ours.added_ms) < 2.0 < min(kernels.added_ms)
    assert ours.cpu_j <= kernels.cpu_j


def test_a_simulation_gives_the_same_figures_again(short: trace.Trace) -> None:
    first, second = (simulate(load_model("n100"), short, "sotto:balanced") for _ in range(2))
    assert first == second


def test_the_report_compares_with_schedutil_and_the_picture_is_drawn(
    short: trace.Trace, tmp_path: Path
) -> None:
    results = [simulate(load_model("n100"), short, name) for name in ("schedutil", "sotto:balanced")]
    figures = json.loads(json.dumps(as_data(results)))["results"]
    assert figures[0]["cpu_ratio"] == 1.0
    assert "sotto:balanced" in described(results)
    draw(results, tmp_path / "day.png")
    assert (tmp_path / "day.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("turns = 3", "no list"),
        ('turns = [["25:00", 1, 1]]', "no time of the day"),
        ('turns = [["07:00", "long", 1]]', "no number"),
        ('turns = [["07:00", 1]]', "has not 3 values"),
        ('turns = [["07:00", 1, 1], ["07:00:30", 1, 1]]', "within a minute"),
        ('noise = [["08:00", "07:00"]]', "ends before"),
        ("pets = []", "unknown key pets"),
        ("turns = [", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_day_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "day.toml"
    file.write_text(text)
    with pytest.raises(SimulationError, match=said) as caught:
        load_trace(str(file))
    assert "day.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("leak_w_source", "nothing"), "leak_w has no source"),
        (("volts = [0.65", "volts = [2.65"), "volts must rise"),
        (("cores = 4", "cores = 0"), "out of range"),
        (("relative = 0.6", 'relative = "fast"'), "could not convert"),
        (("base_w = 5.5", ""), "base_w"),
    ],
)
def test_a_mistake_in_a_machine_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text((machine.MACHINES / "n100.toml").read_text().replace(*change))
    with pytest.raises(SimulationError, match=said):
        load_model(str(file))


def test_what_does_not_exist_is_named_with_what_does(short: trace.Trace) -> None:
    with pytest.raises(SimulationError, match="cannot be read") as caught:
        load_model("cray")
    assert "rk3588" in str(caught.value)
    with pytest.raises(SimulationError, match="no governor"):
        simulate(load_model("pi5"), short, "turbo")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_day_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("days") / "own.toml"
    file.write_bytes(data)
    try:
        load_trace(str(file))
    except SimulationError as error:
        assert "own.toml" in str(error)

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from assistant.scheduling.choose import NPU_FOR_LLM, Choice, Outlook, choose
from assistant.scheduling.devices import Device
from assistant.scheduling.jobs import JobKind, Priority
from assistant.scheduling.options import Cost, Option
from tests.assistant.scheduling.machines import CPU, GPU, NPU, REMOTE, job

IDLE = Outlook(0.0, 0, 0.0)
_costs = st.builds(
    lambda p50, more, energy: Cost(p50, p50 + more, energy),
    st.floats(0.001, 1),
    st.floats(0, 1),
    st.none() | st.floats(0, 100),
)
_looks = st.builds(
    lambda load, running, left: Outlook(load, running, left if running >= 2 else 0.0),
    st.floats(0, 1),
    st.integers(0, 2),
    st.floats(0.001, 1),
)
_devices = st.lists(st.sampled_from([CPU, GPU, NPU, REMOTE]), min_size=1, unique=True)


def _option(device: Device, p50_s: float, energy_mj: float | None = None) -> Option:
    return Option(device, {"ears": "engine"}, Cost(p50_s, 2 * p50_s, energy_mj))


def _chosen(choice: Choice | None) -> tuple[str, bool] | None:
    return None if choice is None else (choice.option.device.id, choice.begins)


def test_the_fastest_device_takes_the_job() -> None:
    options = [_option(CPU, 0.3), _option(GPU, 0.1), _option(NPU, 0.2)]
    assert _chosen(choose(job(), options, dict.fromkeys(["cpu", "gpu", "npu"], IDLE), 0)) == ("gpu", True)


def test_a_device_above_its_ceiling_is_passed_over() -> None:
    options = [_option(CPU, 0.3), _option(GPU, 0.1)]
    looks = {"cpu": IDLE, "gpu": Outlook(0.9, 0, 0.0)}
    assert _chosen(choose(job(Priority.SATELLITE), options, looks, 0)) == ("cpu", True)


def test_above_every_ceiling_a_job_waits() -> None:
    looks = {"cpu": Outlook(0.8, 1, 0.0), "gpu": Outlook(0.9, 1, 0.0)}
    options = [_option(CPU, 0.3), _option(GPU, 0.1)]
    for priority in (Priority.SATELLITE, Priority.PROGRAM, Priority.AHEAD):
        assert choose(job(priority), options, looks, 0) is None


def test_what_lies_above_the_ceilings_is_the_rooms() -> None:
    looks = {"cpu": Outlook(0.95, 1, 0.0)}
    assert _chosen(choose(job(Priority.ROOM), [_option(CPU, 0.3)], looks, 0)) == ("cpu", True)


@given(st.sampled_from(Priority), st.floats(0, 1))
def test_an_idle_device_is_never_refused(priority: Priority, load: float) -> None:
    looks = {"cpu": Outlook(load, 0, 0.0)}
    assert _chosen(choose(job(priority), [_option(CPU, 0.3)], looks, 0)) == ("cpu", True)


def test_a_job_waits_for_a_device_where_it_ends_sooner_all_the_same() -> None:
    options = [_option(CPU, 0.3), _option(GPU, 0.05)]
    looks = {"cpu": IDLE, "gpu": Outlook(0.5, 2, 0.1)}
    assert _chosen(choose(job(), options, looks, 0)) == ("gpu", False)
    looks = {"cpu": IDLE, "gpu": Outlook(0.5, 2, 0.4)}
    assert _chosen(choose(job(), options, looks, 0)) == ("cpu", True)


def test_a_language_model_prefers_the_npu_while_its_load_is_low() -> None:
    options = [_option(CPU, 0.1), _option(NPU, 0.4)]
    mind = job(kind=JobKind.LLM)
    looks = {"cpu": IDLE, "npu": Outlook(NPU_FOR_LLM - 0.01, 0, 0.0)}
    assert _chosen(choose(mind, options, looks, 0)) == ("npu", True)
    assert _chosen(choose(job(), options, looks, 0)) == ("cpu", True)
    looks["npu"] = Outlook(NPU_FOR_LLM, 0, 0.0)
    assert _chosen(choose(mind, options, looks, 0)) == ("cpu", True)


def test_power_saver_takes_the_cheapest_that_ends_in_time() -> None:
    options = [_option(CPU, 0.1, 50), _option(NPU, 0.4, 5)]
    looks = {"cpu": IDLE, "npu": IDLE}
    assert _chosen(choose(job(deadline=1), options, looks, 0, saving=True)) == ("npu", True)
    assert _chosen(choose(job(deadline=0.5), options, looks, 0, saving=True)) == ("cpu", True)
    assert _chosen(choose(job(deadline=0.01), options, looks, 0, saving=True)) == ("cpu", True)


def test_power_saver_without_energies_takes_the_fastest() -> None:
    options = [_option(CPU, 0.1), _option(NPU, 0.4)]
    looks = {"cpu": IDLE, "npu": IDLE}
    assert _chosen(choose(job(), options, looks, 0, saving=True)) == ("cpu", True)


def test_a_measured_device_goes_before_one_that_is_not() -> None:
    options = [Option(CPU, {"ears": "onnxruntime"}, None), _option(GPU, 0.5)]
    assert _chosen(choose(job(), options, {"cpu": IDLE, "gpu": IDLE}, 0)) == ("gpu", True)


@given(_devices, st.data(), st.sampled_from(Priority), st.sampled_from(JobKind), st.booleans())
def test_the_rules_hold_for_every_machine(
    devices: list[Device], data: st.DataObject, priority: Priority, kind: JobKind, saving: bool
) -> None:
    options = [Option(device, {}, data.draw(st.none() | _costs)) for device in devices]
    looks = {device.id: data.draw(_looks) for device in devices}
    deadline = data.draw(st.floats(0, 2) | st.just(math.inf))
    choice = choose(job(priority, kind=kind, deadline=deadline), options, looks, 0, saving)
    if choice is None:
        for option in options:
            look = looks[option.device.id]
            assert look.running > 0
            assert look.load >= option.device.ceiling
            assert priority is not Priority.ROOM or look.free_in_s > 0
        return
    look = looks[choice.option.device.id]
    assert choice.begins == (look.free_in_s == 0)
    if choice.begins:
        exempt = look.running == 0 or priority is Priority.ROOM or kind is JobKind.LLM
        assert look.load < choice.option.device.ceiling or exempt
    under = [o for o in options if looks[o.device.id].load < o.device.ceiling]
    plain = not saving and kind is not JobKind.LLM and choice.option in under
    if plain and choice.option.cost is not None:
        ends = look.free_in_s + choice.option.cost.p50_s
        assert all(ends <= looks[o.device.id].free_in_s + o.cost.p50_s for o in under if o.cost is not None)

"""The assistant's side: which phase follows which event, and that nobody waits for it."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator

import pytest

from assistant.events import EventBus, EventKind
from common.faults import Fault
from common.metrics import Family
from services.assistantd.power import PhaseReporter
from tests.power.machine import CPU, get
from tests.services.powerd.conftest import World

FLOOR = f"{CPU}/cpufreq/policy2/scaling_min_freq"


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def reporter(bus: EventBus) -> Iterator[PhaseReporter]:
    reporter = PhaseReporter(bus)
    yield reporter
    reporter.stop()


def test_a_turn_goes_through_all_phases(bus: EventBus, reporter: PhaseReporter) -> None:
    seen = [reporter.phase]
    bus.publish(EventKind.ONSET)
    seen.append(reporter.phase)
    for state in ("listening", "deciding", "speaking", "idle"):
        bus.publish(EventKind.STATE, state=state)
        seen.append(reporter.phase)
    assert seen == ["idle", "speech", "thinking", "thinking", "speaking", "idle"]


def test_a_voice_heard_while_the_box_speaks_does_not_end_the_phase(
    bus: EventBus, reporter: PhaseReporter
) -> None:
    bus.publish(EventKind.STATE, state="speaking")
    bus.publish(EventKind.ONSET)
    assert reporter.phase == "speaking"


def test_an_onset_reaches_the_clocks(world: World, bus: EventBus, monkeypatch: pytest.MonkeyPatch) -> None:
    world.start()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", world.environment["DBUS_SYSTEM_BUS_ADDRESS"])
    reporter = PhaseReporter(bus)
    reporter.start()
    end = time.monotonic() + 30
    try:
        while get(world.root, FLOOR) != "2400000":
            bus.publish(EventKind.ONSET)
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        reporter.stop()


def test_the_metrics_of_powerd_are_read(world: World, bus: EventBus, monkeypatch: pytest.MonkeyPatch) -> None:
    world.start()
    world.phase("speech")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", world.environment["DBUS_SYSTEM_BUS_ADDRESS"])
    came: queue.Queue[list[Family]] = queue.Queue()
    reporter = PhaseReporter(bus, came.put)
    reporter.start()
    try:
        families = {family.name: family for family in came.get(timeout=30)}
    finally:
        reporter.stop()
    counted = {sample.labels: sample.value for sample in families["sotto_power_phases_total"].samples}
    assert counted[(("phase", "speech"),)] == 1.0
    assert families["process_resident_memory_bytes"].samples[0].value > 1e6


def test_the_faults_of_powerd_are_read(world: World, bus: EventBus, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.folder / "profiles").mkdir()
    (world.folder / "profiles/night.toml").write_text("turbo = true")
    world.start()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", world.environment["DBUS_SYSTEM_BUS_ADDRESS"])
    came: queue.Queue[tuple[Fault, ...]] = queue.Queue()
    reporter = PhaseReporter(bus, take_faults=came.put)
    reporter.start()
    try:
        faults = came.get(timeout=30)
    finally:
        reporter.stop()
    assert [(fault.code, fault.file, fault.key) for fault in faults] == [
        ("power.profile", "night.toml", "turbo")
    ]


def test_without_a_bus_events_pass_as_ever(bus: EventBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    reporter = PhaseReporter(bus)
    reporter.start()
    with bus.subscribe() as watcher:
        bus.publish(EventKind.ONSET)
        event = watcher.get(timeout=5)
    assert event is not None and event.kind is EventKind.ONSET
    reporter.stop()

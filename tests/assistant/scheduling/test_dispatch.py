"""The dispatcher under everything that can happen, with a simulated clock."""

from __future__ import annotations

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assistant.scheduling.devices import Device
from assistant.scheduling.dispatch import Dispatcher, Outcome, Ticket
from assistant.scheduling.jobs import JobKind, Priority
from assistant.scheduling.overload import Overloaded
from assistant.scheduling.queue import AGING_S, PASSES, QueueLimits
from common.errors import Unavailable
from tests.assistant.scheduling.machines import CPU, GPU, NPU, figure, job, options

_LIMITS = QueueLimits(waiting=6, per_speaker=3, wait_s=20.0)
_FIGURES = (
    figure("ears", CPU, "onnxruntime", 300),
    figure("ears", GPU, "tensorrt", 50),
    figure("mouth", CPU, "onnxruntime", 30),
    figure("mind", CPU, "onnxruntime", 4000),
    figure("mind", NPU, "openvino-npu", 900),
)
_MODELS = {"ears": JobKind.ASR, "mouth": JobKind.TTS, "mind": JobKind.LLM}


class AnyHousehold(RuleBasedStateMachine):
    """Jobs of all kinds come and end, devices come and go, time passes."""

    @initialize()
    def begin(self) -> None:
        self.now = 1000.0
        self.devices = [CPU, GPU, NPU]
        self.dispatcher = Dispatcher(_LIMITS, options(_FIGURES), self.devices, self.now)
        self.waiting: list[Ticket] = []
        self.running: list[Ticket] = []
        self.over: list[Ticket] = []
        self.last_begun: dict[str, int] = {}

    def _settled(self, settled: list[Ticket], idle: set[str]) -> None:
        for ticket in settled:
            assert ticket.settled
            assert (ticket.option is None) != (ticket.error is None)
            self.waiting.remove(ticket)  # raises if it was settled before
            if ticket.error is not None:
                assert ticket.outcome is not None
                self.over.append(ticket)
                continue
            self._begun(ticket, idle)

    def _begun(self, ticket: Ticket, idle: set[str]) -> None:
        assert ticket.option is not None
        self.running.append(ticket)
        assert self.now < ticket.give_up_at or ticket.give_up_at == math.inf
        speaker = ticket.job.speaker
        if speaker:
            assert ticket.number > self.last_begun.get(speaker, 0)
            self.last_begun[speaker] = ticket.number
        device = ticket.option.device
        load = self.dispatcher.outlooks(self.now)[device].load
        exempt = ticket.job.priority is Priority.ROOM or device.id in idle
        assert load < device.ceiling or exempt
        idle.discard(device.id)

    def _idle(self) -> set[str]:
        looks = self.dispatcher.outlooks(self.now)
        return {device.id for device, look in looks.items() if not look.running}

    @rule(
        priority=st.sampled_from(Priority),
        speaker=st.sampled_from(["", "ann", "bob"]),
        model=st.sampled_from(sorted(_MODELS)),
        patience=st.none() | st.floats(-1, 10),
    )
    def come(self, priority: Priority, speaker: str, model: str, patience: float | None) -> None:
        deadline = math.inf if patience is None else self.now + patience
        nothing_runs = not self.running and not self.waiting
        idle = self._idle()
        new = job(priority, speaker, kind=_MODELS[model], model=model, deadline=deadline)
        ticket, settled = self.dispatcher.submit(new, self.now)
        self.waiting.append(ticket)
        self._settled(settled, idle)
        if nothing_runs and self.now < deadline:
            assert ticket.option is not None, "a lone speaker was held back"

    @precondition(lambda self: self.running)
    @rule(data=st.data(), outcome=st.sampled_from([Outcome.DONE, Outcome.FAILED]))
    def end(self, data: st.DataObject, outcome: Outcome) -> None:
        self._end(data.draw(st.sampled_from(self.running)), outcome)

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        self.running.remove(ticket)
        self.over.append(ticket)
        idle = self._idle()
        if ticket.option is not None and len(self.dispatcher.running(ticket.option.device.id)) == 1:
            idle.add(ticket.option.device.id)
        self._settled(self.dispatcher.end(ticket, outcome, self.now), idle)
        assert ticket.outcome is outcome

    @rule(seconds=st.floats(0.001, 8))
    def time_passes(self, seconds: float) -> None:
        until = self.now + seconds
        for ticket in sorted(self.waiting, key=lambda each: each.give_up_at):
            if ticket in self.waiting and ticket.give_up_at <= until:
                self.now = max(self.now, ticket.give_up_at)
                idle = self._idle()
                settled = self.dispatcher.give_up(ticket, self.now)
                assert settled
                assert settled[0] is ticket
                self._settled(settled, idle)
        self.now = until
        idle = self._idle()
        self._settled(self.dispatcher.run_waiting(self.now), idle)

    @rule(device=st.sampled_from([GPU, NPU]))
    def come_or_go(self, device: Device) -> None:
        self.devices = [each for each in (CPU, GPU, NPU) if (each in self.devices) != (each == device)]
        idle = self._idle() | {device.id}
        devices = tuple(self.devices)
        self._settled(self.dispatcher.set_options(options(_FIGURES, devices), devices, self.now), idle)

    @rule()
    def leave(self) -> None:
        if self.waiting:
            idle = self._idle()
            ticket = self.waiting[len(self.waiting) // 2]
            self._settled(self.dispatcher.give_up(ticket, self.now), idle)

    @invariant()
    def the_bounds_hold(self) -> None:
        assert self.dispatcher.waiting == len(self.waiting) <= _LIMITS.waiting
        for speaker in ("ann", "bob"):
            assert sum(1 for each in self.waiting if each.job.speaker == speaker) <= _LIMITS.per_speaker
        for device, look in self.dispatcher.outlooks(self.now).items():
            assert look.running == len(self.dispatcher.running(device.id)) <= device.slots
            assert 0 <= look.load <= 1

    @invariant()
    def nobody_waits_beside_an_idle_machine(self) -> None:
        if all(not look.running for look in self.dispatcher.outlooks(self.now).values()):
            assert not self.waiting

    def teardown(self) -> None:
        if not hasattr(self, "now"):
            return
        came = len(self.waiting) + len(self.running) + len(self.over)
        while self.running or self.waiting:
            self.time_passes(0.5)
            while self.running:
                self._end(self.running[0], Outcome.DONE)
        assert len(self.over) == len(set(self.over)) == came
        for ticket in self.over:
            end = ticket.began_at if ticket.option is not None else self.now
            if ticket.option is not None:
                assert end - ticket.came_at <= _LIMITS.wait_s
            elif ticket.outcome is not Outcome.NO_DEVICE:
                assert isinstance(ticket.error, Overloaded)
                assert 1 <= ticket.error.retry_after_s <= 60


AnyHousehold.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyHousehold = AnyHousehold.TestCase


def test_nobody_starves_beside_a_room_that_never_stops_talking() -> None:
    """The device is never free of the room's jobs, and yet what is rendered ahead has its turn."""
    now = 0.0
    dispatcher = Dispatcher(QueueLimits(wait_s=60), options(_FIGURES, (NPU,)), [NPU], now)
    mind = job(kind=JobKind.LLM, model="mind")
    ticket, _ = dispatcher.submit(mind, now)
    ahead, _ = dispatcher.submit(job(Priority.AHEAD, kind=JobKind.LLM, model="mind"), now)
    while ahead.option is None:
        assert now < AGING_S + 0.5 * (PASSES + 1)
        dispatcher.submit(mind, now)
        now += 0.5
        (ticket,) = dispatcher.end(ticket, Outcome.DONE, now)


def test_a_device_that_hangs_is_not_waited_for() -> None:
    devices = [CPU, GPU]
    dispatcher = Dispatcher(QueueLimits(), options(_FIGURES, (CPU, GPU)), devices, 0.0)
    for _ in range(GPU.slots):
        ticket, _ = dispatcher.submit(job(), 0.0)
        assert ticket.option is not None
        assert ticket.option.device is GPU
    waits, settled = dispatcher.submit(job(), 0.01)
    assert not settled, "50 ms on a device that is free in 40 ms is sooner than 300 ms here"
    assert dispatcher.run_waiting(0.2) == []
    assert dispatcher.run_waiting(0.5) == [waits]
    assert waits.option is not None
    assert waits.option.device is CPU


def test_what_waits_for_a_device_that_disappears_moves_to_another() -> None:
    dispatcher = Dispatcher(QueueLimits(), options(_FIGURES, (CPU, GPU)), [CPU, GPU], 0.0)
    running = [dispatcher.submit(job(), 0.0)[0] for _ in range(GPU.slots)]
    waits, _ = dispatcher.submit(job(), 0.0)
    assert not waits.settled
    assert dispatcher.set_options(options(_FIGURES, (CPU,)), [CPU], 0.01) == [waits]
    assert waits.option is not None
    assert waits.option.device is CPU
    for ticket in running:
        assert dispatcher.end(ticket, Outcome.FAILED, 0.02) == []


def test_a_job_that_only_a_vanished_device_could_run_is_told_so() -> None:
    dispatcher = Dispatcher(QueueLimits(), options(_FIGURES, (NPU,)), [NPU], 0.0)
    mind = job(kind=JobKind.LLM, model="mind")
    dispatcher.submit(mind, 0.0)
    waits, _ = dispatcher.submit(mind, 0.0)
    assert dispatcher.set_options(options(_FIGURES, ()), [], 0.1) == [waits]
    assert isinstance(waits.error, Unavailable)
    assert waits.error.code == "serving.no-device"
    refused, _ = dispatcher.submit(mind, 0.2)
    assert refused.outcome is Outcome.NO_DEVICE


def test_a_full_queue_is_an_error_with_a_time_to_come_back() -> None:
    dispatcher = Dispatcher(QueueLimits(waiting=20), options(_FIGURES, (CPU,)), [CPU], 0.0)
    tickets = [dispatcher.submit(job(Priority.PROGRAM), 0.0)[0] for _ in range(23)]
    error = tickets[-1].error
    assert isinstance(error, Overloaded)
    assert error.code == "serving.overloaded"
    # 20 jobs of 0.3 s, on two cores up to a load of 0.8.
    assert error.retry_after_s == 4
    assert error.hint == "try again in 4 seconds"
    urgent, settled = dispatcher.submit(job(Priority.ROOM), 0.0)
    assert urgent.error is None
    assert [each.outcome for each in settled] == [Outcome.DISPLACED]

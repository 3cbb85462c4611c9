from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from assistant.scheduling import metrics
from assistant.scheduling.devices import Device, DeviceKind, Placement
from assistant.scheduling.figures import Figure, Figures
from assistant.scheduling.jobs import Job, JobKind, Priority
from assistant.scheduling.overload import Overloaded
from assistant.scheduling.queue import QueueLimits
from assistant.scheduling.scheduler import DeviceScheduler
from common.errors import SottoError, Unavailable
from tests.assistant.scheduling.machines import CPU, ENGINES, GPU, INSTALLED, NPU, REMOTE, figure, job

_FIGURES = (
    figure("ears", CPU, "onnxruntime", 300),
    figure("ears", GPU, "tensorrt", 50),
    figure("mind", NPU, "openvino-npu", 900),
)


#: With one slot a job begins only when the one before has ended.
_SINGLE = Device("cpu", DeviceKind.CPU, 1)


def _scheduler(
    devices: tuple[Device, ...] = (CPU,),
    figures: tuple[Figure, ...] = _FIGURES,
    limits: QueueLimits | None = None,
    tell: Callable[[str, Device], None] | None = None,
) -> DeviceScheduler:
    engines = {device: ENGINES.get(device, ("onnxruntime",)) for device in devices}
    return DeviceScheduler(engines, INSTALLED, Figures(figures), limits, tell)


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


@contextmanager
def _full(scheduler: DeviceScheduler, slots: int = CPU.slots) -> Iterator[ExitStack]:
    """All slots are taken, until the stack is closed."""
    with ExitStack() as held:
        for _ in range(slots):
            held.enter_context(scheduler.turn(job()))
        yield held


def test_a_lone_job_runs_at_once_whatever_ran_before() -> None:
    scheduler = _scheduler()
    for _ in range(50):
        with scheduler.turn(job(Priority.AHEAD)) as assignment:
            assert assignment.placement("ears") == Placement("cpu", "onnxruntime")
            assert scheduler.waiting == 0


def test_jobs_that_wait_begin_by_priority() -> None:
    scheduler = _scheduler((_SINGLE,))
    begun: list[Priority] = []

    def run(priority: Priority) -> None:
        with scheduler.turn(job(priority)):
            begun.append(priority)

    with ThreadPoolExecutor(8) as pool, _full(scheduler, 1) as held:
        for number, priority in enumerate(reversed(Priority)):
            pool.submit(run, priority)
            _until(lambda number=number: scheduler.waiting == number + 1)  # type: ignore[misc]
        held.pop_all().close()
    assert begun == list(Priority)


def test_many_threads_share_the_devices() -> None:
    """Slots hold, every job ends once, and the jobs of a speaker begin in the order in which they came."""
    scheduler = _scheduler((CPU, GPU), limits=QueueLimits(waiting=200, per_speaker=50))
    lock = threading.Lock()
    running: Counter[str] = Counter()
    order: dict[str, list[int]] = {}
    ended: list[tuple[str, int]] = []

    def run(speaker: str, number: int, priority: Priority, seconds: float) -> None:
        with scheduler.turn(job(priority, speaker)) as assignment:
            device = assignment.device
            with lock:
                running[device.id] += 1
                assert running[device.id] <= device.slots
                order.setdefault(speaker, []).append(number)
            time.sleep(seconds)
            with lock:
                running[device.id] -= 1
                ended.append((speaker, number))

    def speak(speaker: str, seed: int) -> None:
        random_ = random.Random(seed)
        for number in range(12):
            run(speaker, number, random_.choice(list(Priority)), random_.random() * 0.002)

    # Half of the speakers come one at a time; the others all at once.
    threads = [threading.Thread(target=speak, args=(f"turn by turn {n}", n)) for n in range(6)]
    for n in range(6):
        threads += [
            threading.Thread(target=run, args=(f"at once {n}", number, Priority(n % 4), 0.001))
            for number in range(12)
        ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ended) == len(set(ended)) == 12 * 12
    assert not any(running.values())
    assert all(order[f"turn by turn {n}"] == list(range(12)) for n in range(6))
    assert [state.running for state in scheduler.states()] == [0, 0]


def test_jobs_of_a_speaker_begin_in_the_order_in_which_they_came() -> None:
    scheduler = _scheduler((_SINGLE,))
    begun: list[int] = []

    def run(number: int) -> None:
        priority = Priority.ROOM if number % 3 else Priority.AHEAD
        with scheduler.turn(job(priority, "ann")):
            begun.append(number)

    with ThreadPoolExecutor(8) as pool, _full(scheduler, 1) as held:
        for number in range(8):
            pool.submit(run, number)
            _until(lambda number=number: scheduler.waiting == number + 1)  # type: ignore[misc]
        held.pop_all().close()
    assert begun == list(range(8))


def test_a_deadline_ends_the_wait_with_a_time_to_come_back() -> None:
    scheduler = _scheduler()
    with _full(scheduler):
        with pytest.raises(Overloaded) as caught:
            with scheduler.turn(job(Priority.PROGRAM, deadline=time.monotonic() + 0.05)):
                raise AssertionError
        assert scheduler.waiting == 0
    assert caught.value.code == "serving.overloaded"
    assert caught.value.retry_after_s >= 1
    assert "try again in" in caught.value.hint


def test_the_queue_is_bounded() -> None:
    scheduler = _scheduler(limits=QueueLimits(waiting=2, per_speaker=1))
    with ThreadPoolExecutor(4) as pool, _full(scheduler) as held:

        def run(priority: Priority, speaker: str) -> None:
            with scheduler.turn(job(priority, speaker)):
                pass

        first = pool.submit(run, Priority.PROGRAM, "ann")
        _until(lambda: scheduler.waiting == 1)
        with pytest.raises(Overloaded, match="of this caller"):
            run(Priority.PROGRAM, "ann")
        second = pool.submit(run, Priority.AHEAD, "")
        _until(lambda: scheduler.waiting == 2)
        with pytest.raises(Overloaded, match="2 jobs wait"):
            run(Priority.AHEAD, "")
        third = pool.submit(run, Priority.ROOM, "bob")
        assert isinstance(second.exception(60), Overloaded)
        held.pop_all().close()
        assert first.exception(60) is None
        assert third.exception(60) is None


def test_a_load_that_falls_lets_the_next_begin_although_no_job_ends() -> None:
    """Nobody tells a job that the load is under the ceiling again: it is looked at."""
    now = [0.0]
    engines = {CPU: ENGINES[CPU]}
    scheduler = DeviceScheduler(engines, INSTALLED, Figures(_FIGURES), clock=lambda: now[0])
    with ThreadPoolExecutor(1) as pool, scheduler.turn(job()):
        with scheduler.turn(job()):
            now[0] = 4.5
        (state,) = scheduler.states()
        assert state.load > CPU.ceiling

        def run() -> bool:
            with scheduler.turn(job(Priority.SATELLITE)):
                return True

        waits = pool.submit(run)
        _until(lambda: scheduler.waiting == 1)
        now[0] = 8.0
        assert waits.result(60)


def test_a_placement_that_fails_is_left_until_it_is_good_again() -> None:
    scheduler = _scheduler((CPU, GPU))
    used = []
    for _ in range(2):
        with scheduler.turn(job()) as assignment:
            placement = assignment.placement("ears")
            used.append(placement.device)
            if placement.device == "gpu":
                scheduler.failed(placement, "the driver hangs")
    assert used == ["gpu", "cpu"]
    assert [dict(state.excluded) for state in scheduler.states()] == [{}, {"tensorrt": "the driver hangs"}]
    scheduler.good(Placement("gpu", "tensorrt"))
    with scheduler.turn(job()) as assignment:
        assert assignment.device == GPU


def test_the_last_resort_is_used_although_it_failed() -> None:
    scheduler = _scheduler()
    scheduler.failed(Placement("cpu", "onnxruntime"), "it failed once")
    with scheduler.turn(job()) as assignment:
        assert assignment.placement("ears") == Placement("cpu", "onnxruntime")


def test_jobs_of_a_device_that_disappears_move_to_others() -> None:
    scheduler = _scheduler((CPU, GPU))
    with ThreadPoolExecutor(1) as pool, _full(scheduler, GPU.slots):

        def run() -> Device:
            with scheduler.turn(job()) as assignment:
                return assignment.device

        waits = pool.submit(run)
        _until(lambda: scheduler.waiting == 1)
        scheduler.set_devices({CPU: ENGINES[CPU]})
        assert waits.result(60) == CPU
    assert [state.running for state in scheduler.states()] == [0]


def test_without_any_device_a_job_is_an_error() -> None:
    scheduler = _scheduler((NPU,))
    with pytest.raises(Unavailable) as caught, scheduler.turn(job()):
        raise AssertionError
    assert caught.value.code == "serving.no-device"


def test_a_remote_device_that_goes_away_is_replaced_in_mid_sentence() -> None:
    """The sentence is begun again where there is still somebody to hear it."""
    figures = (figure("ears", CPU, "onnxruntime", 300), figure("asr", REMOTE, "remote", 40))
    scheduler = _scheduler((CPU, REMOTE), figures)
    heard = []
    for _ in range(2):
        with scheduler.turn(job(whole=True)) as assignment:
            if assignment.device == REMOTE:
                scheduler.failed(assignment.placement("ears"), "the connection is lost")
                continue
            heard.append(assignment.device.id)
    assert heard == ["cpu"]


def test_power_saver_takes_the_cheapest() -> None:
    figures = (
        figure("ears", CPU, "onnxruntime", 30, energy_mj=300),
        figure("ears", NPU, "openvino-npu", 90, energy_mj=30),
    )
    scheduler = _scheduler((CPU, NPU), figures)
    devices = []
    for profile in ("balanced", "power-saver", "balanced"):
        scheduler.set_profile(profile)
        with scheduler.turn(job()) as assignment:
            devices.append(assignment.device)
    assert devices == [CPU, NPU, CPU]


def test_the_power_manager_is_told_what_each_device_does() -> None:
    told: list[tuple[str, str]] = []
    scheduler = _scheduler(tell=lambda phase, device: told.append((phase, device.id)))
    with scheduler.turn(job(kind=JobKind.TTS)):
        with scheduler.turn(job(kind=JobKind.ASR)):
            pass
    with scheduler.turn(job(Priority.AHEAD, kind=JobKind.TTS)):
        pass
    assert told == [("speaking", "cpu"), ("thinking", "cpu"), ("speaking", "cpu"), ("idle", "cpu")]


def test_a_power_manager_that_fails_costs_no_job() -> None:
    scheduler = _scheduler(tell=lambda _phase, _device: 1 / 0)  # type: ignore[arg-type]
    with scheduler.turn(job()):
        pass
    assert [state.running for state in scheduler.states()] == [0]


def test_a_job_that_raises_gives_its_slot_back() -> None:
    scheduler = _scheduler()
    for _ in range(5):
        with pytest.raises(SottoError), scheduler.turn(job()):
            raise SottoError("no")
    assert [state.running for state in scheduler.states()] == [0]


def test_a_caller_who_is_interrupted_leaves_no_job_behind() -> None:
    interrupts = [False]

    def clock() -> float:
        if interrupts[0]:
            interrupts[0] = False
            raise KeyboardInterrupt
        return time.monotonic()

    scheduler = DeviceScheduler({CPU: ENGINES[CPU]}, INSTALLED, clock=clock)
    with ThreadPoolExecutor(1) as pool, _full(scheduler):

        def run() -> None:
            with scheduler.turn(job()):
                raise AssertionError

        waits = pool.submit(run)
        _until(lambda: scheduler.waiting == 1)
        interrupts[0] = True
        assert isinstance(waits.exception(60), KeyboardInterrupt)
        assert scheduler.waiting == 0
    assert [state.running for state in scheduler.states()] == [0]


def test_jobs_are_counted() -> None:
    def count(which: Job, outcome: str) -> float:
        family = metrics.JOBS.family()
        assert family is not None
        wanted = {"kind": which.kind.value, "priority": which.priority.label, "outcome": outcome}
        return sum(sample.value for sample in family.samples if dict(sample.labels) == wanted)

    vad = job(Priority.PROGRAM, kind=JobKind.VAD)
    before = [count(vad, outcome) for outcome in ("done", "failed", "expired")]
    scheduler = _scheduler()
    with scheduler.turn(vad):
        pass
    with pytest.raises(SottoError), scheduler.turn(vad):
        raise SottoError("no")
    with pytest.raises(Overloaded), scheduler.turn(job(Priority.PROGRAM, kind=JobKind.VAD, deadline=0.0)):
        raise AssertionError
    assert [count(vad, outcome) for outcome in ("done", "failed", "expired")] == [n + 1 for n in before]

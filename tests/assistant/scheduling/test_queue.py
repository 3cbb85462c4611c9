from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.scheduling.jobs import Priority
from assistant.scheduling.queue import AGING_S, PASSES, Entry, JobQueue, QueueLimits
from tests.assistant.scheduling.machines import job

_arrivals = st.lists(
    st.tuples(st.floats(0, 3), st.sampled_from(Priority), st.sampled_from(["", "ann", "bob"])), max_size=40
)


def _filled(arrivals: list[tuple[float, Priority, str]], limits: QueueLimits) -> JobQueue[Entry]:
    queue: JobQueue[Entry] = JobQueue(limits)
    now = 0.0
    for number, (pause, priority, speaker) in enumerate(arrivals):
        now += pause
        queue.add(Entry(job(priority, speaker), number, now))
    return queue


def test_the_room_goes_before_satellites_programs_and_what_is_rendered_ahead() -> None:
    arrivals = [(0.01, priority, "") for priority in reversed(Priority)]
    assert [entry.job.priority for entry in _filled(arrivals, QueueLimits())] == list(Priority)


def _turns_until_it_begins(queue: JobQueue[Entry], old: Entry, now: float) -> int:
    """How many begin until `old` does, if a job of the room comes with every turn."""
    turns, number = 0, 1000
    while True:
        number += 1
        queue.add(Entry(job(Priority.ROOM), number, now))
        first = queue.in_order(now)[0]
        queue.begin(first, now)
        if first is old:
            return turns
        turns += 1


def test_a_job_that_has_waited_long_is_passed_only_so_often() -> None:
    queue: JobQueue[Entry] = JobQueue(QueueLimits())
    old = Entry(job(Priority.AHEAD), 0, 0.0)
    queue.add(old)
    assert _turns_until_it_begins(queue, old, AGING_S) == PASSES


def test_a_job_that_has_just_come_is_passed_by_all_that_are_more_urgent() -> None:
    queue: JobQueue[Entry] = JobQueue(QueueLimits())
    queue.add(Entry(job(Priority.AHEAD), 0, 0.0))
    for number in range(1, 5 * PASSES):
        queue.add(Entry(job(Priority.ROOM), number, 1.0))
        first = queue.in_order(1.0)[0]
        assert first.job.priority is Priority.ROOM
        queue.begin(first, 1.0)


@given(_arrivals)
def test_everybody_has_his_turn_beside_a_room_that_never_stops(
    arrivals: list[tuple[float, Priority, str]],
) -> None:
    queue = _filled(arrivals, QueueLimits(waiting=2000, per_speaker=2000))
    now = 1000.0
    for old in sorted(queue, key=lambda entry: entry.number):
        if old in list(queue):  # it has not begun among the others
            assert _turns_until_it_begins(queue, old, now) <= len(arrivals) + PASSES


def test_an_earlier_job_of_a_speaker_goes_with_the_more_urgent_one() -> None:
    arrivals = [(0.0, Priority.AHEAD, "ann"), (0.0, Priority.PROGRAM, "bob"), (0.0, Priority.ROOM, "ann")]
    assert [entry.number for entry in _filled(arrivals, QueueLimits())] == [0, 2, 1]


@given(_arrivals, st.integers(1, 12), st.integers(1, 5))
def test_the_order_of_a_speaker_and_the_bounds_hold(
    arrivals: list[tuple[float, Priority, str]], waiting: int, per_speaker: int
) -> None:
    queue = _filled(arrivals, QueueLimits(waiting, per_speaker))
    entries = list(queue)
    assert len(queue) == len(entries) <= waiting
    for speaker in ("ann", "bob"):
        numbers = [entry.number for entry in entries if entry.job.speaker == speaker]
        assert numbers == sorted(numbers)
        assert len(numbers) <= per_speaker
    assert [entry.order for entry in entries] == sorted(entry.order for entry in entries)


@given(_arrivals)
def test_a_full_queue_keeps_the_most_urgent(arrivals: list[tuple[float, Priority, str]]) -> None:
    strangers = [(pause, priority, "") for pause, priority, _ in arrivals]
    all_of_them = list(_filled(strangers, QueueLimits(waiting=1000)))
    kept = list(_filled(strangers, QueueLimits(waiting=5)))
    assert [entry.number for entry in kept] == [entry.number for entry in all_of_them[:5]]


@given(_arrivals, st.randoms())
def test_what_is_taken_out_is_out_once(arrivals: list[tuple[float, Priority, str]], random: object) -> None:
    queue = _filled(arrivals, QueueLimits(waiting=1000, per_speaker=1000))
    entries = list(queue)
    random.shuffle(entries)  # type: ignore[attr-defined]
    for left, entry in zip(range(len(entries) - 1, -1, -1), entries, strict=True):
        assert queue.remove(entry)
        assert not queue.remove(entry)
        assert len(queue) == left
    assert queue.first() is None

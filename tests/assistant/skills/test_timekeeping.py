from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.skills.rings import RING_FOR
from assistant.skills.timekeeping import MAX_TIMERS, TimerBook
from assistant.skills.timer import MAX_LENGTH_S
from common.errors import Conflict, InvalidInput, NotFound, StorageError, TooLarge
from tests.assistant.skills.english import REPLIES

T0 = datetime(2026, 11, 22, 16, 35, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "timers.json"


@pytest.fixture
def book(path: Path) -> TimerBook:
    return TimerBook(path, REPLIES)


def test_a_timer_rings_when_it_ends_and_not_before(book: TimerBook) -> None:
    book.start(60, T0)
    assert (len(book.due(after(59.9))), len(book.due(after(60)))) == (0, 1)


def test_a_ring_is_given_once(book: TimerBook) -> None:
    book.start(60, T0)
    book.due(after(60))
    assert book.due(after(61)) == []


def test_a_ringing_timer_is_silenced_for_good(book: TimerBook, path: Path) -> None:
    book.start(60, T0)
    book.due(after(60))
    book.silence(after(62))
    assert (book.ringing(after(63)), TimerBook(path, REPLIES).due(after(64))) == ([], [])


def test_nobody_listens_so_it_falls_silent(book: TimerBook, path: Path) -> None:
    book.start(60, T0)
    book.due(after(60))
    end = after(61) + RING_FOR
    assert book.ringing(end) == []
    book.due(end)
    assert TimerBook(path, REPLIES).due(end) == []


def test_what_rings_for_long_was_not_missed(book: TimerBook) -> None:
    book.start(60, T0, "pizza")
    (began,) = book.due(after(60))
    (ring,) = book.ringing(after(119))
    assert (ring.text, ring.late) == (began.text, False)


def test_a_ringing_timer_that_is_cancelled_rings_no_more(book: TimerBook) -> None:
    timer = book.start(60, T0)
    book.due(after(60))
    book.cancel(timer.id)
    assert (book.ringing(after(61)), book.find(ringing=True)) == ([], [])


def test_more_time_for_a_ringing_timer_lets_it_run_and_ring_again(book: TimerBook) -> None:
    timer = book.start(60, T0)
    book.due(after(60))
    book.add(timer.id, 300, after(65))
    assert (book.ringing(after(66)), len(book.timers), len(book.due(after(365)))) == ([], 1, 1)


def test_a_ringing_timer_that_is_paused_rings_no_more(book: TimerBook) -> None:
    timer = book.start(60, T0)
    book.due(after(60))
    book.pause(timer.id, after(61))
    assert book.ringing(after(62)) == []


def test_a_timer_survives_a_restart(book: TimerBook, path: Path) -> None:
    book.start(600, T0, "pizza")
    assert TimerBook(path, REPLIES).timers == book.timers


def test_what_ended_while_down_rings_late_and_says_so(book: TimerBook, path: Path) -> None:
    book.start(600, T0, "pizza")
    ring = TimerBook(path, REPLIES).due(after(1320))[0]
    text = "Your pizza timer ended at 4:45 pm, twelve minutes ago, while I was switched off."
    assert (ring.late, ring.text) == (True, text)


def test_what_was_not_silenced_before_a_crash_rings_again(book: TimerBook, path: Path) -> None:
    book.start(60, T0)
    book.due(after(60))
    assert len(TimerBook(path, REPLIES).due(after(70))) == 1


def test_a_command_is_handed_over_instead_of_ringing(book: TimerBook) -> None:
    book.start(60, T0, command="turn off the light")
    ring = book.due(after(60))[0]
    assert (ring.command, ring.text, book.ringing(after(61))) == ("turn off the light", "", [])


def test_a_late_command_is_told_but_not_executed(book: TimerBook, path: Path) -> None:
    book.start(60, T0, command="turn off the light")
    ring = TimerBook(path, REPLIES).due(after(3600))[0]
    assert ring.command is None
    assert "when you wanted me to turn off the light" in ring.text


def test_a_paused_timer_does_not_end(book: TimerBook) -> None:
    timer = book.start(60, T0)
    book.pause(timer.id, after(20))
    assert (book.due(after(600)), book.next_due()) == ([], None)


def test_a_resumed_timer_runs_what_was_left(book: TimerBook) -> None:
    timer = book.start(60, T0)
    book.pause(timer.id, after(20))
    book.resume(timer.id, after(100))
    assert book.next_due() == after(140)


def test_pausing_twice_is_a_conflict(book: TimerBook) -> None:
    timer = book.start(60, T0)
    book.pause(timer.id, T0)
    with pytest.raises(Conflict):
        book.pause(timer.id, T0)


def test_a_cancelled_timer_is_not_found(book: TimerBook) -> None:
    timer = book.start(60, T0)
    book.cancel(timer.id)
    with pytest.raises(NotFound):
        book.cancel(timer.id)


def test_timers_are_found_by_name_and_by_length(book: TimerBook) -> None:
    book.start(600, T0)
    pizza = book.start(300, T0, "the Pizza timer")
    assert book.find("pizza") == [pizza] == book.find(length_s=300)


@pytest.mark.parametrize("length", [0, -1, MAX_LENGTH_S + 1])
def test_impossible_lengths_are_refused(book: TimerBook, length: float) -> None:
    with pytest.raises(InvalidInput):
        book.start(length, T0)


def test_the_number_of_timers_is_bounded(book: TimerBook) -> None:
    for _ in range(MAX_TIMERS):
        book.start(60, T0)
    with pytest.raises(TooLarge):
        book.start(60, T0)


def test_a_full_disk_does_not_cost_the_timer(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    book = TimerBook(blocked / "timers.json", REPLIES)
    with pytest.raises(StorageError):
        book.start(60, T0)
    assert len(book.due(after(60))) == 1


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"version": 9}',
        '{"version": 1, "next_id": 1, "timers": [{"id": 1}]}',
        '{"version": 1, "next_id": 1, "timers": 7}',
        "\0\0\0",
        '{"version": 1, "next_id": 1, "timers": [{"id": 1, "name": "", "length_s": 60, '
        '"ends_at": 1e300, "remaining_s": 0, "command": ""}]}',
    ],
)
def test_a_damaged_file_is_set_aside(path: Path, content: str) -> None:
    path.write_text(content)
    book = TimerBook(path, REPLIES)
    book.start(60, T0)
    assert path.with_name("timers.json.damaged").read_text() == content


def test_a_damaged_file_costs_no_timer(path: Path) -> None:
    timer = TimerBook(path, REPLIES).start(60, T0, name="pizza")
    path.write_text("{")
    assert TimerBook(path, REPLIES).timers == [timer]


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["start", "pause", "resume", "add", "cancel", "due", "silence", "restart"]),
        st.integers(0, 300),
        st.integers(-200, 400),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(OPERATIONS)
def test_every_timer_rings_once_unless_cancelled(operations: list[tuple[str, int, int]]) -> None:
    """Against a plain model: id -> seconds left (and whether it runs)."""
    with tempfile.TemporaryDirectory() as folder:
        book = TimerBook(Path(folder) / "timers.json", REPLIES)
        model: dict[int, tuple[float, bool]] = {}
        now = T0
        for operation, step, amount in operations:
            now += timedelta(seconds=step)
            model = {k: (left - step if run else left, run) for k, (left, run) in model.items()}
            rung = {ring.id for ring in book.due(now)}
            book.silence(now)
            assert rung == {k for k, (left, run) in model.items() if run and left <= 0}
            model = {k: value for k, value in model.items() if k not in rung}
            first = next(iter(model), None)
            if operation == "start":
                timer = book.start(abs(amount) + 1, now)
                model[timer.id] = (abs(amount) + 1, True)
            elif operation == "restart":
                book = TimerBook(Path(folder) / "timers.json", REPLIES)
            elif first is not None:
                left, running = model[first]
                if operation == "pause" and running:
                    book.pause(first, now)
                    model[first] = (left, False)
                elif operation == "resume" and not running:
                    book.resume(first, now)
                    model[first] = (left, True)
                elif operation == "add":
                    book.add(first, amount, now)
                    model[first] = (max(0.0, left + amount), running)
                elif operation == "cancel":
                    book.cancel(first)
                    del model[first]
            assert {t.id: round(t.remaining(now).total_seconds()) for t in book.timers} == {
                k: round(left) for k, (left, _) in model.items()
            }

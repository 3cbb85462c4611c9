"""Lines of the log by their kind."""

from __future__ import annotations

import logging

from hypothesis import given
from hypothesis import strategies as st

from services.daemon.log_limit import MAX_KINDS, PER_WINDOW, WINDOW_S, LimitedLog, LogLimit


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 1.0, 30.0])), max_size=100))
def test_no_line_is_forgotten_and_no_window_has_too_many(lines: list[tuple[str, float]]) -> None:
    limit, now = LogLimit(), 0.0
    written: dict[str, list[float]] = {kind: [] for kind in "abc"}
    missing = dict.fromkeys("abc", 0)
    for kind, wait in lines:
        now += wait
        left_out = limit.note(kind, now)
        if left_out is None:
            missing[kind] += 1
        else:
            assert left_out == missing[kind]
            missing[kind] = 0
            written[kind].append(now)
    for times in written.values():
        for at in times:
            # A window begins with a line that is written.
            assert sum(at <= other < at + WINDOW_S for other in times) <= 2 * PER_WINDOW
        if times:
            assert sum(other < times[0] + WINDOW_S for other in times) <= PER_WINDOW


def test_kinds_without_end_count_as_one() -> None:
    limit = LogLimit()
    written = [limit.note(f"kind {number}", 0.0) for number in range(MAX_KINDS + 50)]
    assert sum(left_out is not None for left_out in written) == MAX_KINDS + PER_WINDOW


def _record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("name", logging.WARNING, "", 0, message, values, None)


def test_a_line_says_how_many_like_it_were_left_out() -> None:
    now = 0.0
    limited = LimitedLog(lambda: now)
    kept = [limited.filter(_record("a caller from %s", number)) for number in range(PER_WINDOW + 3)]
    assert kept == [True] * PER_WINDOW + [False] * 3
    assert limited.filter(_record("something else"))
    now = WINDOW_S
    record = _record("a caller from %s", "there")
    assert limited.filter(record)
    assert record.getMessage() == "a caller from there (3 more like this were not written)"

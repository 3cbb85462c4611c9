"""Growth, latency by hour and late daemons are found, and their absence too."""

from __future__ import annotations

from tests.soak.verdict import MOST_BACK_S, Sample, by_span, grew, growth, late, slower


def _life(
    pid: int, mb_per_hour: float = 0.0, files_per_hour: float = 0.0, hours: float = 2.0
) -> list[Sample]:
    return [
        Sample(at, "assistantd", pid, 300 + mb_per_hour * at / 3600, 40 + files_per_hour * at / 3600, 20)
        for at in range(0, int(hours * 3600), 30)
    ]


def test_a_steady_life_does_not_grow() -> None:
    assert grew(growth(_life(1))) == []


def test_memory_and_files_that_grow_are_told_with_their_rate() -> None:
    (memory,) = grew(growth(_life(1, mb_per_hour=20)))
    assert memory.startswith("assistantd (process 1) grew by 20 rss_mb an hour")
    (files,) = grew(growth(_life(1, files_per_hour=60)))
    assert files.startswith("assistantd (process 1) grew by 60 files an hour")


def test_the_lives_of_a_daemon_are_not_mixed() -> None:
    again = [Sample(s.at + 7200, s.daemon, 2, s.rss_mb + 100, s.files, s.threads) for s in _life(1)]
    assert grew(growth(_life(1) + again)) == []


def test_what_fills_in_the_first_minutes_is_no_growth() -> None:
    filling = [Sample(s.at, s.daemon, 1, min(300.0, s.at), s.files, s.threads) for s in _life(1)]
    assert grew(growth(filling)) == []


def test_a_short_life_says_nothing() -> None:
    assert growth(_life(1, mb_per_hour=500, hours=0.3)) == []


def test_an_hour_that_is_slower_than_the_first_is_told() -> None:
    heard = [(at, 100.0 if at < 3600 else 150.0) for at in map(float, range(0, 7200, 30))]
    assert slower(by_span(heard, 3600)) == ["p95 of heard is 150 ms from 1.0 h on, 100 ms at first"]
    assert slower(by_span([(at, 100.0) for at, _ in heard], 3600)) == []


def test_a_daemon_that_stays_away_is_told() -> None:
    assert late([("gatewayd", MOST_BACK_S - 1), ("assistantd", MOST_BACK_S + 1)]) == [
        "assistantd took 61 s to come back"
    ]

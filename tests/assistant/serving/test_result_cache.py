from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.serving.result_cache import BYTES, HITS, MISSES, ONCE, ResultCache
from common.metrics import Counter, Gauge

keys = st.sampled_from("abcdefgh")
steps = st.lists(st.tuples(keys, st.integers(0, 60), st.booleans()), max_size=60)


def value(metric: Counter | Gauge) -> float:
    family = metric.family()
    assert family is not None
    return next((each.value for each in family.samples if each.labels == (("cache", "test"),)), 0.0)


def cache(most_bytes: float = 100, most: int = 5) -> ResultCache[bytearray]:
    return ResultCache("test", most_bytes, most, len)


def made(size: int) -> Callable[[str], bytearray]:
    return lambda _key: bytearray(size)


@given(steps)
def test_the_bounds_hold_whatever_is_kept(taken: list[tuple[str, int, bool]]) -> None:
    kept = cache()
    for key, size, used in taken:
        kept.wanted(key, made(size))
        if used:
            kept.used(key)
        kept.trim()
        left = [found for key in "abcdefgh" if (found := kept.get(key)) is not None]
        assert len(left) == 1 or (sum(map(len, left)) <= 100 and len(left) <= 5)
        assert value(BYTES) == sum(map(len, left))


@given(steps)
def test_what_was_wanted_last_is_always_kept(taken: list[tuple[str, int, bool]]) -> None:
    kept = cache()
    for key, size, _ in taken:
        result = kept.wanted(key, made(size))
        kept.trim()
        assert kept.get(key) is result


@given(steps)
def test_what_is_used_once_takes_its_part_alone(taken: list[tuple[str, int, bool]]) -> None:
    kept = cache()
    uses: dict[str, int] = {}
    for key, size, used in taken:
        if kept.get(key) is None:
            uses[key] = 0
        kept.wanted(key, made(size))
        if used:
            kept.used(key)
            uses[key] += 1
        kept.trim()
        once = [len(kept.get(each) or b"") for each, count in uses.items() if count < 2 and kept.get(each)]
        assert len(once) <= 1 or sum(once) - max(once) <= ONCE * 100


@given(steps)
def test_each_want_is_a_hit_or_a_miss(taken: list[tuple[str, int, bool]]) -> None:
    kept, hits = cache(1e9, 1000), 0
    before = value(HITS), value(MISSES)
    for key, size, _ in taken:
        hits += kept.get(key) is not None
        kept.wanted(key, made(size))
    assert value(HITS) - before[0] == hits
    assert value(MISSES) - before[1] == len(taken) - hits


def test_what_is_made_ahead_counts_as_a_hit_once_it_is_wanted() -> None:
    kept = cache()
    hits, misses = value(HITS), value(MISSES)
    first = kept.ahead("a", made(1))
    assert (value(HITS), value(MISSES)) == (hits, misses)
    assert kept.wanted("a", made(2)) is first
    assert (value(HITS), value(MISSES)) == (hits + 1, misses)


def test_a_result_that_grew_counts_with_its_new_size() -> None:
    kept = cache()
    for key in "ab":
        kept.wanted(key, made(10))
        kept.used(key)
        kept.used(key)
    full_before = kept.is_full
    grown = kept.get("b")
    assert grown is not None
    grown.extend(bytes(95))
    assert (full_before, kept.is_full) == (False, True)
    kept.trim()
    assert (kept.get("a"), kept.get("b")) == (None, grown)


def test_what_is_forgotten_is_made_anew() -> None:
    kept = cache()
    first = kept.wanted("a", made(1))
    kept.forget("a")
    kept.forget("never there")
    kept.used("a")
    assert kept.wanted("a", made(1)) is not first


def test_a_result_that_cannot_be_made_is_not_kept() -> None:
    kept = cache()

    def fail(_key: str) -> bytearray:
        raise OSError

    with pytest.raises(OSError):
        kept.wanted("a", fail)
    assert kept.get("a") is None
    assert len(kept.wanted("a", made(3))) == 3


def test_threads_that_want_the_same_get_the_same() -> None:
    kept, found = cache(), []
    together = threading.Barrier(4)

    def want() -> None:
        together.wait(10)
        for number in range(200):
            found.append((number, id(kept.wanted(str(number % 3), made(1)))))

    threads = [threading.Thread(target=want) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len({result for number, result in found if number % 3 == 0}) == 1

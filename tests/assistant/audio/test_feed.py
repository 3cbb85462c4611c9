from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.feed import Feed
from assistant.audio.format import Samples


def pulled(feed: Feed, count: int) -> Samples:
    block = np.full(count, -1, np.int16)
    feed.pull(block)
    return block


@given(
    parts=st.lists(st.integers(0, 50), max_size=8),
    pulls=st.lists(st.integers(1, 70), max_size=12),
)
def test_what_is_pushed_comes_out_in_order_with_silence_behind(parts: list[int], pulls: list[int]) -> None:
    feed = Feed(10_000)
    whole = np.arange(1, sum(parts) + 1, dtype=np.int16)
    at = 0
    for part in parts:
        feed.push(whole[at : at + part], 0)
        at += part
    out = [pulled(feed, count) for count in pulls]
    got = np.concatenate(out) if out else np.zeros(0, np.int16)
    expected = np.zeros(len(got), np.int16)
    expected[: len(whole)] = whole[: len(got)]
    assert np.array_equal(got, expected)


def test_it_is_done_when_it_ended_and_is_empty() -> None:
    feed = Feed(100)
    feed.push(np.ones(10, np.int16), 0)
    feed.end()
    assert not feed.is_done
    assert feed.pull(np.zeros(20, np.int16))
    assert feed.is_done


def test_a_full_feed_does_not_take_more() -> None:
    feed = Feed(10)
    assert feed.push(np.ones(10, np.int16), 0)
    assert not feed.push(np.ones(1, np.int16), 0)


def test_a_cut_fades_out_one_block_and_drops_the_rest() -> None:
    feed = Feed(1000)
    feed.push(np.full(500, 10_000, np.int16), 0)
    pulled(feed, 100)
    feed.cut()
    faded = pulled(feed, 100)
    assert faded[0] == 10_000 and faded[-1] == 0
    assert np.all(np.diff(faded.astype(int)) <= 0)
    assert feed.is_done
    assert not pulled(feed, 100).any()


def test_after_a_cut_what_is_pushed_is_dropped() -> None:
    feed = Feed(1)
    feed.push(np.ones(1, np.int16), 0)
    feed.cut()
    assert feed.push(np.ones(1000, np.int16), 0)
    pulled(feed, 10)
    assert not feed.pull(np.zeros(10, np.int16))


def test_a_change_of_gain_is_a_ramp() -> None:
    feed = Feed(1000)
    feed.push(np.full(300, 10_000, np.int16), 0)
    pulled(feed, 100)
    feed.set_gain(0.25)
    ramp = pulled(feed, 100)
    assert ramp[0] == 10_000 and ramp[-1] == 2_500
    assert np.all(pulled(feed, 100) == 2_500)


def test_ducking_takes_one_block_each_way_and_makes_no_click() -> None:
    rate, block = 22_050, 220
    feed = Feed(rate)
    sine = (10_000 * np.sin(2 * np.pi * 200 * np.arange(rate // 2) / rate)).astype(np.int16)
    feed.push(sine, 0)
    out = []
    for number in range(30):
        if number in (10, 20):
            feed.set_gain(0.2 if number == 10 else 1.0)
        out.append(pulled(feed, block))
    played = np.concatenate(out).astype(int)
    steepest = np.abs(np.diff(sine.astype(int))).max()
    # The ramp itself adds 80 % of the amplitude over a block.
    assert np.abs(np.diff(played)).max() <= steepest + 10_000 * 0.8 / block + 2
    levels = [np.abs(part).max() for part in (played[: 10 * block], played[11 * block : 20 * block])]
    assert abs(levels[1] / levels[0] - 0.2) < 0.01
    assert np.array_equal(played[21 * block :], sine[21 * block : 30 * block])


def test_the_first_block_is_not_faded_in() -> None:
    feed = Feed(1000)
    feed.set_gain(0.5)
    feed.push(np.full(10, 10_000, np.int16), 0)
    assert np.all(pulled(feed, 10) == 5_000)

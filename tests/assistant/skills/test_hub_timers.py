"""Timers of a hub: what rings here, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.skills.hub_timers import MAX_HUB_TIMERS, HubTimers
from assistant.skills.rings import RING_FOR
from common.errors import TooLarge
from tests.assistant.skills.english import REPLIES

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "name", "text"),
    [
        (600, "Pizza", "Your pizza timer is done."),
        (600, "", "Your ten minute timer is done."),
        (0, "", "Your timer is done."),
    ],
)
def test_one_that_ends_rings_by_its_name(length: float, name: str, text: str) -> None:
    book = HubTimers(REPLIES)
    book.started("x", length, name)
    assert book.due(NOW) == []
    book.finished("x", NOW)
    assert [ring.text for ring in book.due(NOW)] == [text]
    assert book.due(NOW) == [], "each is given once"
    assert len(book.ringing(NOW)) == 1


def test_one_that_was_never_told_of_rings_all_the_same() -> None:
    book = HubTimers(REPLIES)
    book.finished("x", NOW)
    assert [ring.text for ring in book.ringing(NOW)] == ["Your timer is done."]


def test_it_rings_until_it_is_silenced_or_for_two_minutes() -> None:
    book = HubTimers(REPLIES)
    book.finished("x", NOW)
    assert book.ringing(NOW + RING_FOR)
    assert not book.ringing(NOW + RING_FOR + timedelta(seconds=1))
    book.finished("y", NOW)
    assert len(book.silence(NOW)) == 1
    assert book.ringing(NOW) == []


def test_one_that_is_cancelled_while_it_rings_falls_silent() -> None:
    book = HubTimers(REPLIES)
    book.finished("x", NOW)
    book.cancelled("x")
    assert book.ringing(NOW) == []


def test_a_hub_that_goes_leaves_what_rings() -> None:
    book = HubTimers(REPLIES)
    book.started("x", 60)
    book.finished("y", NOW)
    book.forget()
    assert book.timers == {}
    assert len(book.ringing(NOW)) == 1


def test_their_number_is_bounded() -> None:
    book = HubTimers(REPLIES)
    for number in range(MAX_HUB_TIMERS):
        book.started(str(number), 60)
    with pytest.raises(TooLarge):
        book.started("one more", 60)
    for number in range(2 * MAX_HUB_TIMERS):
        book.finished(f"never told {number}", NOW)
    assert len(book.ringing(NOW)) == MAX_HUB_TIMERS


def test_a_length_that_no_timer_has_does_no_harm() -> None:
    book = HubTimers(REPLIES)
    book.started("x", float("inf"))
    book.started("y", -5.0)
    book.finished("x", NOW)
    book.finished("y", NOW)
    assert len(book.due(NOW)) == 2

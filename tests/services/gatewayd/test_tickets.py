"""Tickets of `sotto pair`."""

from __future__ import annotations

import pytest

from common.errors import Denied
from services.gatewayd.tickets import MOST_TICKETS, TICKET_S, Tickets


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue(0.0)
    tickets.redeem(ticket, 1.0)
    with pytest.raises(Denied):
        tickets.redeem(ticket, 1.0)


def test_a_ticket_is_good_for_a_while() -> None:
    tickets = Tickets()
    in_time, late = tickets.issue(0.0), tickets.issue(0.0)
    tickets.redeem(in_time, TICKET_S - 0.1)
    with pytest.raises(Denied):
        tickets.redeem(late, TICKET_S)


@pytest.mark.parametrize("ticket", ["", "12345678", "\ud800"])
def test_nothing_else_is_a_ticket(ticket: str) -> None:
    tickets = Tickets()
    tickets.issue(0.0)
    with pytest.raises(Denied) as caught:
        tickets.redeem(ticket, 0.0)
    assert caught.value.code == "pairing.ticket"


def test_the_oldest_goes_when_there_are_too_many() -> None:
    tickets = Tickets()
    made = [tickets.issue(0.0) for _ in range(MOST_TICKETS + 1)]
    with pytest.raises(Denied):
        tickets.redeem(made[0], 0.0)
    for ticket in made[1:]:
        tickets.redeem(ticket, 0.0)

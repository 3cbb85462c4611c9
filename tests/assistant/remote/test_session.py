"""One connection to a remote recogniser, as the process that carries it sees it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.format import Samples
from assistant.remote.link import RemoteLink
from assistant.remote.messages import GiveUp, GrammarKnown, Order, Recognise, Refused, Result, Welcome
from assistant.remote.port import GrammarName, RemoteBusy, Utterance
from assistant.remote.session import MAX_ORDERS, MAX_PENDING, MAX_RECIPE, LinkStatus, RemoteSession
from assistant.speech.transcript import Transcript
from assistant.understanding.names import HomeNames
from assistant.understanding.recipe import GrammarRecipe
from common.errors import Conflict, TooLarge, Unavailable
from tests.assistant.remote.conftest import IDENTITY, sound

RECIPE = GrammarRecipe("key", "en", True, (), HomeNames())
FOUND = Transcript("words", -0.1, "bias", 1.0)


class Session(RemoteSession):
    """One that is welcome; its orders can be read without waiting."""

    def __init__(self) -> None:
        self.states: list[LinkStatus] = []
        super().__init__("there", IDENTITY, self.states.append)
        self.connected()
        self.answer(Welcome())
        assert self.sent() == [IDENTITY]

    def sent(self) -> list[Order]:
        orders = list(self._orders)
        self._orders.clear()
        return orders


def audio_of(order: Order) -> Samples:
    assert isinstance(order, Recognise)
    return order.utterance.audio


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400), st.booleans()), max_size=12))
def test_the_other_side_can_put_every_recording_together(parts: Sequence[tuple[int, int, bool]]) -> None:
    """Each recording may go on from the one before, or begin like it, or be another one."""
    session, there = Session(), np.zeros(0, np.int16)
    for seed, samples, whole in parts:
        audio = np.concatenate([sound(0.01), sound(0.05, seed)])[:samples]
        session.recognise(Utterance(audio, GrammarName(), whole=whole))
        (order,) = session.sent()
        assert isinstance(order, Recognise)
        assert order.keep <= len(there)
        there = np.concatenate([there[: order.keep], audio_of(order)])
        assert np.array_equal(there, audio)
        assert not (whole and order.keep)
        session.answer(Result(order.id, FOUND, False, True))


def test_no_sample_of_a_growing_recording_is_sent_twice() -> None:
    session, whole = Session(), sound(3.0)
    for end in (16_000, 32_000, 48_000, 48_000):
        session.recognise(Utterance(whole[:end], GrammarName()))
    assert sum(len(audio_of(order)) for order in session.sent()) == len(whole)


def test_a_result_that_is_last_is_the_deep_one_too() -> None:
    session = Session()
    results = session.recognise(Utterance(sound(0.1), GrammarName(), search=True))
    session.answer(Result(results.id, FOUND, False, True))
    assert results.quick.result(0) is results.deep.result(0) is FOUND


def test_a_deep_result_comes_after_the_quick_one() -> None:
    session = Session()
    results = session.recognise(Utterance(sound(0.1), GrammarName(), search=True))
    session.answer(Result(results.id, FOUND, False, False))
    assert results.quick.result(0) is FOUND
    assert not results.deep.done()
    session.answer(Result(results.id, FOUND, True, True))
    assert results.deep.result(0) is FOUND


@pytest.mark.parametrize("how", ["disconnected", "closed", "connected"])
def test_what_is_under_way_fails_at_once_when_the_connection_is_lost(how: str) -> None:
    session = Session()
    results = [session.recognise(Utterance(sound(0.1), GrammarName())) for _ in range(3)]
    if how == "closed":
        session.close()
    else:
        session.disconnected("it went away", "remote.closed")
    for each in results:
        with pytest.raises(Unavailable):
            each.quick.result(0)
        with pytest.raises(Unavailable):
            each.deep.result(0)
    with pytest.raises(Unavailable):
        session.recognise(Utterance(sound(0.1), GrammarName()))


def test_a_refusal_is_what_is_raised() -> None:
    session = Session()
    results = session.recognise(Utterance(sound(0.1), GrammarName()))
    session.answer(Refused(results.id, RemoteBusy(5.0)))
    with pytest.raises(RemoteBusy) as caught:
        results.quick.result(0)
    assert caught.value.retry_s == 5.0


def test_what_is_given_up_is_told_and_its_results_are_ignored() -> None:
    session = Session()
    results = session.recognise(Utterance(sound(0.1), GrammarName()))
    session.sent()
    session.give_up(results)
    session.give_up(results)
    assert session.sent() == [GiveUp(results.id)]
    session.answer(Result(results.id, FOUND, False, True))
    session.answer(Result(4711, FOUND, False, True))
    with pytest.raises(Unavailable):
        results.quick.result(0)


def test_recordings_under_way_and_orders_are_bounded() -> None:
    session = Session()
    for _ in range(MAX_PENDING):
        session.recognise(Utterance(sound(0.01), GrammarName()))
    with pytest.raises(Unavailable) as caught:
        session.recognise(Utterance(sound(0.01), GrammarName()))
    assert caught.value.code == "remote.slow"
    session = Session()
    with pytest.raises(Unavailable):
        for _ in range(MAX_ORDERS):
            session.give_up(session.recognise(Utterance(sound(0.01), GrammarName())))
    assert len(session.sent()) <= MAX_ORDERS + 1


def test_a_grammar_is_offered_once_and_used_when_it_was_made() -> None:
    session = Session()
    for _ in range(3):
        session.offer("key", lambda: RECIPE)
    assert session.sent() == [RECIPE]
    assert not session.takes("key")
    session.answer(GrammarKnown("key", True))
    assert session.takes("key")
    assert session.takes(""), "free text needs none"
    session.answer(GrammarKnown("key", False))
    assert not session.takes("key")
    session.offer("key", lambda: RECIPE)
    assert session.sent() == [RECIPE]


def test_a_grammar_that_is_refused_is_not_offered_again_on_this_connection() -> None:
    session = Session()
    session.offer("key", lambda: RECIPE)
    session.answer(GrammarKnown("key", False, TooLarge("too large", code="grammar.large")))
    session.sent()
    session.offer("key", lambda: RECIPE)
    assert session.sent() == []
    assert (session.status.up, session.status.code, session.status.asks_owner) == (
        True,
        "grammar.large",
        True,
    )
    session.offer("other", lambda: RECIPE)
    session.answer(GrammarKnown("other", True))
    assert session.status.problem == ""


def test_a_grammar_that_does_not_fit_into_a_message_is_not_sent() -> None:
    session = Session()
    large = GrammarRecipe("key", "en", True, (), HomeNames(), ("x" * MAX_RECIPE,))
    with pytest.raises(TooLarge):
        session.offer("key", lambda: large)
    assert session.sent() == []


def test_a_new_connection_begins_with_the_identity_and_whole_recordings() -> None:
    session = Session()
    session.recognise(Utterance(sound(0.1), GrammarName()))
    session.disconnected("it went away", "remote.closed")
    session.connected()
    session.answer(Welcome())
    session.recognise(Utterance(sound(0.1), GrammarName()))
    identity, order = session.sent()
    assert identity == IDENTITY
    assert isinstance(order, Recognise) and order.keep == 0


def test_a_closed_session_has_no_effect_any_more() -> None:
    session = Session()
    session.close()
    session.connected()
    session.answer(Welcome())
    assert not session.status.up
    assert list(session.orders()) == []
    assert [status.up for status in session.states] == [True, False]


def test_orders_end_when_the_session_is_closed() -> None:
    session = Session()
    taken: list[Order] = []
    reader = threading.Thread(target=lambda: taken.extend(session.orders()))
    reader.start()
    session.close()
    reader.join(20)
    assert not reader.is_alive()


def test_one_process_is_attached_at_a_time() -> None:
    link = RemoteLink(IDENTITY, lambda _status: None)
    assert not link.takes(GrammarName())
    first = link.attach("there")
    with pytest.raises(Conflict):
        link.attach("elsewhere")
    first.close()
    second = link.attach("elsewhere")
    first.connected()
    first.answer(Welcome())
    assert link.status.address == "elsewhere"
    assert not link.status.up
    second.connected()
    second.answer(Welcome())
    assert link.takes(GrammarName())

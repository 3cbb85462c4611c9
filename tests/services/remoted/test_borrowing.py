"""A box has its speech recognised by another machine: real processes, real models, loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.audio.format import Samples
from assistant.scheduling.remote import MOST_LATE
from tests.services.connectord.conftest import until
from tests.services.remoted.conftest import SCOPE, Borrower, Server
from tests.services.remoted.proxy import Network

pytestmark = pytest.mark.slow

Say = Callable[..., Samples]
SENTENCES = (
    "turn on the kitchen light",
    "set a timer for ten minutes",
    "the quick brown fox jumps over the lazy dog",
)
LONG = "set the bedroom light to thirty percent and turn off all the lights in the living room"
COMMAND = "turn off all the lights in the living room"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """One that the test may kill."""
    server = Server.at(tmp_path / "server")
    server.start()
    server.token = server.gate.pair("kitchen", SCOPE)
    yield server
    server.stop()


def test_the_words_are_those_of_the_box_itself(
    server: Server, borrower: Borrower, wav: Callable[..., Path], say: Say
) -> None:
    borrower.start(server.remote(server.token))
    clips = [wav(sentence) for sentence in SENTENCES]
    at_home = [borrower.transcribe(clip) for clip in clips]
    (turn_at_home,) = borrower.say(say(COMMAND))
    borrower.until_chosen()
    before = borrower.remote_results()
    borrowed = [borrower.transcribe(clip) for clip in clips]
    assert [(b.text, b.method) for b in borrowed] == [(a.text, a.method) for a in at_home]
    assert borrower.remote_results() - before >= len(clips)
    (turn,) = borrower.say(say(COMMAND))
    assert (turn.transcript, turn.intent, turn.accepted) == (turn_at_home.transcript, "HassTurnOff", True)


def test_killed_in_mid_sentence_it_costs_no_word_and_when_it_is_back_it_is_used_again(
    own_server: Server, borrower: Borrower, wav: Callable[..., Path], say: Say
) -> None:
    borrower.start(own_server.remote(own_server.token))
    (at_home,) = borrower.say(say(COMMAND))
    borrower.until_chosen()
    at_half: list[dict[tuple[str, ...], int]] = []

    def kill() -> None:
        """Once this very sentence is recognised there."""
        at_half.append(borrower.results())
        own_server.kill()

    begun = borrower.remote_results()
    (turn,) = borrower.say(say(COMMAND), kill)
    assert turn.transcript == at_home.transcript
    assert (turn.intent, turn.accepted) == ("HassTurnOff", True)
    after = borrower.results()
    (half,) = at_half
    assert sum(n for (where, _), n in half.items() if where == "remote") > begun, "its ears were borrowed"
    news = {key: count - half.get(key, 0) for key, count in after.items()}
    # Steps, not seconds: what was under way fails or is late, and then this box recognises by itself.
    assert sum(count for (where, _), count in news.items() if where == "local") > 0, news
    assert news.get(("remote", "chosen"), 0) == 0
    assert news.get(("remote", "late"), 0) + news.get(("local", "late"), 0) <= MOST_LATE
    until(lambda: not borrower.status().up, "the box knows that it has gone")
    own_server.again()
    borrower.until_chosen()
    before = borrower.remote_results()
    assert "kitchen light" in borrower.transcribe(wav("turn on the kitchen light")).text
    assert borrower.remote_results() > before


def test_when_the_box_s_own_daemon_dies_the_connection_waits_for_it(
    server: Server, borrower: Borrower
) -> None:
    borrower.start(server.remote(server.token))
    borrower.until_chosen()
    assert borrower.box.process is not None
    borrower.box.process.kill()
    borrower.box.process.communicate()
    borrower.box.start()
    borrower.until_chosen()
    assert [process.poll() for process in borrower.processes] == [None]


def test_a_machine_that_falls_silent_costs_no_word(server: Server, borrower: Borrower, say: Say) -> None:
    """Its connection stays open: only the wait tells."""
    network = Network(server.gate.grpc_port)
    try:
        borrower.start(server.remote(server.token, network.port))
        borrower.until_chosen()

        def fall_silent() -> None:
            network.silent = True

        (turn,) = borrower.say(say(COMMAND), fall_silent)
        assert (turn.intent, turn.accepted) == ("HassTurnOff", True)
        assert not borrower.status().chosen
        results = borrower.results()
        assert results.get(("local", "late"), 0) >= 1
    finally:
        network.silent = False
        network.close()


def test_a_slow_network_is_not_worth_it(server: Server, borrower: Borrower, wav: Callable[..., Path]) -> None:
    network = Network(server.gate.grpc_port, delay_s=1.0)
    try:
        borrower.start(server.remote(server.token, network.port), use="faster")
        until(lambda: borrower.status().HasField("remote_ms"), "it is measured", 100)
        until(lambda: borrower.status().HasField("local_ms"), "this box is, too")
        status = borrower.status()
        assert not status.chosen
        assert status.remote_ms > status.local_ms
        assert "not clearly faster" in status.reason
        before = borrower.remote_results()
        assert "kitchen light" in borrower.transcribe(wav("turn on the kitchen light")).text
        assert borrower.remote_results() == before
    finally:
        network.close()

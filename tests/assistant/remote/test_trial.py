"""What is tried in the quiet, and what a trial that goes wrong leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from assistant.audio.format import Samples
from assistant.remote.ears import RemoteEars
from assistant.remote.messages import GrammarKnown, Order, Recognise, Result, Welcome
from assistant.remote.session import RemoteSession
from assistant.remote.settings import RemoteSettings
from assistant.scheduling.remote import FEWEST
from assistant.speech.transcript import Transcript
from assistant.understanding.builder import Build
from assistant.understanding.recipe import GrammarRecipe
from common.errors import GrammarError
from common.faults import Fault
from tests.assistant.remote.conftest import IDENTITY, Held, sound, wait_until

Home = tuple[Build, GrammarRecipe]


class Box:
    """A box with a remote recogniser, whose answers the test gives."""

    def __init__(self, home: Home) -> None:
        self.faults: tuple[Fault, ...] = ()
        self.rendered = 0
        self.ears = RemoteEars(
            RemoteSettings(use="always"),
            Held("words"),
            IDENTITY,
            lambda: home[0],
            lambda _build: home[1],
            self._speech,
            self._report,
        )
        self.session: RemoteSession = self.ears.link.attach("there")
        self.session.connected()
        self._orders: Iterator[Order] = self.session.orders()
        assert next(self._orders) == IDENTITY
        self.session.answer(Welcome())

    def _speech(self) -> Samples:
        self.rendered += 1
        return sound(1.0)

    def _report(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults

    def next(self, quiet: bool = True) -> Order:
        """The next order, while the box is polled as often as is needed."""

        def there() -> bool:
            self.ears.poll(quiet)
            return bool(self.session._orders)

        wait_until(there)
        return next(self._orders)

    def learn(self, home: Home) -> None:
        assert self.next() == home[1]
        self.session.answer(GrammarKnown(home[1].key, True))

    def answer(self, order: Order, text: str) -> None:
        assert isinstance(order, Recognise)
        self.session.answer(Result(order.id, Transcript(text, 0.0, "free", 1.0), False, True))


@pytest.fixture
def box(home: Home) -> Iterator[Box]:
    box = Box(home)
    yield box
    box.session.close()


def test_the_grammar_is_offered_at_once_and_the_machine_is_tried_until_it_is_known(
    box: Box, home: Home
) -> None:
    assert box.next(quiet=False) == home[1]
    box.session.answer(GrammarKnown(home[1].key, True))
    for _ in range(FEWEST):
        order = box.next()
        assert isinstance(order, Recognise)
        assert len(order.utterance.audio) == 16_000, "all of it is sent: the way is measured, too"
        box.answer(order, "words quick")
    wait_until(lambda: box.ears.verdict().chosen)
    assert (box.rendered, box.faults) == (1, ())


def test_nothing_is_tried_while_somebody_speaks(box: Box, home: Home) -> None:
    box.learn(home)
    for _ in range(5):
        box.ears.poll(False)
    assert not box.session._orders
    assert isinstance(box.next(), Recognise)


def test_one_that_finds_other_words_is_not_used_and_the_owner_is_told(box: Box, home: Home) -> None:
    box.learn(home)
    box.answer(box.next(), "other words")
    wait_until(lambda: bool(box.faults))
    assert [fault.code for fault in box.faults] == ["remote.words"]
    assert not box.ears.verdict().chosen
    assert "other words" in box.ears.verdict().reason
    for _ in range(5):
        box.ears.poll(True)
    assert not box.session._orders, "it is not tried again"


def test_a_refused_grammar_is_told_to_the_owner(box: Box, home: Home) -> None:
    assert box.next() == home[1]
    box.session.answer(
        GrammarKnown(home[1].key, False, GrammarError("another grammar", code="grammar.other"))
    )
    assert [fault.code for fault in box.faults] == ["grammar.other"]
    assert not box.ears.verdict().chosen


@pytest.mark.parametrize(("asks_owner", "told"), [(True, ["access.token"]), (False, [])])
def test_the_owner_is_told_of_what_only_the_owner_can_mend(
    box: Box, asks_owner: bool, told: list[str]
) -> None:
    box.session.disconnected("the token is not known", "access.token", asks_owner=asks_owner)
    assert [fault.code for fault in box.faults] == told
    assert box.ears.verdict().reason == "the token is not known"


def test_a_machine_that_is_there_again_clears_the_fault(box: Box, home: Home) -> None:
    box.session.disconnected("the token is not known", "access.token", asks_owner=True)
    box.session.connected()
    box.session.answer(Welcome())
    assert box.faults == ()


def test_a_fault_of_the_trial_ends_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(home)
    failing: Callable[[], object] = lambda: 1 / 0  # noqa: E731
    monkeypatch.setattr(box.ears._trial, "_make_speech", failing)
    box.learn(home)
    for _ in range(3):
        box.ears.poll(True)
        wait_until(lambda: not box.ears._trial._thread or not box.ears._trial._thread.is_alive())
    monkeypatch.undo()
    assert isinstance(box.next(), Recognise)
    box.session.close()

"""The remote answer, or this machine's: which of them counts, in which order, and that one always comes.

Nothing here depends on how long something takes: the test lets each result go.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from assistant.remote.hedged import HedgedRecogniser, HedgedRecognition
from assistant.remote.measured import SharedChoice
from assistant.remote.port import RemoteBusy
from assistant.scheduling.remote import FEWEST, RemoteChoice, Work
from assistant.speech.transcript import Transcript
from common.errors import Unavailable
from tests.assistant.remote.conftest import Held, Remote, give, sound


class _Choice(RemoteChoice):
    """Waits as long as the test says, and keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.wait: float | None = 60.0
        self.told: list[str] = []

    def wait_s(self, work: Work, audio_s: float, now: float) -> float | None:
        return self.wait

    def late(self, now: float) -> None:
        self.told.append("late")

    def failed(self, now: float, retry_s: float = 0.0) -> None:
        self.told.append(f"failed {retry_s:g}")

    def local_took(self, work: Work, audio_s: float, seconds: float) -> None:
        self.told.append(f"local {work}")

    def remote_took(self, work: Work, *_: object, **__: object) -> None:
        self.told.append(f"remote {work}")


@pytest.fixture
def remote() -> Remote:
    return Remote()


@pytest.fixture
def local() -> Iterator[Held]:
    held = Held(hold=True)
    yield held
    held.free.set()


@pytest.fixture
def choice() -> _Choice:
    return _Choice()


@pytest.fixture
def hedged(local: Held, remote: Remote, choice: _Choice) -> HedgedRecogniser:
    return HedgedRecogniser(local, remote, SharedChoice(choice))


@pytest.fixture
def caller() -> Iterator[ThreadPoolExecutor]:
    """A thread that waits for results, as that of a conversation does."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def begin(hedged: HedgedRecogniser) -> HedgedRecognition:
    recognition = hedged.begin(sound(1.0))
    assert isinstance(recognition, HedgedRecognition)
    return recognition


def text(result: Future[Transcript]) -> str:
    return result.result(20).text


def test_the_remote_result_is_taken_and_nothing_is_computed_here(
    hedged: HedgedRecogniser, remote: Remote, local: Held, choice: _Choice, caller: ThreadPoolExecutor
) -> None:
    result = caller.submit(begin(hedged).quick)
    give(remote.next().quick)
    assert text(result) == "remote"
    assert local.begun == []
    assert choice.told == ["remote quick"]


def test_where_this_machine_is_chosen_nothing_is_sent(
    hedged: HedgedRecogniser, remote: Remote, local: Held, choice: _Choice
) -> None:
    choice.wait = None
    local.free.set()
    recognition = begin(hedged)
    assert recognition.quick().text == "local quick"
    assert recognition.deep().text == "local deep"
    assert remote.asked == []
    assert choice.told == ["local quick", "local deep"]


@pytest.mark.parametrize("error", [Unavailable("gone", code="remote.gone"), RemoteBusy(7.0)])
def test_a_failure_costs_no_word(
    hedged: HedgedRecogniser,
    remote: Remote,
    local: Held,
    choice: _Choice,
    caller: ThreadPoolExecutor,
    error: Exception,
) -> None:
    local.free.set()
    result = caller.submit(begin(hedged).quick)
    remote.next().quick.set_exception(error)
    assert text(result) == "local quick"
    assert len(local.begun[0]) == 16_000, "this machine takes the same audio"
    assert choice.told[0] == f"failed {getattr(error, 'retry_s', 0.0):g}"


def test_a_machine_that_goes_away_between_both_results_costs_no_word(
    hedged: HedgedRecogniser, remote: Remote, local: Held, caller: ThreadPoolExecutor
) -> None:
    local.free.set()
    recognition = begin(hedged)
    recognition.search_ahead()
    quick = caller.submit(recognition.quick)
    give(remote.next().quick)
    assert text(quick) == "remote"
    deep = caller.submit(recognition.deep)
    remote.next().deep.set_exception(Unavailable("gone", code="remote.gone"))
    assert text(deep) == "local deep"
    assert recognition.quick().text == "local quick", "it stays with this machine"


def test_one_that_cannot_even_be_asked_costs_no_word(
    hedged: HedgedRecogniser, remote: Remote, local: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_utterance: object) -> None:
        raise Unavailable("slow", code="remote.slow")

    monkeypatch.setattr(remote, "recognise", refuse)
    local.free.set()
    assert begin(hedged).quick().text == "local quick"


def test_a_late_result_that_never_comes_is_replaced_by_this_machine_s(
    hedged: HedgedRecogniser, remote: Remote, local: Held, choice: _Choice
) -> None:
    choice.wait = 0.0
    local.free.set()
    recognition = begin(hedged)
    assert recognition.quick().text == "local quick"
    assert choice.told == ["late", "local quick"]
    assert recognition.deep().text == "local deep"
    assert len(remote.asked) == 1
    give(remote.asked[0][1].quick)
    assert choice.told[-1] == "remote quick", "how late it was is measured"


def test_a_late_result_that_comes_before_this_machine_s_counts(
    hedged: HedgedRecogniser, remote: Remote, local: Held, choice: _Choice, caller: ThreadPoolExecutor
) -> None:
    choice.wait = 0.0
    recognition = begin(hedged)
    result = caller.submit(recognition.quick)
    results = remote.next()
    while not local.begun:
        pass  # this machine has begun, and is held back
    give(results.quick)
    assert text(result) == "remote"


def test_a_late_result_that_fails_leaves_this_machine_s(
    hedged: HedgedRecogniser, remote: Remote, local: Held, choice: _Choice, caller: ThreadPoolExecutor
) -> None:
    choice.wait = 0.0
    result = caller.submit(begin(hedged).quick)
    results = remote.next()
    while not local.begun:
        pass
    results.quick.set_exception(Unavailable("gone", code="remote.gone"))
    local.free.set()
    assert text(result) == "local quick"


def test_the_search_is_asked_for_with_the_quick_result_where_it_is_likely(
    hedged: HedgedRecogniser, remote: Remote, choice: _Choice, caller: ThreadPoolExecutor
) -> None:
    recognition = begin(hedged)
    recognition.search_ahead()
    quick = caller.submit(recognition.quick)
    results = remote.next()
    assert remote.asked[0][0].search
    give(results.quick, "quick")
    give(results.deep, "deep", searched=True)
    assert text(quick) == "quick"
    assert recognition.deep().text == "deep"
    assert len(remote.asked) == 1
    assert choice.told == ["remote quick", "remote deep"]


def test_a_deep_result_that_was_not_asked_for_is_asked_for(
    hedged: HedgedRecogniser, remote: Remote, caller: ThreadPoolExecutor
) -> None:
    recognition = begin(hedged)
    quick = caller.submit(recognition.quick)
    give(remote.next().quick)
    text(quick)
    deep = caller.submit(recognition.deep)
    give(remote.next(2).deep, "deep", searched=True)
    assert text(deep) == "deep"
    assert [utterance.search for utterance, _ in remote.asked] == [False, True]


def test_the_next_recording_gives_up_what_nobody_waits_for(
    hedged: HedgedRecogniser, remote: Remote, caller: ThreadPoolExecutor
) -> None:
    before = begin(hedged)
    quick = caller.submit(before.quick)
    give(remote.next().quick)
    text(quick)
    begin(hedged)
    assert remote.given_up == [remote.asked[0][1]]
    again = caller.submit(before.deep)
    give(remote.next(2).deep, "deep", searched=True)
    assert text(again) == "deep", "it is asked for again if it is wanted after all"


def test_the_next_recording_leaves_a_result_that_somebody_waits_for(
    hedged: HedgedRecogniser, remote: Remote, caller: ThreadPoolExecutor
) -> None:
    """Two streams at once."""
    quick = caller.submit(begin(hedged).quick)
    results = remote.next()
    begin(hedged)
    assert remote.given_up == []
    give(results.quick)
    assert text(quick) == "remote"


def test_without_the_other_machine_or_its_grammar_nothing_is_different(
    hedged: HedgedRecogniser, remote: Remote, local: Held, choice: _Choice
) -> None:
    remote.there = False
    local.free.set()
    recognition = hedged.begin(sound(1.0))
    assert recognition.quick().text == "local quick"
    assert choice.told == ["local quick"]


def test_silence_is_not_sent(hedged: HedgedRecogniser, remote: Remote, local: Held) -> None:
    local.free.set()
    hedged.begin(sound(1.0) * 0).quick()
    assert remote.asked == []


def test_with_the_real_choice_a_machine_that_goes_away_is_asked_once_and_no_more(
    remote: Remote, local: Held, caller: ThreadPoolExecutor
) -> None:
    """Steps: one question that fails, then this machine alone, whatever is said."""
    choice = RemoteChoice(always=True)
    for _ in range(FEWEST):
        choice.remote_took(Work.QUICK, 1.0, 5.0, 0.0, 0.0, trial=True)
    shared = SharedChoice(choice)
    shared(lambda c, now: c.remote_took(Work.QUICK, 1.0, 5.0, 0.0, now, trial=True))
    hedged = HedgedRecogniser(local, remote, shared)
    local.free.set()
    result = caller.submit(begin(hedged).quick)
    remote.next().quick.set_exception(Unavailable("gone", code="remote.gone"))
    assert text(result) == "local quick"
    for _ in range(5):
        assert begin(hedged).quick().text == "local quick"
    assert len(remote.asked) == 1

"""What a machine recognises for another box, with the real recogniser."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assistant.audio.format import Samples
from assistant.remote.identity import RecogniserIdentity, recogniser_identity
from assistant.remote.lender import MOST_OF_A_BOX, Lender, OtherRecogniser
from assistant.remote.messages import Answer, GiveUp, GrammarKnown, Order, Recognise, Refused, Result, Welcome
from assistant.remote.port import GrammarName, RemoteBusy, Utterance, name_of
from assistant.remote.settings import LendSettings
from assistant.speech.after_wake import AfterWakeWord
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.recogniser import Recogniser, RecogniserSettings
from assistant.speech.transcript import Transcript
from assistant.understanding.answers import while_asked
from assistant.understanding.builder import Build
from assistant.understanding.recipe import GrammarRecipe
from common.errors import InvalidInput, TooLarge, Unavailable
from tests.assistant.remote.conftest import HOME, IDENTITY, STOP, Held, Wire, sound, wait_until

Say = Callable[..., Samples]
Home = tuple[Build, GrammarRecipe]


def same(a: Transcript, b: Transcript) -> None:
    """All but the time that it took."""
    assert (a.text, a.method, a.audio_s) == (b.text, b.method, b.audio_s)
    assert (a.free_score, dict(a.scores)) == (b.free_score, dict(b.scores))


@pytest.mark.parametrize(
    "text", ["turn on the kitchen light", "turn off the bedroom lamps", "the quick brown fox jumps"]
)
def test_both_results_are_those_of_the_box_itself(
    lent: Wire, recogniser: Recogniser, home: Home, say: Say, text: str
) -> None:
    audio, grammar = say(text), home[0].grammar
    here = recogniser.begin(audio, grammar, 1.5)
    name = name_of(grammar)
    assert name is not None
    there = lent.session.recognise(Utterance(audio, name, 1.5, search=True))
    same(there.quick.result(30), here.quick())
    same(there.deep.result(30), here.deep())


def test_a_wake_word_an_open_question_stop_and_free_text_are_understood_alike(
    lent: Wire, recogniser: Recogniser, home: Home, say: Say
) -> None:
    asked = while_asked(home[0].grammar, ["WHICH"], HOME)
    cases: list[tuple[str, RecognitionGrammar | None]] = [
        ("alexa turn on the kitchen light", AfterWakeWord("alexa", home[0].grammar)),
        ("the first one", asked),
        ("alexa the first one", AfterWakeWord("alexa", asked)),
        ("stop", STOP),
        ("turn on the radio", None),
    ]
    for text, grammar in cases:
        audio, name = say(text), name_of(grammar)
        assert name is not None
        there = lent.session.recognise(Utterance(audio, name, None)).quick.result(30)
        same(there, recogniser.begin(audio, grammar).quick())
    assert not lent.errors


def test_the_time_of_the_deep_result_is_that_of_all_work(lent: Wire, home: Home, say: Say) -> None:
    audio = say("the quick brown fox jumps over the dog")
    results = lent.session.recognise(Utterance(audio, GrammarName(home[1].key), search=True))
    quick, deep = results.quick.result(30), results.deep.result(30)
    assert deep.encode_ms + deep.decode_ms > quick.encode_ms + quick.decode_ms > 0


class _Box:
    """Orders of a box, one after the other, and all answers."""

    def __init__(self, lender: Lender) -> None:
        self.answers: list[Answer] = []
        self._place = lender.box(self.answers.append)
        self._borrower = self._place.__enter__()

    def __call__(self, *orders: Order) -> _Box:
        for order in orders:
            self._borrower.take(order)
        return self

    def leave(self) -> None:
        self._place.__exit__(None, None, None)

    def refusals(self) -> list[str]:
        return [answer.error.code for answer in self.answers if isinstance(answer, Refused)]


def lend(recogniser: Held, **bounds: int) -> Lender:
    return Lender(LendSettings(**{"boxes": 2, **bounds}), IDENTITY, recogniser, (), STOP)


def utterance(id_: int, seconds: float = 1.0, keep: int = 0, name: GrammarName | None = None) -> Recognise:
    return Recognise(id_, keep, Utterance(sound(seconds), name or GrammarName()))


@pytest.mark.parametrize("part", ["language", "code", "model", "settings"])
def test_a_box_with_another_recogniser_is_refused_and_told_what_differs(part: str) -> None:
    other = RecogniserIdentity(**{**vars(IDENTITY), part: "other"})
    with pytest.raises(OtherRecogniser) as caught:
        _Box(lend(Held()))(other)
    assert caught.value.code == f"recognise.{part}"
    assert caught.value.hint


def test_the_identity_depends_on_what_decides_about_words_and_on_nothing_else() -> None:
    usual = recogniser_identity("en", RecogniserSettings())
    assert usual == recogniser_identity("en", RecogniserSettings(threads=4, max_grammars=99))
    assert usual.differs_in(recogniser_identity("en", RecogniserSettings(bias=3.0))) is not None


def test_nothing_is_done_for_a_box_that_does_not_say_who_it_is() -> None:
    with pytest.raises(InvalidInput) as caught:
        _Box(lend(Held()))(utterance(1))
    assert caught.value.code == "recognise.no-hello"


def test_an_unknown_grammar_is_asked_for(home: Home) -> None:
    box = _Box(lend(Held()))(IDENTITY, utterance(1, name=GrammarName("unknown")))
    assert box.answers == [Welcome(), GrammarKnown("unknown", False), box.answers[2]]
    assert box.refusals() == ["remote.no-grammar"]


def test_a_grammar_that_cannot_be_made_is_refused_with_the_reason(home: Home) -> None:
    box = _Box(lend(Held()))(IDENTITY, GrammarRecipe("k", "en", False, ("Go",), HOME, ("[",)))
    wait_until(lambda: len(box.answers) == 2)
    known = box.answers[1]
    assert isinstance(known, GrammarKnown)
    assert known.error is not None and known.error.code == "grammar.yaml"


def test_grammars_that_were_used_longest_ago_make_way(home: Home) -> None:
    lender = lend(Held(), grammar_size=home[1].size + 10)
    lender.grammars.learn(home[1])
    first = lender.grammars.get(home[1].key)
    assert first is not None
    lender.grammars.learn(home[1])
    assert lender.grammars.get(home[1].key) is first, "it is not made again"
    with pytest.raises(Unavailable) as caught:
        lend(Held(), grammar_size=home[1].size - 1).grammars.learn(home[1])
    assert caught.value.code == "recognise.grammar-size"


def test_too_many_recordings_of_a_box_are_refused_politely() -> None:
    held = Held(hold=True)
    box = _Box(lend(held))(IDENTITY)
    box(*(utterance(number) for number in range(MOST_OF_A_BOX + 2)))
    refused = [answer for answer in box.answers if isinstance(answer, Refused)]
    assert [answer.id for answer in refused] == [MOST_OF_A_BOX, MOST_OF_A_BOX + 1]
    assert all(isinstance(answer.error, RemoteBusy) and answer.error.retry_s > 0 for answer in refused)
    held.free.set()
    wait_until(lambda: sum(isinstance(answer, Result) for answer in box.answers) == MOST_OF_A_BOX)
    box(utterance(99))
    wait_until(lambda: any(isinstance(answer, Result) and answer.id == 99 for answer in box.answers))


def test_one_that_gives_up_and_asks_again_takes_no_place_from_others() -> None:
    held = Held(hold=True)
    lender = lend(held)
    greedy, other = _Box(lender)(IDENTITY), _Box(lender)(IDENTITY)
    for number in range(3 * MOST_OF_A_BOX):
        greedy(utterance(number), GiveUp(number))
    other(utterance(1))
    assert other.refusals() == []
    held.free.set()
    wait_until(lambda: any(isinstance(answer, Result) for answer in other.answers))


def test_as_many_boxes_as_the_settings_say() -> None:
    lender = lend(Held())
    boxes = [_Box(lender), _Box(lender)]
    with pytest.raises(Unavailable) as caught:
        _Box(lender)
    assert caught.value.code == "recognise.full"
    boxes[0].leave()
    _Box(lender)(IDENTITY)


def test_audio_that_the_machine_does_not_have_or_too_much_of_it_is_refused() -> None:
    box = _Box(lend(Held()))(IDENTITY, utterance(1, 1.0))
    with pytest.raises(InvalidInput) as caught:
        box(utterance(2, keep=16_001))
    assert caught.value.code == "recognise.keep"


def test_a_recording_above_the_limit_is_refused(recogniser: Recogniser) -> None:
    lender = Lender(LendSettings(boxes=1), IDENTITY, recogniser, (), STOP)
    with pytest.raises(TooLarge):
        _Box(lender)(IDENTITY, utterance(1, 31.0))


def test_the_audio_of_before_is_put_in_front() -> None:
    held = Held()
    box = _Box(lend(held))(IDENTITY, utterance(1, 1.0))
    box(Recognise(2, 8000, Utterance(sound(0.5, seed=1), GrammarName())))
    wait_until(lambda: len(held.begun) == 2)
    expected = np.concatenate([sound(1.0)[:8000], sound(0.5, seed=1)])
    assert any(np.array_equal(audio, expected) for audio in held.begun)


def test_a_fault_of_the_recogniser_costs_one_recording() -> None:
    class Broken(Held):
        def begin(self, *_: object) -> object:  # type: ignore[override]
            raise ZeroDivisionError

    box = _Box(lend(Broken()))(IDENTITY, utterance(1))
    wait_until(lambda: box.refusals() == ["recognise.failed"])

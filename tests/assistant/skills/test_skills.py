"""The set of skills: failures, questions, memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from assistant.skills.common_lines import NOT_SAVED as NOT_SAVED_LINE
from assistant.skills.common_lines import SKILL_FAILED
from assistant.skills.contract import Act, Reply, Request
from assistant.skills.registry import Skills
from common.errors import StorageError, Unavailable
from tests.assistant.skills.conftest import NOW, Box
from tests.assistant.skills.english import REPLIES

APOLOGY = REPLIES.text(SKILL_FAILED)
NOT_SAVED = REPLIES.text(NOT_SAVED_LINE)


@dataclass
class Scripted:
    """A skill that answers what it is told to."""

    answer: Callable[[], Reply]
    intents: frozenset[str] = field(default_factory=lambda: frozenset({"Try"}))

    def handle(self, _request: Request) -> Reply:
        return self.answer()


def request(intent: str = "Try", seconds: int = 0) -> Request:
    return Request(intent, {}, "", NOW + timedelta(seconds=seconds))


def failing(error: Exception) -> Callable[[], None]:
    def run() -> None:
        raise error

    return run


def test_an_intent_that_nothing_answers_is_no_success() -> None:
    reply = Skills([], REPLIES).handle(request("OrderCoffee"))
    assert (reply.text, reply.ok, reply.acts) == (APOLOGY, False, ())


def test_two_skills_for_one_intent_are_refused() -> None:
    with pytest.raises(ValueError, match="Try"):
        Skills([Scripted(lambda: Reply("")), Scripted(lambda: Reply(""))], REPLIES)


def test_a_crash_in_a_skill_becomes_an_apology() -> None:
    def crash() -> Reply:
        raise RuntimeError("boom")

    assert Skills([Scripted(crash)], REPLIES).handle(request()) == Reply(APOLOGY, ok=False)


def test_a_crash_in_an_act_becomes_an_apology() -> None:
    act = Act("try", run=failing(RuntimeError("boom")))
    reply = Skills([Scripted(lambda: Reply("Done.", (act,)))], REPLIES).handle(request())
    assert (reply.text, reply.acts, reply.ok) == (APOLOGY, (), False)


def test_a_known_error_in_an_act_is_told() -> None:
    act = Act("try", run=failing(Unavailable("the hub cannot be reached")))
    reply = Skills([Scripted(lambda: Reply("Done.", (act,)))], REPLIES).handle(request())
    assert reply.text == "Sorry, the hub cannot be reached."


def test_one_act_that_fails_does_not_keep_the_others() -> None:
    done: list[str] = []
    broken = Act("a", run=failing(Unavailable("the lamp cannot be reached", code="device.away")))
    skills = Skills(
        [Scripted(lambda: Reply("Done.", (broken, Act("b", run=lambda: done.append("b")))))], REPLIES
    )
    reply = skills.handle(request())
    assert (done, [act.name for act in reply.acts], reply.ok) == (["b"], ["b"], False)
    assert reply.text == "Sorry, the lamp cannot be reached."


def test_a_hub_that_is_away_is_not_asked_again_for_each_lamp() -> None:
    done: list[str] = []
    away = Act("a", run=failing(Unavailable("the hub is away", code="hub.away")))
    skills = Skills(
        [Scripted(lambda: Reply("Done.", (away, Act("b", run=lambda: done.append("b")))))], REPLIES
    )
    skills.handle(request())
    assert done == []


def test_a_full_disk_is_told_but_the_act_counts() -> None:
    act = Act("try", run=failing(StorageError("disk full")))
    reply = Skills([Scripted(lambda: Reply("Done.", (act,)))], REPLIES).handle(request())
    assert (reply.text, reply.acts, reply.ok) == (f"Done. {NOT_SAVED}", (act,), True)


def test_repeat_gives_the_last_words(box: Box) -> None:
    said = box.ask("what time is it").text
    box.ask("stop")
    assert box.ask("repeat that").text == said


def test_repeat_knows_what_was_rung() -> None:
    skills = Skills([], REPLIES)
    skills.said("Your pizza timer is done.")
    assert skills.handle(request("SottoRepeat")).text == "Your pizza timer is done."


def asking(done: list[str]) -> Skills:
    act = Act("try", run=lambda: done.append("done"))
    question = Reply("Shall I?", expects_answer=True, if_yes=Reply("Done.", (act,)))
    return Skills([Scripted(lambda: question)], REPLIES)


@pytest.mark.parametrize(
    ("answer", "after", "expected"),
    [("SottoYes", 5, ["done"]), ("SottoNo", 5, []), ("SottoYes", 31, [])],
)
def test_a_question_waits_for_its_answer(answer: str, after: int, expected: list[str]) -> None:
    done: list[str] = []
    skills = asking(done)
    skills.handle(request())
    skills.handle(request(answer, after))
    assert done == expected


def test_a_yes_counts_once() -> None:
    done: list[str] = []
    skills = asking(done)
    for intent in ("Try", "SottoYes", "SottoYes"):
        skills.handle(request(intent))
    assert done == ["done"]


def test_intents_hold_what_the_set_answers_itself() -> None:
    assert {"Try", "SottoYes", "SottoNo", "SottoLength", "SottoRepeat"} == asking([]).intents

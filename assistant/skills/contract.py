"""What a skill is asked and what it answers.

Answering has two steps. `plan` works out the reply and the acts it needs, without any side effect, so it
may be done before the speaker has surely finished. `perform` carries the acts out, after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from assistant.skills.choice import Choice


@dataclass(frozen=True)
class Request:
    """One understood utterance.

    Attributes:
        intent: name of the intent, such as `HassTurnOn`.
        slots: slot name -> value, as the grammar gives them.
        text: the normalised words; some questions differ only there ("which", "how many").
        now: the time it was said; aware, in the zone the person lives in.
        context: earlier sentences, oldest first, if the caller sent any.
        speaker: who speaks; a "yes" answers only a question that was put to the same one.
    """

    intent: str
    slots: Mapping[str, object]
    text: str
    now: datetime
    context: tuple[str, ...] = ()
    speaker: str = ""


@dataclass(frozen=True)
class Act:
    """One side effect: what it is called in records, and how to do it.

    Attributes:
        name: what is done, such as `light.turn_on` or `timer.start`.
        target: what it is done to: a device id, a timer.
        value: brightness in percent, seconds, ...; None where there is none.
        run: does it. May raise a `SottoError`, whose message is then spoken; a `StorageError` means
            that it was done but could not be saved.
        undo: takes it back once it was done; None where that is impossible, or worse than leaving it.
    """

    name: str
    target: str = ""
    value: object = None
    run: Callable[[], object] = field(default=lambda: None, compare=False, repr=False)
    undo: Callable[[], object] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Question:
    """What the box has to know before it can do what was asked.

    Attributes:
        answers: the kinds of answer that it takes: names under `answers:` of the sentence files, such as
            "SottoLength", or intents.
        request: what was asked. It is put to its skill again, with the slots of the answer added to its own.
        choices: what is chosen from, in the order in which it is named. The slot `chosen` is then the id of
            one; where several are meant, the request is put for each.
    """

    answers: tuple[str, ...]
    request: Request
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What the box answers.

    Attributes:
        text: to be spoken, digits and all; "" says nothing.
        acts: side effects that belong to it, in order.
        ok: False where the wish could not be fulfilled.
        understood: False for an answer to a question that nobody put: noise is easily taken for a "yes".
        stop_speaking: whatever is being spoken or rung is to fall silent at once.
        expects_answer: listen on without a wake word.
        if_yes: the reply that a "yes" leads to; its acts are carried out then.
        question: what its text asks, besides yes or no.
    """

    text: str
    acts: tuple[Act, ...] = ()
    ok: bool = True
    understood: bool = True
    stop_speaking: bool = False
    expects_answer: bool = False
    if_yes: Reply | None = None
    question: Question | None = None


def asking(text: str, request: Request, *answers: str, choices: tuple[Choice, ...] = ()) -> Reply:
    """A question about a request; see `Question`."""
    return Reply(text, expects_answer=True, question=Question(answers, request, choices))


class Skill(Protocol):
    """Something the box can do by itself."""

    @property
    def intents(self) -> frozenset[str]:
        """The intents it answers."""

    def handle(self, request: Request) -> Reply:
        """Answer without side effects; those go into the reply's acts."""

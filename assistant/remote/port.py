"""The interface of a remote recogniser to the parts of a box that use one."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol

from assistant.audio.format import Samples
from assistant.speech.after_wake import AfterWakeWord
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.stop_words import StopWords
from assistant.speech.transcript import Transcript
from assistant.understanding.answers import WithAnswers
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from common.errors import Unavailable


@dataclass(frozen=True)
class GrammarName:
    """Which grammar a recording is recognised with.

    Attributes:
        key: of the grammar; "" for free text.
        wake_word: the words before its sentences that are known to have been said; "" for none.
        answers: kinds of answers that may be said too, because a question is open.
        choices: what such an answer chooses from.
        stop: only the words that silence the box are waited for.
    """

    key: str = ""
    wake_word: str = ""
    answers: tuple[str, ...] = ()
    choices: HomeNames = field(default_factory=HomeNames)
    stop: bool = False


def name_of(grammar: RecognitionGrammar | None) -> GrammarName | None:
    """How another machine is told of a grammar; None if it cannot be."""
    match grammar:
        case None:
            return GrammarName()
        case StopWords():
            return GrammarName(stop=True)
        case Grammar():
            return GrammarName(grammar.key)
        case WithAnswers():
            return GrammarName(grammar.grammar.key, "", grammar.kinds, grammar.names)
        case AfterWakeWord():
            inner = name_of(grammar.grammar)
            return None if inner is None else replace(inner, wake_word=" ".join(grammar.known_prefix))
    return None


@dataclass(frozen=True)
class Utterance:
    """What is to be recognised.

    Attributes:
        audio: int16 (n,), 16 kHz mono.
        grammar: what may be said.
        speech_s: time from the first to the last speech in it, in seconds; None if it is not known.
        search: whether the deep result is wanted, too.
        whole: send all of the audio, also what the other machine has from the recording before: for trials.
    """

    audio: Samples
    grammar: GrammarName
    speech_s: float | None = None
    search: bool = False
    whole: bool = False


class RemoteBusy(Unavailable):
    """The other machine has too much to do.

    Args:
        retry_s: seconds after which it may be asked again.
    """

    def __init__(self, retry_s: float) -> None:
        super().__init__(
            "the remote recogniser has too much to do",
            hint=f"it may be asked again in {retry_s:.0f} s",
            code="recognise.busy",
        )
        self.retry_s = retry_s


@dataclass(frozen=True)
class RemoteResults:
    """The results of one recording, as they come.

    A result that does not come raises a `SottoError`, at once if the connection is lost; `RemoteBusy` if the
    other machine has too much to do.

    Attributes:
        id: of the recording on this connection.
        quick: that of greedy decoding.
        deep: that of the search; the quick one where it is an accepted sentence. Only if it is wanted.
    """

    id: int
    quick: Future[Transcript] = field(default_factory=Future)
    deep: Future[Transcript] = field(default_factory=Future)


class RemoteRecogniser(Protocol):
    """A recogniser on another machine. All methods may be called from any thread."""

    def takes(self, grammar: GrammarName) -> bool:
        """Whether it is there and has that grammar."""

    def recognise(self, utterance: Utterance) -> RemoteResults:
        """Send a recording; does not wait.

        Raises:
            Unavailable: it is not there, or too many recordings are under way.
        """

    def give_up(self, results: RemoteResults) -> None:
        """The results that have not come are not needed any more."""

"""A box and a machine that recognises for it, in one process; and recognisers that a test holds back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
import pytest

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.models.store import ModelStore
from assistant.remote.identity import RecogniserIdentity
from assistant.remote.lender import Lender
from assistant.remote.messages import Answer
from assistant.remote.port import GrammarName, RemoteResults, Utterance
from assistant.remote.session import RemoteSession
from assistant.remote.settings import LendSettings
from assistant.serving.serving import Serving
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.recogniser import Recogniser
from assistant.speech.stop_words import StopWords
from assistant.speech.transcript import Transcript
from assistant.understanding.builder import Build, GrammarBuilder
from assistant.understanding.names import DeviceName, HomeNames
from assistant.understanding.recipe import GrammarRecipe, recipe_of
from assistant.understanding.sentences import SentenceSource
from common.paths import models_dir

IDENTITY = RecogniserIdentity("en", "code", "model", "settings")
STOP = StopWords(("stop", "be quiet"))
SENTENCES = """
language: en
intents:
  Go: {data: [{sentences: ["turn (on|off) [the] {name}", "what time is it"]}]}
answers:
  WHICH: {data: [{sentences: ["[the] {name}", "the first one"]}]}
"""
HOME = HomeNames(tuple(DeviceName(name, (name,), "light") for name in ("kitchen light", "bedroom lamp")))


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    """The real one; skips where `make setup` has not been run."""
    store = ModelStore(models_dir())
    if store.verify():
        pytest.skip("the models are not complete; run `make setup`")
    return Recogniser(Serving(store))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, GrammarRecipe]:
    """A small grammar, and its recipe."""
    folder = tmp_path_factory.mktemp("sentences")
    (folder / "own.yaml").write_text(SENTENCES)
    source = SentenceSource("en", False, (folder,), frozenset({"Go"}))
    build = GrammarBuilder(source).build(HOME)
    assert not build.faults
    return build, recipe_of(source, build.files, build.names, build.grammar.key)


@dataclass
class Wire:
    """What carries orders and answers: a thread, as the process that has a network."""

    session: RemoteSession
    lender: Lender
    answers: list[Answer] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _answer(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.session.answer(answer)

    def _carry(self) -> None:
        with self.lender.box(self._answer) as borrower:
            self.session.connected()
            try:
                for order in self.session.orders():
                    borrower.take(order)
            except Exception as error:
                self.errors.append(error)


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    for _ in range(2000):
        if true():
            return
        threading.Event().wait(0.01)
    pytest.fail("it did not happen")


@pytest.fixture
def lent(recogniser: Recogniser, home: tuple[Build, GrammarRecipe]) -> Iterator[Wire]:
    """A box that is welcome, and whose grammar is known."""
    lender = Lender(LendSettings(boxes=2), IDENTITY, recogniser, (), STOP)
    session = RemoteSession("there", IDENTITY, lambda _status: None)
    wire = Wire(session, lender)
    wait_until(lambda: session.status.up)
    session.offer(home[1].key, lambda: home[1])
    wait_until(lambda: session.takes(home[1].key))
    yield wire
    session.close()
    wire.thread.join(10)
    lender.close()


def sound(seconds: float, seed: int = 0) -> Samples:
    """Noise, int16, 16 kHz."""
    count = int(seconds * SAMPLE_RATE)
    return np.random.default_rng(seed).integers(-3000, 3000, count).astype(np.int16)


class Held:
    """A recogniser whose results a test may hold back: `quick` and `deep` wait for `free`."""

    def __init__(self, text: str = "local", *, hold: bool = False) -> None:
        self.text = text
        self.free = threading.Event()
        if not hold:
            self.free.set()
        self.begun: list[Samples] = []
        self.given_up = 0

    def begin(
        self, audio: Samples, grammar: RecognitionGrammar | None = None, speech_s: float | None = None
    ) -> HeldRecognition:
        self.begun.append(audio)
        return HeldRecognition(self, grammar, len(audio) / SAMPLE_RATE)

    def length_s(self, audio: Samples) -> float:
        return len(audio) / SAMPLE_RATE


class HeldRecognition:
    def __init__(self, held: Held, grammar: RecognitionGrammar | None, audio_s: float) -> None:
        self.grammar = grammar
        self._held = held
        self._audio_s = audio_s

    def quick(self) -> Transcript:
        assert self._held.free.wait(20)
        return Transcript(f"{self._held.text} quick", 0.0, "free", self._audio_s)

    def deep(self) -> Transcript:
        assert self._held.free.wait(20)
        scores = {"constrained.mean": -1.0}
        return Transcript(f"{self._held.text} deep", 0.0, "free", self._audio_s, scores=scores)

    def search_ahead(self, wanted: Callable[[], bool] = lambda: True) -> object:
        return None

    def give_up(self) -> None:
        self._held.given_up += 1


class Remote:
    """A remote recogniser whose answers a test gives."""

    def __init__(self) -> None:
        self.there = True
        self.asked: list[tuple[Utterance, RemoteResults]] = []
        self.given_up: list[RemoteResults] = []
        self.news = threading.Condition()

    def takes(self, grammar: GrammarName) -> bool:
        return self.there

    def recognise(self, utterance: Utterance) -> RemoteResults:
        results = RemoteResults(len(self.asked))
        with self.news:
            self.asked.append((utterance, results))
            self.news.notify_all()
        return results

    def give_up(self, results: RemoteResults) -> None:
        self.given_up.append(results)

    def next(self, number: int = 1) -> RemoteResults:
        """The results of that recording, once it was asked for."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.asked) >= number, 20)
            return self.asked[number - 1][1]


def give(future: Future[Transcript], text: str = "remote", *, searched: bool = False) -> None:
    scores = {"constrained.mean": -1.0} if searched else {}
    future.set_result(Transcript(text, 0.0, "bias", 1.0, 1.0, 1.0, scores))

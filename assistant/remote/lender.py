"""Recognises speech for other boxes, with their grammars. Nothing of it is stored or logged."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

import numpy as np

from assistant.audio.format import Samples
from assistant.remote.grammars import BorrowedGrammars
from assistant.remote.identity import RecogniserIdentity
from assistant.remote.messages import (
    Answer,
    GiveUp,
    GrammarKnown,
    Order,
    Recognise,
    Refused,
    Result,
    Welcome,
)
from assistant.remote.port import GrammarName, RemoteBusy, Utterance
from assistant.remote.settings import LendSettings
from assistant.speech.after_wake import AfterWakeWord
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.recognising import SpeechRecogniser
from assistant.speech.stop_words import StopWords
from assistant.understanding.answers import while_asked
from assistant.understanding.recipe import GrammarRecipe
from assistant.understanding.sentence_file import SentenceFile
from common.errors import ErrorKind, InvalidInput, SottoError, Unavailable
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

#: Recordings of one box that are recognised or wait: the room, and a few satellites.
MOST_OF_A_BOX = 4
#: Recordings of all boxes, for each worker.
MOST_WAITING = 2
#: Threads that recognise; the recogniser itself says how many do so at once.
_WORKERS = 4
BORROWED = Counter("sotto_lent_recognitions_total", "Recordings of other boxes, by the outcome", ("outcome",))
BOXES = Gauge("sotto_lent_boxes", "Boxes that use this machine's recogniser now")


class OtherRecogniser(SottoError):
    """This machine would not find the words that the box would find by itself."""

    kind = ErrorKind.PRECONDITION


class Lender:
    """What all boxes share.

    Args:
        settings: bounds.
        identity: of the recogniser.
        recogniser: of this machine itself: what it borrows is not lent on.
        own: the sentence files of the box itself, in the language of the recogniser.
        stop_words: of that language.
    """

    def __init__(
        self,
        settings: LendSettings,
        identity: RecogniserIdentity,
        recogniser: SpeechRecogniser,
        own: tuple[SentenceFile, ...],
        stop_words: StopWords,
    ) -> None:
        self.stop_words = stop_words
        self.identity = identity
        self.recogniser = recogniser
        self.grammars = BorrowedGrammars(own, 2 * settings.boxes, settings.grammar_size)
        self.workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="lend")
        self.builder = ThreadPoolExecutor(1, thread_name_prefix="lend-grammar")
        self._settings = settings
        self._lock = threading.Lock()
        self._boxes = 0
        self._under_way = 0
        #: Seconds of one recording, as it was lately.
        self._usual_s = 0.2

    @contextmanager
    def box(self, send: Callable[[Answer], None]) -> Iterator[Borrower]:
        """A place for one box.

        Args:
            send: takes answers, from any thread.

        Raises:
            Unavailable: this machine recognises for as many as it may.
        """
        with self._lock:
            if self._boxes >= self._settings.boxes:
                raise Unavailable(
                    f"this machine recognises for {self._boxes} boxes already",
                    hint="set `boxes` in [lend] of its assistant.toml",
                    code="recognise.full",
                )
            self._boxes += 1
            BOXES.set(self._boxes)
        borrower = Borrower(self, send)
        try:
            yield borrower
        finally:
            borrower.close()
            with self._lock:
                self._boxes -= 1
                BOXES.set(self._boxes)

    def take(self) -> None:
        """A recording is to be recognised.

        Raises:
            RemoteBusy: too many are.
        """
        with self._lock:
            if self._under_way >= _WORKERS * MOST_WAITING:
                raise RemoteBusy(max(1.0, self._usual_s * self._under_way))
            self._under_way += 1

    def give_back(self, took_s: float) -> None:
        """A recording that was taken is done, after so many seconds of work."""
        with self._lock:
            self._under_way -= 1
            self._usual_s += 0.1 * (took_s - self._usual_s)

    def close(self) -> None:
        """Recognise for nobody any more."""
        self.grammars.close()
        self.workers.shutdown(wait=False, cancel_futures=True)
        self.builder.shutdown(wait=False, cancel_futures=True)


class Borrower:
    """One box, on one connection. Orders come from one thread.

    Args:
        lender: this machine.
        send: takes answers, from any thread.
    """

    def __init__(self, lender: Lender, send: Callable[[Answer], None]) -> None:
        self._lender = lender
        self._send = send
        self._known = False
        self._audio: Samples = np.zeros(0, np.int16)
        self._lock = threading.Lock()
        #: Numbers of the recordings whose results are wanted, and how many are recognised, wanted or not.
        self._wanted: set[int] = set()
        self._under_way = 0
        self._newest_recipe = ""

    def take(self, order: Order) -> None:
        """Carry out an order of the box; its answers are sent when they are there.

        Raises:
            OtherRecogniser: the box has another recogniser.
            InvalidInput, TooLarge: the order cannot be used, and the connection is to be ended.
        """
        if isinstance(order, RecogniserIdentity):
            self._greet(order)
            return
        if not self._known:
            raise InvalidInput(
                "the first message of a box must say which recogniser it has",
                hint="send `hello` before anything else",
                code="recognise.no-hello",
            )
        match order:
            case GrammarRecipe():
                self._newest_recipe = order.key
                self._lender.builder.submit(self._learn, order)
            case GiveUp():
                with self._lock:
                    self._wanted.discard(order.id)
            case Recognise():
                self._recognise(order)

    def close(self) -> None:
        """The box has gone: nothing is wanted any more."""
        with self._lock:
            self._wanted.clear()
        self._newest_recipe = ""

    def _greet(self, identity: RecogniserIdentity) -> None:
        difference = identity.differs_in(self._lender.identity)
        if difference is not None:
            name, words = difference
            raise OtherRecogniser(
                f"the remote recogniser would find other words: {words}",
                hint="bring both machines to the same version of Sotto, with the same language and settings",
                code=f"recognise.{name}",
            )
        self._known = True
        self._send(Welcome())

    def _learn(self, recipe: GrammarRecipe) -> None:
        if recipe.key != self._newest_recipe:
            return  # the box has offered another one since, or has gone
        try:
            self._lender.grammars.learn(recipe)
        except SottoError as error:
            self._send(GrammarKnown(recipe.key, False, error))
        else:
            self._send(GrammarKnown(recipe.key, True))

    def _recognise(self, order: Recognise) -> None:
        if order.keep > len(self._audio):
            raise InvalidInput(
                f"a recording that begins with {order.keep} samples of one that has {len(self._audio)}",
                hint="send all of the first recording",
                code="recognise.keep",
            )
        audio = np.concatenate([self._audio[: order.keep], order.utterance.audio])
        self._lender.recogniser.length_s(audio)
        self._audio = audio
        try:
            grammar = self._grammar(order.utterance.grammar)
            with self._lock:
                if self._under_way >= MOST_OF_A_BOX:
                    raise RemoteBusy(1.0)
                self._lender.take()
                self._under_way += 1
                self._wanted.add(order.id)
        except SottoError as error:
            BORROWED.inc("busy" if isinstance(error, RemoteBusy) else "no-grammar")
            self._send(Refused(order.id, error))
            return
        utterance = replace(order.utterance, audio=audio)
        self._lender.workers.submit(self._work, order.id, utterance, grammar)

    def _grammar(self, name: GrammarName) -> RecognitionGrammar | None:
        if name.stop:
            return self._lender.stop_words
        if not name.key:
            return None
        grammar = self._lender.grammars.get(name.key)
        if grammar is None:
            self._send(GrammarKnown(name.key, False))
            raise Unavailable("that grammar is not known here", code="remote.no-grammar")
        asked = while_asked(grammar, name.answers, name.choices) if name.answers else grammar
        return AfterWakeWord(name.wake_word, asked) if name.wake_word else asked

    def _work(self, id_: int, utterance: Utterance, grammar: RecognitionGrammar | None) -> None:
        began = monotonic()
        try:
            if self._is_wanted(id_):
                self._find(id_, utterance, grammar)
        except SottoError as error:
            self._send(Refused(id_, error))
        except Exception as error:
            log.exception("a recording of another box could not be recognised")
            refusal = Unavailable(
                f"it could not be recognised ({type(error).__name__})", code="recognise.failed"
            )
            self._send(Refused(id_, refusal))
        finally:
            with self._lock:
                outcome = "done" if id_ in self._wanted else "given-up"
                self._wanted.discard(id_)
                self._under_way -= 1
            BORROWED.inc(outcome)
            self._lender.give_back(monotonic() - began)

    def _find(self, id_: int, utterance: Utterance, grammar: RecognitionGrammar | None) -> None:
        recognition = self._lender.recogniser.begin(utterance.audio, grammar, utterance.speech_s)
        if utterance.search:
            recognition.search_ahead(lambda: self._is_wanted(id_))
        quick = recognition.quick()
        last = not utterance.search or grammar is None or grammar.parses(quick.text)
        self._send(Result(id_, quick, searched=False, last=last))
        if last:
            recognition.give_up()
        elif self._is_wanted(id_):
            deep = recognition.deep()
            whole = replace(
                deep,
                encode_ms=quick.encode_ms + deep.encode_ms,
                decode_ms=quick.decode_ms + deep.decode_ms,
            )
            self._send(Result(id_, whole, searched=True, last=True))

    def _is_wanted(self, id_: int) -> bool:
        return id_ in self._wanted

"""A recogniser that may ask a remote one, and never depends on it.

The remote answer is waited for at most as long as `RemoteChoice` allows. Then this machine's recogniser
begins too, on the same audio, and the first of both counts. If the remote one fails, it begins at once.
(J. Dean and L. A. Barroso call that a hedged request: "The Tail at Scale", Communications of the ACM 56 (2),
2013.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import monotonic

from assistant.audio.format import Samples
from assistant.remote.measured import SharedChoice, follow, work_of
from assistant.remote.port import GrammarName, RemoteRecogniser, RemoteResults, Utterance, name_of
from assistant.scheduling.remote import Work
from assistant.speech.constraint import RecognitionGrammar
from assistant.speech.recognising import SpeechRecogniser, SpeechRecognition
from assistant.speech.transcript import Transcript
from common.errors import SottoError
from common.metrics import Counter

RESULTS = Counter(
    "sotto_recognitions_total",
    'Results where a remote recogniser is set; why: "chosen", or that one is "late", "failed" or "away"',
    ("where", "why"),
)


@dataclass(frozen=True)
class Parts:
    """What all recognitions of one hedged recogniser share.

    Attributes:
        local: this machine's recogniser.
        remote: the other one.
        choice: between them.
        second: one thread, in which the local recogniser begins while the remote answer may still come.
    """

    local: SpeechRecogniser
    remote: RemoteRecogniser
    choice: SharedChoice
    second: ThreadPoolExecutor


class HedgedRecogniser:
    """Speech to text, here or remote. May be used by several threads.

    Args:
        local: this machine's recogniser.
        remote: the other one.
        choice: between them.

    Attributes:
        parts: all of these.
    """

    def __init__(self, local: SpeechRecogniser, remote: RemoteRecogniser, choice: SharedChoice) -> None:
        self.parts = Parts(local, remote, choice, ThreadPoolExecutor(1, thread_name_prefix="hedge"))
        self._newest: HedgedRecognition | None = None

    def begin(
        self,
        audio: Samples,
        grammar: RecognitionGrammar | None = None,
        speech_s: float | None = None,
    ) -> SpeechRecognition:
        """Begin to recognise a recording; as `Recogniser.begin`, whose results it gives.

        Raises:
            TooLarge: `speech.too-long`.
        """
        audio_s = self.length_s(audio)
        newest, self._newest = self._newest, None
        if newest is not None:
            newest.give_up()
        name = name_of(grammar)
        recording = Recording(audio, grammar, speech_s, audio_s)
        if name is None or not audio.any():
            return LocalRecognition(self.parts, recording)
        if not self.parts.remote.takes(name):
            RESULTS.inc("local", "away")
            return LocalRecognition(self.parts, recording)
        recognition = self._newest = HedgedRecognition(self.parts, recording, name)
        return recognition

    def length_s(self, audio: Samples) -> float:
        """As `Recogniser.length_s`."""
        return self.parts.local.length_s(audio)


@dataclass(frozen=True)
class Recording:
    """Arguments of `Recogniser.begin`, and the length of the audio in seconds."""

    audio: Samples
    grammar: RecognitionGrammar | None
    speech_s: float | None
    audio_s: float


class LocalRecognition:
    """A recognition of this machine's recogniser, which is measured.

    Args:
        parts: of the recogniser.
        recording: what is recognised.
    """

    def __init__(self, parts: Parts, recording: Recording) -> None:
        self.grammar = recording.grammar
        self._choice = parts.choice
        self._audio_s = recording.audio_s
        self._measured: set[Work] = set()
        began = monotonic()
        self._inner = parts.local.begin(recording.audio, recording.grammar, recording.speech_s)
        self._spent_s = monotonic() - began

    def quick(self) -> Transcript:
        """See `Recognition.quick`."""
        return self._timed(self._inner.quick)

    def deep(self) -> Transcript:
        """See `Recognition.deep`."""
        return self._timed(self._inner.deep)

    def search_ahead(self, wanted: Callable[[], bool] = lambda: True) -> object:
        """See `Recognition.search_ahead`."""
        return self._inner.search_ahead(wanted)

    def give_up(self) -> None:
        """See `Recognition.give_up`."""
        self._inner.give_up()

    def _timed(self, result: Callable[[], Transcript]) -> Transcript:
        began = monotonic()
        transcript = result()
        self._spent_s += monotonic() - began
        work, spent_s = work_of(transcript), self._spent_s
        if work not in self._measured and transcript.method != "none":
            self._choice(lambda c, _now: c.local_took(work, self._audio_s, spent_s))
        # The quick result is part of the deep one.
        self._measured |= {Work.QUICK, work}
        return transcript


class HedgedRecognition:
    """A recognition by the remote recogniser, or by this machine's where that is chosen or has to be.

    Args:
        parts: of the recogniser.
        recording: what is recognised.
        name: of its grammar.
    """

    def __init__(self, parts: Parts, recording: Recording, name: GrammarName) -> None:
        self.grammar = recording.grammar
        self._parts = parts
        self._recording = recording
        self._name = name
        self._search = False
        self._wanted: Callable[[], bool] = lambda: True
        #: What was asked, and whether with the search.
        self._asked: tuple[RemoteResults, bool] | None = None
        self._waiting = False
        self._beginning = threading.Lock()
        self._local: LocalRecognition | None = None
        self._stays = False

    def quick(self) -> Transcript:
        """See `Recognition.quick`."""
        return self._result(Work.QUICK)

    def deep(self) -> Transcript:
        """See `Recognition.deep`."""
        return self._result(Work.DEEP)

    def search_ahead(self, wanted: Callable[[], bool] = lambda: True) -> object:
        """The next result is asked for with the search; see `Recognition.search_ahead`."""
        self._search, self._wanted = True, wanted
        return self._local.search_ahead(wanted) if self._local is not None and self._stays else None

    def give_up(self) -> None:
        """See `Recognition.give_up`. A result that somebody waits for comes all the same."""
        if self._asked is not None and not self._waiting:
            asked, self._asked = self._asked, None
            self._parts.remote.give_up(asked[0])
        if self._local is not None:
            self._local.give_up()

    def _result(self, work: Work) -> Transcript:
        if self._stays:
            return self._by_local(work, "late")
        self._waiting = True
        try:
            audio_s = self._recording.audio_s
            wait_s = self._parts.choice(lambda c, now: c.wait_s(work, audio_s, now))
            if wait_s is None:
                return self._by_local(work, "chosen")
            remote = self._ask(work)
            transcript = remote.result(wait_s)
        except TimeoutError:
            return self._race(work, remote)
        except SottoError:
            return self._by_local(work, "failed")
        finally:
            self._waiting = False
        RESULTS.inc("remote", "chosen")
        return transcript

    def _ask(self, work: Work) -> Future[Transcript]:
        """The remote result, asked for unless it is already.

        Raises:
            Unavailable: that is not possible.
        """
        search = self._search or work is Work.DEEP
        if self._asked is None or (work is Work.DEEP and not self._asked[1]):
            audio, speech_s = self._recording.audio, self._recording.speech_s
            results = self._parts.remote.recognise(Utterance(audio, self._name, speech_s, search))
            self._asked = results, search
            follow(self._parts.choice, self._recording.audio_s, results.quick)
            if search:
                follow(self._parts.choice, self._recording.audio_s, results.deep, Work.DEEP)
        results = self._asked[0]
        return results.quick if work is Work.QUICK else results.deep

    def _race(self, work: Work, remote: Future[Transcript]) -> Transcript:
        """The remote result is late: the first of both counts."""
        self._parts.choice(lambda c, now: c.late(now))
        local = self._parts.second.submit(self._by_local, work, "late")
        wait((remote, local), return_when=FIRST_COMPLETED)
        if not local.done() and remote.exception() is None:
            local.cancel()
            self._stays = False
            RESULTS.inc("remote", "late")
            return remote.result()
        return local.result()

    def _by_local(self, work: Work, why: str) -> Transcript:
        with self._beginning:
            self._stays = True
            if self._local is None:
                self._local = LocalRecognition(self._parts, self._recording)
                if self._search:
                    self._local.search_ahead(self._wanted)
        RESULTS.inc("local", why)
        return self._local.quick() if work is Work.QUICK else self._local.deep()

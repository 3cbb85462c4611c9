"""Tries a remote recogniser in the quiet: how fast it is, and whether it finds the same words."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as LateError

from assistant.audio.format import Samples
from assistant.remote.hedged import LocalRecognition, Parts, Recording
from assistant.remote.link import RemoteLink
from assistant.remote.measured import follow
from assistant.remote.port import Utterance, name_of
from assistant.understanding.builder import Build
from assistant.understanding.recipe import GrammarRecipe
from common.errors import SottoError, Unavailable
from common.faults import Fault

log = logging.getLogger(__name__)

#: Longest wait in s for the result of a trial.
_ANSWER_S = 10.0
OTHER_WORDS = Fault(
    "remote.words",
    "the remote recogniser finds other words than this box in the same speech",
    "bring both machines to the same version of Sotto, and let both use the engine `onnxruntime`",
    "The box recognises by itself.",
)


class RemoteTrial:
    """Offers the grammar in use to the other machine, and tries it.

    Args:
        parts: of the hedged recogniser.
        link: to the other machine.
        grammar: gives the grammar in use.
        recipe: of that grammar.
        speech: makes the sentence that is recognised, int16 (n,), 16 kHz; called once.
        report: takes what the owner has to do something about; None for nothing.
    """

    def __init__(
        self,
        parts: Parts,
        link: RemoteLink,
        grammar: Callable[[], Build],
        recipe: Callable[[Build], GrammarRecipe],
        speech: Callable[[], Samples],
        report: Callable[[Fault | None], None],
    ) -> None:
        self._parts = parts
        self._link = link
        self._grammar = grammar
        self._recipe = recipe
        self._make_speech = speech
        self._report = report
        self._speech: Samples | None = None
        #: Key of a grammar, and what this machine finds with it.
        self._expected = ("", "")
        self._thread: threading.Thread | None = None

    def poll(self, quiet: bool) -> None:
        """Do what is due, in a thread of its own; call it every second or so.

        Args:
            quiet: whether nobody speaks. The grammar is offered all the same.
        """
        if self._thread is not None and self._thread.is_alive():
            return
        self._thread = None
        if not self._link.status.up:
            return
        build = self._grammar()
        name = name_of(build.grammar)
        due = quiet and self._parts.choice(lambda c, now: c.trial_due(now))
        if name is not None and (due or not self._link.takes(name)):
            self._thread = threading.Thread(target=self._run, args=(build, due), name="trial", daemon=True)
            self._thread.start()

    def _run(self, build: Build, due: bool) -> None:
        try:
            self._link.offer(build.grammar.key, lambda: self._recipe(build))
            if due:
                self._try(build)
        except Unavailable as error:
            log.info("the remote recogniser was not tried: %s", error)
        except SottoError as error:
            self._refuse(Fault.of(error, "The box recognises by itself."))
        except Exception:
            log.exception("the remote recogniser could not be tried")

    def _try(self, build: Build) -> None:
        name = name_of(build.grammar)
        if name is None or not self._link.takes(name):
            return
        if self._speech is None:
            self._speech = self._make_speech()
        audio_s = self._parts.local.length_s(self._speech)
        if self._expected[0] != name.key or self._parts.choice(lambda c, _now: c.lacks_local):
            recording = Recording(self._speech, build.grammar, None, audio_s)
            self._expected = name.key, LocalRecognition(self._parts, recording).quick().text
        results = self._link.recognise(Utterance(self._speech, name, whole=True))
        follow(self._parts.choice, audio_s, results.quick, trial=True)
        try:
            remote = results.quick.result(_ANSWER_S)
        except LateError:
            self._link.give_up(results)
            self._parts.choice(lambda c, now: c.failed(now))
            return
        if remote.text == self._expected[1]:
            self._report(None)
        else:
            log.warning("here %r, there %r", self._expected[1], remote.text)
            self._refuse(OTHER_WORDS)

    def _refuse(self, fault: Fault) -> None:
        self._parts.choice(lambda c, _now: c.refuse(fault.message))
        self._report(fault)

"""The recogniser of a box that has a remote one, put together."""

from __future__ import annotations

from collections.abc import Callable

from assistant.audio.format import Samples
from assistant.remote.hedged import HedgedRecogniser
from assistant.remote.identity import RecogniserIdentity
from assistant.remote.link import RemoteLink
from assistant.remote.measured import SharedChoice
from assistant.remote.session import LinkStatus
from assistant.remote.settings import RemoteSettings
from assistant.remote.trial import RemoteTrial
from assistant.scheduling.remote import RemoteChoice, Verdict
from assistant.speech.recognising import SpeechRecogniser
from assistant.understanding.builder import Build
from assistant.understanding.recipe import GrammarRecipe
from common.faults import Fault


class RemoteEars:
    """A recogniser that asks a remote one where that is better. Methods may be called from any thread.

    Args:
        settings: see there.
        local: this machine's recogniser.
        identity: of that.
        grammar: gives the grammar in use.
        recipe: of a grammar.
        speech: makes a sentence for trials, int16 (n,), 16 kHz.
        report: takes all faults that there are now.

    Attributes:
        recogniser: what the box recognises with.
        link: what the process that has a network attaches to.
    """

    def __init__(
        self,
        settings: RemoteSettings,
        local: SpeechRecogniser,
        identity: RecogniserIdentity,
        grammar: Callable[[], Build],
        recipe: Callable[[Build], GrammarRecipe],
        speech: Callable[[], Samples],
        report: Callable[[tuple[Fault, ...]], None],
    ) -> None:
        self._choice = SharedChoice(RemoteChoice(always=settings.use == "always"))
        self._report = report
        self.link = RemoteLink(identity, self._changed)
        self.recogniser = HedgedRecogniser(local, self.link, self._choice)
        self._trial = RemoteTrial(
            self.recogniser.parts, self.link, grammar, recipe, speech, lambda fault: report(_some(fault))
        )

    def poll(self, quiet: bool) -> None:
        """See `RemoteTrial.poll`."""
        self._trial.poll(quiet)

    def verdict(self) -> Verdict:
        """Whether the remote recogniser is asked now, and why."""
        status = self.link.status
        verdict = self._choice(lambda c, now: c.verdict(now))
        if status.problem:
            return Verdict(False, status.problem, verdict.local_ms, verdict.remote_ms if status.up else None)
        return verdict

    def _changed(self, status: LinkStatus) -> None:
        if status.up and not status.problem:
            self._choice(lambda c, now: c.connected(now))
        fault = Fault(status.code, status.problem, status.hint, "The box recognises by itself.")
        self._report(_some(fault if status.asks_owner else None))


def _some(fault: Fault | None) -> tuple[Fault, ...]:
    return () if fault is None else (fault,)

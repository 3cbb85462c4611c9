"""The tuner of the daemon: measures in the quiet, in a thread of its own, and stops when somebody speaks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from assistant.events import Event, EventKind
from assistant.scheduling.measure import Candidate, Measurer, NotWanted
from assistant.scheduling.quiet import Standing, Supply, when_to_tune
from assistant.scheduling.tuning import Tuning
from common.errors import SottoError

log = logging.getLogger(__name__)

_SOUNDS = (EventKind.ONSET, EventKind.STATE, EventKind.TRANSCRIPT, EventKind.REPLY, EventKind.RING)
#: Seconds that the thread gets to end; an inference takes less.
_END_S = 2.0


class QuietTuner:
    """Measures what has no figures, while nobody speaks.

    A model whose measurement is given up because somebody is heard is measured anew in the next quiet; what
    was measured before is kept.

    Args:
        tuning: the figures.
        candidates: what can be measured here; called in the thread, because engines are tried for it.
        supply: what the machine runs on now.
        enabled: False never measures; figures of other processes are taken over all the same.
        clock: seconds, of a clock that never steps.
    """

    def __init__(
        self,
        tuning: Tuning,
        candidates: Callable[[], Sequence[Candidate]],
        supply: Callable[[], Supply] = Supply,
        *,
        enabled: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tuning = tuning
        self._candidates = candidates
        self._supply = supply
        self._enabled = enabled
        self._clock = clock
        self._heard_at = clock()
        self._looked_at = 0.0
        self._standing = Standing.UNKNOWN
        self._given_up = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def standing(self) -> Standing:
        """How it stands with the figures."""
        return self._standing

    def follow(self, event: Event) -> None:
        """An event of the assistant: with every sound the measurement is given up."""
        if event.kind in _SOUNDS:
            self._heard_at = self._clock()
            self._given_up.set()

    def poll(self) -> None:
        """Begin to measure if it is time; call it every second or so."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._tuning.poll()
        now = self._clock()
        if not self._enabled:
            return
        situation = (now, self._heard_at, self._standing, self._looked_at)
        # The supply is asked last, because it is read from the kernel.
        if not when_to_tune(*situation, Supply()) or not when_to_tune(*situation, self._supply()):
            return
        self._given_up.clear()
        self._thread = threading.Thread(target=self._measure, name="tuning", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give up what is being measured."""
        self._enabled = False
        self._given_up.set()
        if self._thread is not None:
            self._thread.join(_END_S)

    def _measure(self) -> None:
        self._standing = self._measured()
        self._looked_at = self._clock()

    def _measured(self) -> Standing:
        try:
            with self._tuning.exclusive():
                models = self._tuning.due(self._candidates(), time.time())
                if models:
                    log.info("measuring %d models in the quiet", len(models))
                refused = self._tuning.run(models, Measurer(wanted=lambda: not self._given_up.is_set()))
            return Standing.COMPLETE if refused is None else Standing.FAILED
        except NotWanted:
            return Standing.INTERRUPTED
        except SottoError as error:
            log.warning("nothing is measured: %s", error)
            return Standing.FAILED
        except Exception:
            # A driver may raise anything; the box goes on with the figures that it has.
            log.exception("measuring failed")
            return Standing.FAILED

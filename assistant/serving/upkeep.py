"""Upkeep of engines, in the quiet: moves models to what was chosen, and looks whether engines are right."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from assistant.serving.engine import AUTO, DEFAULT_ENGINE
from assistant.serving.serving import Serving
from assistant.serving.status import ModelStatus
from common.errors import SottoError
from common.faults import Fault, Faults

log = logging.getLogger(__name__)

#: Seconds between looks whether an engine that answers is still right.
RECHECK_S = 900.0


class Upkeep:
    """Looks after the engines of a `Serving`, one piece of work at a time, in a thread of its own.

    Args:
        serving: the models.
        faults: is told of engines that were chosen and cannot be used.
        clock: seconds, of a clock that never steps.
    """

    def __init__(
        self, serving: Serving, faults: Faults | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._serving = serving
        self._faults = faults
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._checked_s: dict[str, float] = {}

    def poll(self) -> None:
        """Begin what is due, if nothing is being done; call it every second or so, in the quiet."""
        if self._thread is not None and self._thread.is_alive():
            return
        if self._faults is not None:
            self._faults.report("engines", map(_fault, _not_in_force(self._serving.status())))
        work = self.due()
        if work is not None:
            self._thread = threading.Thread(target=self._done, args=(work,), name="engines", daemon=True)
            self._thread.start()

    def due(self) -> Callable[[], None] | None:
        """What is to be done next; None for nothing."""
        serving, now_s = self._serving, self._clock()
        for model in serving.models():
            wanted = serving.wanted(model.name)
            if wanted != model.engine and serving.may_open(model.name, wanted):
                return partial(serving.move, model.name, wanted)
            if model.engine == DEFAULT_ENGINE:
                self._checked_s.pop(model.name, None)
            elif now_s - self._checked_s.setdefault(model.name, now_s) >= RECHECK_S:
                self._checked_s[model.name] = now_s
                return partial(serving.recheck, model)
        return None

    @staticmethod
    def _done(work: Callable[[], None]) -> None:
        try:
            work()
        except SottoError as error:
            log.info("%s", error)


def _not_in_force(models: tuple[ModelStatus, ...]) -> list[tuple[ModelStatus, str]]:
    """Models whose engine was chosen by a person and was left, with the reason."""
    return [
        (model, left.reason)
        for model in models
        for left in model.left
        if model.choice != AUTO and left.engine == model.choice
    ]


def _fault(found: tuple[ModelStatus, str]) -> Fault:
    model, reason = found
    return Fault(
        "engine.left",
        f"{model.model} does not run on the engine {model.choice}: {reason}",
        hint="`sotto models engine` shows what can be used here",
        effect=f"It runs on {model.engine}.",
        key=f"engines.{model.model}",
    )

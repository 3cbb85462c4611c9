"""Tuning: measures what has no figures yet, and keeps the figures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import count, groupby

from assistant.models.progress import Progress, silent
from assistant.scheduling.figure_file import FigureFile, Origin
from assistant.scheduling.figures import Figure, Figures
from assistant.scheduling.measure import BLOCKS, Candidate, Measurer
from common.errors import StorageError

log = logging.getLogger(__name__)

#: Seconds after which a placement that could not be used is tried again: its device may have been busy.
FAILED_AGAIN_S = 7 * 24 * 3600.0


class Tuning:
    """The figures of this machine, and how they come about.

    Args:
        file: keeps them.
        changed: is told of other figures, also of those that another process has measured.
    """

    def __init__(self, file: FigureFile, changed: Callable[[Figures], None] = lambda _figures: None) -> None:
        self._file = file
        self._changed = changed
        self.figures, self.origin = file.load()
        if self.origin is Origin.OTHER_MACHINE:
            log.warning("the figures in the state folder were measured on another machine; they are not used")
        self._changed(self.figures)

    def poll(self) -> None:
        """Look whether another process has measured; call it every second or so."""
        if self._file.has_changed():
            self.figures, self.origin = self._file.load()
            self._changed(self.figures)

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the right to measure on this machine.

        Raises:
            Conflict: `tune.running`: another process has it.
            StorageError: the state folder cannot be written.
        """
        return self._file.tuning()

    def due(
        self, candidates: Sequence[Candidate], now: float, *, force: bool = False
    ) -> list[list[Candidate]]:
        """What is to be measured: models, each with all of its placements, so that they are compared.

        Args:
            candidates: all that can be measured; those of one model follow each other.
            now: seconds since the epoch.
            force: also what has been measured.
        """
        models = [list(group) for _, group in groupby(candidates, key=lambda each: each.model)]
        return [model for model in models if force or any(self._is_due(each, now) for each in model)]

    def run(
        self, models: Sequence[Sequence[Candidate]], measurer: Measurer, progress: Progress = silent
    ) -> StorageError | None:
        """Measure models, and keep the figures of each as soon as it is measured. Hold `exclusive` meanwhile.

        Args:
            models: from `due`.
            measurer: measures.
            progress: called at every step.

        Returns:
            Why the figures could not be kept, if they could not: they count until the process ends.
        """
        total = len(models) * (BLOCKS + 1)
        refused: StorageError | None = None
        for number, model in enumerate(models):
            steps = count(number * (BLOCKS + 1))

            def step(what: str = f"measuring {model[0].model}", steps: Iterator[int] = steps) -> None:
                progress(what, next(steps), total)

            step()
            refused = self._keep(measurer.measure(model, step)) or refused
        if models:
            progress("figures measured", total, total)
        return refused

    def _keep(self, figures: list[Figure]) -> StorageError | None:
        self.figures = self.figures.with_more(figures)
        self.origin = Origin.THIS_MACHINE
        refused = None
        try:
            self._file.save(self.figures)
        except StorageError as error:
            log.warning("%s", error)
            refused = error
        self._changed(self.figures)
        return refused

    def _is_due(self, candidate: Candidate, now: float) -> bool:
        figure = self.figures.by_key((candidate.digest, candidate.placement, candidate.runtime))
        if figure is None:
            return True
        return not figure.right and now - figure.measured_at >= FAILED_AGAIN_S

"""Chooses the engine of a model that is set to "auto", by the figures."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.scheduling.devices import Placement
from assistant.scheduling.figures import Figures, Installed
from assistant.scheduling.preference import fastest
from assistant.serving.engine import DEFAULT_ENGINE


class FigureChooser:
    """The fastest engine whose results are right; see `assistant.serving.choices.Chooser`.

    It keeps the engine that it chose last until another one is faster by more than the noise with which the
    two were measured (`preference.fastest`). May be called from any thread.

    Args:
        installed: what figures must be of so that they count.
        devices: engine -> id of the device that it computes on.
    """

    def __init__(self, installed: Installed, devices: Mapping[str, str]) -> None:
        self._installed = installed
        self._devices = dict(devices)
        self._figures = Figures()
        self._in_use: dict[str, str] = {}

    def take(self, figures: Figures) -> None:
        """Choose by these figures from now on."""
        self._figures = figures

    def choose(self, model: str, candidates: tuple[str, ...]) -> str:
        """The engine of a model; the default engine if nothing was measured.

        Args:
            model: its name.
            candidates: ids of the engines that can be used here.
        """
        found = []
        for engine in candidates:
            device = self._devices.get(engine)
            if device is not None:
                figure = self._figures.of(model, Placement(device, engine), self._installed)
                if figure is not None:
                    found.append(figure)
        best = fastest(found, self._in_use.get(model, ""))
        engine = best.placement.engine if best is not None else DEFAULT_ENGINE
        self._in_use[model] = engine
        return engine

"""Options: the devices that a job may run on, and what it costs there. Made from figures; does not change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assistant.scheduling.devices import DEFAULT_PLACEMENT, PROCESSOR, Device, Placement
from assistant.scheduling.figures import Figure, Figures, Installed
from assistant.scheduling.jobs import Job, JobKind, Use
from assistant.scheduling.preference import fastest
from assistant.serving.engine import DEFAULT_ENGINE

#: Shapes of jobs whose options are kept. The box has about ten.
_MOST_SHAPES = 256


@dataclass(frozen=True)
class Cost:
    """What a job costs on a device.

    Attributes:
        p50_s, p95_s: its time, in seconds.
        energy_mj: in mJ; None if it was not measured.
    """

    p50_s: float
    p95_s: float
    energy_mj: float | None


@dataclass(frozen=True)
class Option:
    """A device that a job may run on.

    Attributes:
        device: see `Device`.
        engines: model of the job -> engine that runs it there.
        cost: None if it was not measured.
    """

    device: Device
    engines: Mapping[str, str]
    cost: Cost | None


@dataclass(frozen=True)
class Places:
    """What the options of a machine follow from.

    Attributes:
        devices: those that are there, with the engines that each has.
        figures: of this machine.
        installed: what figures must be of so that they count.
        fixed: model -> engine that its owner wants.
        excluded: placements that failed, and why. The processor with ONNX Runtime is the last resort, and is
            used all the same.
    """

    devices: Mapping[Device, tuple[str, ...]]
    figures: Figures
    installed: Installed
    fixed: Mapping[str, str]
    excluded: Collection[Placement]


class Options:
    """The options of all jobs. Keeps those of each shape of job.

    An engine that is in use for a model on a device stays in use until another one is faster by more than the
    noise (`preference.fastest`).

    Args:
        places: see `Places`.
        before: the options that these replace; tells what is in use.
    """

    def __init__(self, places: Places, before: Options | None = None) -> None:
        self._places = places
        self._kept: dict[tuple[JobKind, tuple[Use, ...], bool], tuple[Option, ...]] = {}
        self._in_use: dict[tuple[str, str], str] = {} if before is None else before._in_use

    def of(self, job: Job) -> tuple[Option, ...]:
        """The devices that the job may run on; empty if the machine has none for it."""
        shape = (job.kind, job.models, job.whole)
        found = self._kept.get(shape)
        if found is None:
            if len(self._kept) >= _MOST_SHAPES:
                self._kept.clear()
            found = self._kept[shape] = self._made(job)
        return found

    def _made(self, job: Job) -> tuple[Option, ...]:
        options = []
        for device, engines in self._places.devices.items():
            option = self._whole(job, device, engines) if job.whole else None
            option = option or self._by_models(job, device, engines)
            if option is not None:
                options.append(option)
        return tuple(options)

    def _whole(self, job: Job, device: Device, engines: tuple[str, ...]) -> Option | None:
        """By the figures of the kind of job, where it was measured as a whole."""
        best = self._fastest(job.kind.value, device, engines)
        if best is None:
            return None
        cost = Cost(best.p50_ms / 1e3, best.p95_ms / 1e3, best.energy_mj)
        return Option(device, dict.fromkeys((use.model for use in job.models), best.placement.engine), cost)

    def _by_models(self, job: Job, device: Device, engines: tuple[str, ...]) -> Option | None:
        """By the figures of the models: all must be right on the device."""
        chosen: dict[str, str] = {}
        figures: list[Figure | None] = []
        for use in job.models:
            best = self._fastest(use.model, device, engines)
            engine = (
                best.placement.engine if best is not None else self._unmeasured(use.model, device, engines)
            )
            if engine is None:
                return None
            chosen[use.model] = engine
            figures.append(best)
        return Option(device, chosen, _cost(job.models, figures))

    def _fastest(self, model: str, device: Device, engines: tuple[str, ...]) -> Figure | None:
        places = self._places
        figures = []
        for engine in engines:
            placement = Placement(device.id, engine)
            if placement in places.excluded and placement != DEFAULT_PLACEMENT:
                continue
            if places.fixed.get(model, engine) != engine:
                continue
            figure = places.figures.of(model, placement, places.installed)
            if figure is not None:
                figures.append(figure)
        best = fastest(figures, self._in_use.get((model, device.id), ""))
        if best is not None:
            self._in_use[model, device.id] = best.placement.engine
        return best

    def _unmeasured(self, model: str, device: Device, engines: tuple[str, ...]) -> str | None:
        """What runs a model without a right figure, on the processor: its owner's engine, or ONNX Runtime."""
        if device.id != PROCESSOR:
            return None
        wanted = self._places.fixed.get(model)
        if wanted is not None and wanted in engines:
            placement = Placement(device.id, wanted)
            figure = self._places.figures.of(model, placement, self._places.installed)
            if figure is None and placement not in self._places.excluded:
                return wanted
        return DEFAULT_ENGINE


def _cost(models: tuple[Use, ...], figures: list[Figure | None]) -> Cost | None:
    measured = [figure for figure in figures if figure is not None]
    if len(measured) < len(models) or not models:
        return None
    pairs = list(zip(models, measured, strict=True))
    energies = [figure.energy_mj for figure in measured]
    return Cost(
        sum(use.runs * figure.p50_ms for use, figure in pairs) / 1e3,
        sum(use.runs * figure.p95_ms for use, figure in pairs) / 1e3,
        None if None in energies else sum(use.runs * (figure.energy_mj or 0.0) for use, figure in pairs),
    )

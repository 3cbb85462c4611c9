"""The tool: a model, data and a budget -> the fastest variant that stays within the budget, and a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx

from assistant.models.progress import Progress, silent
from assistant.quantisation.calibration import Feed
from assistant.quantisation.layers import Layer
from assistant.quantisation.measure import Speed, speeds
from assistant.quantisation.model_file import storage_errors, write_model
from assistant.quantisation.precisions import GIVEN, PRECISIONS, Precision
from assistant.quantisation.search import Candidate, Option, Plan, search, uniform
from assistant.quantisation.tasks import Agreement, Loss, Points, Task, loss
from assistant.quantisation.work_folder import work_folder
from assistant.quantisation.workshop import Workshop
from common.errors import NotFound

#: Name of the variant that the search finds.
MIXED = "mixed"
#: Every fourth example is not calibrated with and judges the result, if there are no labels.
_HELD_OUT = 4
#: Most of them: the outputs of the given model are kept for each.
_MOST_HELD_OUT = 256
#: Examples that the layers are calibrated with, and those of them that single layers are judged by.
_MOST_CALIBRATED = 64
_MOST_JUDGED = 32
#: Inputs and rounds that a single layer is timed with.
_LAYER_INPUTS = 6
_LAYER_ROUNDS = 8
#: Examples that whole models are timed with.
_MOST_TIMED = 64


@dataclass(frozen=True)
class Request:
    """What is to be done.

    Attributes:
        budget: percentage points that a variant may lose.
        calibration: examples without labels.
        task: given model -> what decides; None for the agreement on a quarter of the examples, which is then
            left out of the calibration.
        search_task: what the search measures with, if the task takes too long; None for the task.
        precisions: those that layers may have.
        only: id of a precision that every layer is to have, without a search; "" to search.
        goal: "speed" or "size".
        rounds: times that each example is run for the speed.
    """

    budget: float
    calibration: tuple[Feed, ...]
    task: Callable[[Path], Task] | None = None
    search_task: Callable[[Path], Task] | None = None
    precisions: tuple[Precision, ...] = tuple(PRECISIONS.values())
    only: str = ""
    goal: str = "speed"
    rounds: int = 20


@dataclass(frozen=True)
class LayerResult:
    """One layer: what it may be, what each precision would lose and save, and what it got."""

    layer: Layer
    candidate: Candidate
    precision: str


@dataclass(frozen=True)
class Variant:
    """One variant of the whole model, judged and timed beside the given one.

    Attributes:
        name: a precision, "given" or "mixed".
        plan: layers that are changed.
        bytes: of the file.
        loss: against the given model, by the task.
        agreement: of the outputs with those of the given model on examples of the calibration, percent; it
            tells variants apart that the task cannot.
        speed: in the same run as the others.
        within: whether the loss is within the budget.
    """

    name: str
    plan: Mapping[str, str]
    bytes: int
    loss: Loss
    agreement: float
    speed: Speed
    within: bool


@dataclass(frozen=True)
class Result:
    """What came out.

    Attributes:
        budget: percentage points.
        goal: what was saved.
        task: what decided, in words.
        layers: every layer with its options.
        variants: the given model, each precision throughout, and the one that was asked for, which is last.
        tried: plans that the search measured, with their losses.
        model: the variant that was asked for, with its weights.
    """

    budget: float
    goal: str
    task: str
    layers: tuple[LayerResult, ...]
    variants: tuple[Variant, ...]
    tried: tuple[tuple[Plan, float], ...]
    model: onnx.ModelProto

    @property
    def wanted(self) -> Variant:
        """The variant that was asked for."""
        return self.variants[-1]


def quantise(model: onnx.ModelProto, request: Request, out: Path, progress: Progress = silent) -> Result:
    """Search, judge and time the variants of a model.

    Args:
        model: from `read_model`; it is emptied of its weights.
        request: what is to be done.
        out: folder that has space for the work, about twice the size of the model.
        progress: called at every step.

    Raises:
        NotFound: `quantise.no-data`, there is no example.
        InvalidInput: the model has no layer to quantise, or cannot be run on the data.
        StorageError: the disk is full, or `out` cannot be written.
    """
    if not request.calibration:
        raise NotFound("there is no example to calibrate with", hint="give some", code="quantise.no-data")
    with work_folder(out) as folder:
        return _Run(Workshop(model, folder), request, progress).result()


class _Run:
    """One run of the tool."""

    def __init__(self, workshop: Workshop, request: Request, progress: Progress) -> None:
        self._workshop = workshop
        self._request = request
        self._progress = progress
        feeds = request.calibration
        own = request.task is None and len(feeds) > 1
        self._feeds = tuple(f for at, f in enumerate(feeds) if not own or at % _HELD_OUT != _HELD_OUT - 1)
        held = tuple(feeds[_HELD_OUT - 1 :: _HELD_OUT])[:_MOST_HELD_OUT] or feeds[-1:]
        self._feeds = self._feeds[:_MOST_CALIBRATED]
        self._alone = Agreement(workshop.given, self._feeds[:_MOST_JUDGED])
        self._task: Task = request.task(workshop.given) if request.task else Agreement(workshop.given, held)
        self._search_task: Task = self._task
        if request.search_task is not None:
            self._search_task = request.search_task(workshop.given)
        elif request.task is None:
            self._search_task = self._alone

    def result(self) -> Result:
        request, workshop = self._request, self._workshop
        self._progress("calibrating", 0, 1)
        workshop.record(self._feeds)
        self._progress("calibrating", 1, 1)
        candidates = []
        for number, layer in enumerate(workshop.layers):
            self._progress(f"layer {layer.name}", number, len(workshop.layers))
            candidates.append(self._candidate(layer))
        self._progress("layers", 1, 1)
        plan, tried = self._plan(candidates)
        plans: dict[str, Plan] = {GIVEN: {}}
        for precision in request.precisions:
            plans[precision.id] = uniform(candidates, precision.id)
        plans = {name: each for name, each in plans.items() if each or name == GIVEN}
        # What was asked for stands last.
        plans.pop(request.only, None)
        plans[request.only or MIXED] = plan
        variants = self._variants(plans)
        layers = tuple(
            LayerResult(layer, candidate, plan.get(layer.name, GIVEN))
            for layer, candidate in zip(workshop.layers, candidates, strict=True)
        )
        return Result(
            request.budget, request.goal, self._task.name, layers, variants, tried, workshop.finished(plan)
        )

    def _candidate(self, layer: Layer) -> Candidate:
        workshop = self._workshop
        pieces = {each.id: workshop.prepare(layer, each) for each in self._request.precisions}
        there = {name: piece for name, piece in pieces.items() if piece is not None}
        alone = {name: workshop.alone_in(layer, name) for name in (GIVEN, *there)}
        inputs = workshop.inputs_of(layer)
        feeds = [{layer.source: each} for each in inputs[:: max(1, len(inputs) // _LAYER_INPUTS)]][
            :_LAYER_INPUTS
        ]
        took = speeds(alone, feeds, _LAYER_ROUNDS)
        for path in alone.values():
            path.unlink()
        options = []
        for name, piece in there.items():
            path = workshop.variant({layer.name: name})
            lost = 100 * (1 - float(self._alone.points(path).mean()))
            path.unlink()
            # By pairs of runs, so that what else the machine does falls on both.
            gained = took[GIVEN].p50_ms * (1 - 1 / took[name].ratio)
            options.append(Option(name, lost, gained, layer.bytes - piece.bytes))
        return Candidate(layer.name, took[GIVEN].p50_ms, tuple(options))

    def _plan(self, candidates: Sequence[Candidate]) -> tuple[Plan, tuple[tuple[Plan, float], ...]]:
        request = self._request
        if request.only:
            return uniform(candidates, request.only), ()
        given = self._search_task.points(self._workshop.given)
        count = 0

        def measure(plan: Plan) -> float:
            nonlocal count
            count += 1
            self._progress(f"searching: {len(plan)} layers, measurement {count}", 0, 0)
            return self._judged(self._search_task, given, plan).points

        outcome = search(candidates, request.budget, measure, request.goal)
        self._progress("searched", 1, 1)
        return outcome.plan, outcome.tried

    def _judged(self, task: Task, given: Points, plan: Plan) -> Loss:
        path = self._workshop.variant(plan)
        try:
            return loss(given, task.points(path))
        finally:
            path.unlink()

    def _variants(self, plans: Mapping[str, Plan]) -> tuple[Variant, ...]:
        workshop, request = self._workshop, self._request
        given = self._task.points(workshop.given)
        paths = {name: workshop.variant(plan) for name, plan in plans.items()}
        losses, agreements = {}, {}
        for number, (name, path) in enumerate(paths.items()):
            self._progress(f"judging {name}", number, len(paths))
            losses[name] = loss(given, self._task.points(path) if name != GIVEN else given)
            agreements[name] = 100 * float(self._alone.points(path).mean())
        self._progress("judged", 1, 1)
        timed = self._feeds[:_MOST_TIMED]
        took = speeds(paths, timed, request.rounds)
        self._progress("timed", 1, 1)
        sizes = {name: self._size(plan) for name, plan in plans.items()}
        return tuple(
            Variant(
                name,
                plan,
                sizes[name],
                losses[name],
                agreements[name],
                took[name],
                losses[name].points <= request.budget,
            )
            for name, plan in plans.items()
        )

    def _size(self, plan: Plan) -> int:
        return int(self._workshop.finished(plan).ByteSize())


def write_result(result: Result, path: Path) -> None:
    """Write the variant that was asked for.

    Raises:
        StorageError: it cannot be written.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_model(result.model, path)

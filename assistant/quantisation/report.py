"""What the tool found, as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.quantisation.model_file import storage_errors
from assistant.quantisation.picture import draw
from assistant.quantisation.precisions import GIVEN, PRECISIONS
from assistant.quantisation.tool import LayerResult, Result, Variant

#: Names of the files of a report.
JSON, PAGE, PICTURE = "report.json", "report.md", "report.png"
_COLUMNS = (
    "variant", "layers", "MB", "p50 ms", "p95 ms", "speed-up", "agreement %", "score %", "loss, points",
    "worse / better", "budget",
)  # fmt: skip


def as_json(result: Result, title: str, machine: str) -> dict[str, Any]:
    """The result as one object.

    Args:
        result: of the tool.
        title: name of the model.
        machine: where it was measured.
    """
    return {
        "model": title,
        "machine": machine,
        "budget_points": result.budget,
        "goal": result.goal,
        "task": result.task,
        "wanted": result.wanted.name,
        "accepted": result.wanted.within,
        "variants": [_variant(each) for each in result.variants],
        "layers": [_layer(each) for each in result.layers],
        "measured_plans": [
            {"layers": len(plan), "loss_points": round(lost, 4)} for plan, lost in result.tried
        ],
    }


def write_report(result: Result, title: str, machine: str, folder: Path) -> tuple[Path, ...]:
    """Write `report.json`, `report.md` and, where matplotlib is installed, `report.png`.

    Returns:
        The files.

    Raises:
        StorageError: they cannot be written.
    """
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / JSON, folder / PAGE]
        written[0].write_text(json.dumps(as_json(result, title, machine), indent=1) + "\n")
        has_picture = draw(result, title, folder / PICTURE)
        written[1].write_text("\n".join(page(result, title, machine, has_picture)) + "\n")
    return (*written, folder / PICTURE) if has_picture else tuple(written)


def page(result: Result, title: str, machine: str, has_picture: bool) -> Iterator[str]:
    """The report for people, in Markdown."""
    yield f"# {title}, quantised"
    yield ""
    yield (
        f"{verdict(result)} Judged by {result.task} (n={result.wanted.loss.count}). Saved: {result.goal}. "
        f"Machine: {machine}, one thread, every example run in turns by all variants."
    )
    yield ""
    if has_picture:
        yield f"![losses of the layers, and the variants]({PICTURE})"
        yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---" * len(_COLUMNS) + "|"
    for each in result.variants:
        yield row(each)
    yield ""
    yield (
        "Speed-up: median over the pairs of runs on the same example in the same round. Loss: mean "
        "difference to the given model on the same examples, with half of its 95 % interval; a loss below "
        "that interval cannot be told from none with these data. Agreement: of the outputs with those of the "
        "given model, on examples of the calibration."
    )
    yield ""
    ids = [
        name
        for name in PRECISIONS
        if any(name == o.precision for r in result.layers for o in r.candidate.options)
    ]
    yield "Each layer alone: points of agreement lost / microseconds saved."
    yield ""
    yield f"| layer | weights | us | takes | {' | '.join(ids)} |"
    yield "|---|---|---|---|" + "---|" * len(ids)
    for each_layer in result.layers:
        options = {option.precision: option for option in each_layer.candidate.options}
        cells = [
            f"{options[name].loss:.4f} / {1e3 * options[name].saved_ms:.0f}" if name in options else ""
            for name in ids
        ]
        shape = " x ".join(str(size) for size in each_layer.layer.shape)
        yield (
            f"| {each_layer.layer.name} ({each_layer.layer.weight}) | {shape} "
            f"| {1e3 * each_layer.candidate.ms:.0f} | {each_layer.precision} | {' | '.join(cells)} |"
        )


def verdict(result: Result) -> str:
    """Whether the variant is taken, and why, in a sentence."""
    wanted = result.wanted
    numbers = (
        f"loses {wanted.loss.points:.2f} points (budget {result.budget:g}), runs {wanted.speed.ratio:.2f} "
        f"times as fast and has {wanted.bytes / 1e6:.1f} MB in place of "
        f"{result.variants[0].bytes / 1e6:.1f} MB"
    )
    if not wanted.plan:
        return f"Nothing is taken: no layer can be changed within the budget of {result.budget:g} points."
    if not wanted.within:
        return f"Refused: {wanted.name} {numbers}."
    return f"Accepted: {wanted.name} {numbers}."


def row(variant: Variant) -> str:
    """One line of the table of variants."""
    lost, speed = variant.loss, variant.speed
    budget = "" if variant.name == GIVEN else "within" if variant.within else "refused"
    return (
        f"| {variant.name} | {len(variant.plan)} | {variant.bytes / 1e6:.1f} "
        f"| {speed.p50_ms:.3f} | {speed.p95_ms:.3f} | {speed.ratio:.2f} "
        f"| {variant.agreement:.2f} | {lost.score:.2f} | {lost.points:.2f} ± {lost.interval:.2f} "
        f"| {lost.worse} / {lost.better} | {budget} |"
    )


def line(variant: Variant) -> str:
    """One variant on a terminal."""
    lost, speed = variant.loss, variant.speed
    return (
        f"{variant.name:<12} {len(variant.plan):4} layers {variant.bytes / 1e6:8.1f} MB  "
        f"p50 {speed.p50_ms:9.3f} ms {speed.ratio:6.2f} x  "
        f"score {lost.score:6.2f} %  loses {lost.points:6.2f} ± {lost.interval:.2f} points"
        + ("" if variant.within else "  refused")
    )


def _variant(variant: Variant) -> dict[str, Any]:
    return {
        "name": variant.name,
        "layers_changed": len(variant.plan),
        "bytes": variant.bytes,
        "p50_ms": round(variant.speed.p50_ms, 4),
        "p95_ms": round(variant.speed.p95_ms, 4),
        "speed_up": round(variant.speed.ratio, 3),
        "runs": variant.speed.count,
        "agreement_percent": round(variant.agreement, 4),
        "score_percent": round(variant.loss.score, 4),
        "loss_points": round(variant.loss.points, 4),
        "loss_interval_95": round(variant.loss.interval, 4),
        "worse": variant.loss.worse,
        "better": variant.loss.better,
        "examples": variant.loss.count,
        "within_budget": variant.within,
    }


def _layer(each: LayerResult) -> dict[str, Any]:
    return {
        "name": each.layer.name,
        "kind": each.layer.kind,
        "weights": each.layer.weight,
        "shape": list(each.layer.shape),
        "ms": round(each.candidate.ms, 5),
        "takes": each.precision,
        "options": {
            option.precision: {
                "loss_points": round(option.loss, 5),
                "saved_ms": round(option.saved_ms, 5),
                "saved_bytes": option.saved_bytes,
            }
            for option in each.candidate.options
        },
    }

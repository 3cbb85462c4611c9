"""What quantisation gains and loses on this machine: MiniLM, and the graphs of the recogniser."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.models.catalogue import DEFAULT_LANGUAGE, choose
from assistant.models.progress import Progress, silent
from assistant.quantisation.report import write_report
from assistant.quantisation.tool import Request, Result, quantise
from services.bench.figures import machine
from services.bench.quantisable import MINILM, labelled_sentences, subject
from services.bench.recordings import speech_folder

#: Points that each may lose: MiniLM as promised; the recogniser nothing.
_BUDGET = 0.5
_BUDGET_RECOGNISER = 0.0
#: Graph of the recogniser that is run for each token.
_DECODER = f"{choose('asr', DEFAULT_LANGUAGE).name}-decoder"


def measure(
    names: Sequence[str] = (MINILM, _DECODER),
    *,
    labels: Path | None = None,
    speech: Path | None = None,
    limit: int | None = None,
    out: Path | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Quantise models that are known by name, each beside the given one, in one process.

    Args:
        names: of `quantisable.NAMES`.
        labels: labelled sentences for MiniLM; None for `labelled_sentences()`.
        speech: folder of real speech for the recogniser; None for `speech_folder()`.
        limit: sentences of each label, or commands, that are judged at most.
        out: folder for a report of each, in a folder of its name; None for none.
        progress: called at every step. MiniLM takes some two minutes, a graph of the recogniser ten.

    Returns:
        Name -> "given_p50_ms", "p50_ms", "speed_up" (median over pairs), "agreement", "given_score" and
        "score" (percent), "loss_points" and "loss_interval_95" (half of it), "examples", "given_bytes",
        "bytes", "accepted", "budget", "task", and some of every single precision under "variants".

    Raises:
        SottoError: a model or the data are not there.
    """
    measured = {}
    for name in names:
        chosen = subject(name, speech or speech_folder(), labels or labelled_sentences(), limit, progress)
        budget = _BUDGET if name == MINILM else _BUDGET_RECOGNISER
        request = Request(budget, chosen.calibration, chosen.task, chosen.search_task)
        with tempfile.TemporaryDirectory(prefix="sotto-") as scratch:
            result = quantise(chosen.model, request, Path(scratch), progress)
        if out is not None:
            write_report(result, name, machine(), out / name)
        measured[name] = figures(result)
    return measured


def figures(result: Result) -> dict[str, Any]:
    """The figures of one model."""
    given, wanted = result.variants[0], result.wanted
    return {
        "task": result.task,
        "budget": result.budget,
        "accepted": wanted.within and bool(wanted.plan),
        "given_p50_ms": round(given.speed.p50_ms, 3),
        "p50_ms": round(wanted.speed.p50_ms, 3),
        "speed_up": round(wanted.speed.ratio, 2),
        "agreement": round(wanted.agreement, 2),
        "given_score": round(given.loss.score, 2),
        "score": round(wanted.loss.score, 2),
        "loss_points": round(wanted.loss.points, 2),
        "loss_interval_95": round(wanted.loss.interval, 2),
        "examples": wanted.loss.count,
        "given_bytes": given.bytes,
        "bytes": wanted.bytes,
        "variants": {
            each.name: {
                "speed_up": round(each.speed.ratio, 2),
                "loss_points": round(each.loss.points, 2),
                "within": each.within,
            }
            for each in result.variants
        },
    }

"""`sotto quantise MODEL --budget 1.2%`: smaller weights for a model, within a budget of accuracy."""

from __future__ import annotations

import argparse
import re
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.models.progress import print_line
from common.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from services.bench.quantisable import Subject

#: What an image lacks.
_NEEDS = ("assistant.quantisation", "onnx", "onnxruntime.quantization")
_MOST_ROUNDS = 1000


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "model", metavar="MODEL", help="ONNX, PyTorch or Keras; minilm; a graph of the recogniser"
    )
    parser.add_argument("--budget", required=True, metavar="1.2%", help="points of accuracy that may be lost")
    parser.add_argument(
        "--data", type=Path, metavar="PATH", help="to calibrate with: .npz, .txt, or a folder"
    )
    parser.add_argument("--labels", type=Path, metavar="FILE", help="labelled sentences to judge by")
    parser.add_argument(
        "--vocabulary", type=Path, metavar="FILE", help="vocab.txt of a model that takes tokens"
    )
    parser.add_argument("--clips", type=Path, metavar="DIR", help="recogniser: the folder of real speech")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="judge by so many commands, or sentences a label"
    )
    parser.add_argument(
        "--precisions", default="", metavar="LIST", help="that layers may have; all by default"
    )
    parser.add_argument("--only", default="", metavar="PRECISION", help="for every layer, without a search")
    parser.add_argument("--goal", choices=("speed", "size"), default="speed", help="what is saved first")
    parser.add_argument(
        "--rounds", type=int, default=20, metavar="N", help="runs of each example for the speed"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build/quantised"), metavar="DIR", help="for the results"
    )


def quantise(options: argparse.Namespace) -> int:
    """Search, report, and write the variant if it is within the budget.

    Raises:
        OutsideBudget: no variant is within it, or the one that was asked for is not; the report is written.
        SottoError: the model or the data cannot be used, or nothing can be written.
    """
    missing = [name for name in _NEEDS if _is_missing(name)]
    if missing:
        raise Unavailable(
            f"`sotto quantise` needs {' and '.join(missing)}, which this installation does not have",
            hint='use a checkout, or install the package with its extra: pip install "sotto[quantise]"',
            code="quantise.incomplete",
        )
    from assistant.quantisation import report, tool
    from assistant.quantisation.errors import OutsideBudget
    from assistant.quantisation.precisions import PRECISIONS, chosen
    from services.bench.figures import machine

    budget = parsed_budget(options.budget)
    if options.limit is not None and options.limit < 1:
        raise InvalidInput(
            f"--limit {options.limit} leaves nothing to judge by",
            hint="give 1 or more",
            code="quantise.limit",
        )
    precisions = chosen(options.precisions) if options.precisions else tuple(PRECISIONS.values())
    if options.only:
        precisions = tuple({each.id: each for each in (*precisions, *chosen(options.only))}.values())
    subject = _subject(options)
    request = tool.Request(
        budget,
        subject.calibration,
        subject.task,
        subject.search_task,
        precisions,
        options.only,
        options.goal,
        min(max(1, options.rounds), _MOST_ROUNDS),
    )
    result = tool.quantise(subject.model, request, options.out, print_line)
    written = report.write_report(result, subject.title, machine(), options.out)
    verdict = report.verdict(result)
    for variant in result.variants:
        print(report.line(variant))
    print(verdict)
    print(f"written: {', '.join(str(each) for each in written)}")
    if not (result.wanted.within and result.wanted.plan):
        raise OutsideBudget(
            verdict.rstrip("."),
            hint=f"raise the budget, or give other data; {written[1]} says what each layer loses",
        )
    target = options.out / f"{subject.title}.onnx"
    tool.write_result(result, target)
    print(f"written: {target}")
    return 0


def parsed_budget(text: str) -> float:
    """ "1.2%" or "1.2" -> 1.2 percentage points.

    Raises:
        InvalidInput: `quantise.budget`, it is no number from 0 to 100.
    """
    match = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,6})?)\s*%?\s*", text)
    if match is None or float(match.group(1)) > 100:
        raise InvalidInput(
            f"the budget {text!r} is no share from 0 to 100 %",
            hint="for example 1.2%",
            code="quantise.budget",
        )
    return float(match.group(1))


def _is_missing(name: str) -> bool:
    try:
        return find_spec(name) is None
    except ModuleNotFoundError:
        return True


def _subject(options: argparse.Namespace) -> Subject:
    from services.bench import quantisable
    from services.bench.recordings import speech_folder

    if options.model in quantisable.NAMES:
        speech = options.clips or speech_folder()
        return quantisable.subject(options.model, speech, options.labels, options.limit, print_line)
    from assistant.quantisation.calibration import forms_of, read_data
    from assistant.quantisation.formats import as_onnx
    from assistant.quantisation.model_file import read_model
    from assistant.quantisation.wordpiece import read_vocabulary

    path = Path(options.model)
    with tempfile.TemporaryDirectory(prefix="sotto-") as folder:
        model = read_model(as_onnx(path, Path(folder)))
    forms = forms_of(model)
    tokeniser = read_vocabulary(options.vocabulary) if options.vocabulary else None
    data = read_data(options.data, forms, tokeniser) if options.data else None
    title = f"{path.stem}-quantised"
    if options.labels is not None:
        return quantisable.sentence_subject(title, model, options.labels, options.limit, tokeniser, data)
    if data is None:
        raise InvalidInput(
            "nothing to calibrate with is named",
            hint="name a .npz, a .txt or a folder of .npz or .wav with --data, or sentences with --labels",
            code="quantise.no-data",
        )
    return quantisable.data_subject(title, model, data, options.data)

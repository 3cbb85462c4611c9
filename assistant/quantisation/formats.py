"""Models of other frameworks as ONNX, by the exporters of these frameworks, each in a process of its own.

The exporters are optional: PyTorch comes with the extra `quantise-torch`, TensorFlow and Keras with
`quantise-tensorflow`. They run code that a file may contain, so a file must come from somebody you trust.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from assistant.quantisation.errors import unusable
from common.errors import NotFound, Unavailable
from common.programs import run

#: Version of ONNX's operators that is asked for, where an exporter asks.
_OPSET = "18"
#: Seconds that an exporter may take; TensorFlow alone needs three to start.
_TIME_LIMIT_S = 1800.0


@dataclass(frozen=True)
class Format:
    """One format that is exported.

    Attributes:
        title: what it is, for messages.
        is_one: whether a path is of this format.
        modules: what must be installed.
        extra: of this package, that brings them.
        command: model, result -> arguments of the interpreter.
    """

    title: str
    is_one: Callable[[Path], bool]
    modules: Sequence[str]
    extra: str
    command: Callable[[Path, Path], Sequence[str]]


def _tensorflow(option: str) -> Callable[[Path, Path], Sequence[str]]:
    return lambda source, target: (
        "-m", "tf2onnx.convert", option, str(source), "--output", str(target), "--opset", _OPSET,
    )  # fmt: skip


FORMATS = (
    Format(
        "PyTorch (.pt2, written by torch.export.save)",
        lambda path: path.suffix == ".pt2",
        ("torch", "onnxscript"),
        "quantise-torch",
        lambda source, target: ("-m", "assistant.quantisation.torch_export", str(source), str(target)),
    ),
    Format(
        "Keras (.keras or .h5)",
        lambda path: path.suffix in (".keras", ".h5"),
        ("tensorflow", "tf2onnx"),
        "quantise-tensorflow",
        _tensorflow("--keras"),
    ),
    Format(
        "TensorFlow (a folder with saved_model.pb)",
        lambda path: (path / "saved_model.pb").is_file(),
        ("tensorflow", "tf2onnx"),
        "quantise-tensorflow",
        _tensorflow("--saved-model"),
    ),
)


def as_onnx(path: Path, folder: Path) -> Path:
    """The model as an ONNX file: itself, or what an exporter writes into `folder`.

    Raises:
        NotFound: `quantise.no-model`.
        Unavailable: `quantise.no-exporter`, the exporter is not installed.
        InvalidInput: `quantise.format`, none of the formats; `quantise.export`, the exporter failed.
    """
    if not path.exists():
        raise NotFound(f"there is no model {path}", hint="name a file", code="quantise.no-model")
    if path.suffix == ".onnx":
        return path
    for each in FORMATS:
        if each.is_one(path):
            return _exported(each, path, folder)
    pickled = path.suffix in (".pt", ".pth", ".bin")
    raise unusable(
        f"{path} is in none of the formats that are taken",
        "save the module with torch.export.save(torch.export.export(module, inputs), 'model.pt2')"
        if pickled
        else f"these are: ONNX (.onnx), {', '.join(each.title for each in FORMATS)}",
        "quantise.format",
    )


def _exported(form: Format, path: Path, folder: Path) -> Path:
    missing = [name for name in form.modules if find_spec(name) is None]
    if missing:
        raise Unavailable(
            f"{form.title} is exported with {' and '.join(missing)}, which this installation does not have",
            hint=f'install the package with its extra: pip install "sotto[{form.extra}]"',
            code="quantise.no-exporter",
        )
    target = folder / "exported.onnx"
    try:
        done = run([sys.executable, *form.command(path, target)], _TIME_LIMIT_S)
        why = done.last_words if done.status or not target.is_file() else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        raise unusable(
            f"{path} could not be exported as {form.title}: {why}",
            "export it to ONNX with the framework's own tools, and give the .onnx",
            "quantise.export",
        )
    return target

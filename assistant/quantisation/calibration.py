"""The data that a model is calibrated and judged with: arrays for its inputs, perhaps with labels."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from assistant.audio.files import read_audio
from assistant.models.moonshine_shape import padded_length
from assistant.quantisation.wordpiece import WordPiece
from common.errors import InvalidInput, NotFound, TooLarge

Array = NDArray[Any]
Feed = Mapping[str, Array]

MOST_FEEDS = 20_000
MOST_BYTES = 2 << 30
#: Name of the array of labels in an `.npz`.
LABELS = "label"
_TEXT_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


@dataclass(frozen=True)
class Data:
    """Examples: one feed for each, and its label if labels are known."""

    feeds: tuple[Feed, ...]
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class InputForm:
    """One input of a model: type, and size of each axis, None where it is free; None for an unknown rank."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...] | None


def forms_of(model: onnx.ModelProto) -> tuple[InputForm, ...]:
    """The inputs of a model."""
    forms = []
    for each in model.graph.input:
        tensor = each.type.tensor_type
        shape = None
        if tensor.HasField("shape"):
            shape = tuple(axis.dim_value if axis.HasField("dim_value") else None for axis in tensor.shape.dim)
        forms.append(InputForm(each.name, helper.tensor_dtype_to_np_dtype(tensor.elem_type), shape))
    return tuple(forms)


def read_data(path: Path, forms: Sequence[InputForm], tokeniser: WordPiece | None = None) -> Data:
    """Examples out of a file or a folder.

    - `.npz`: an array for each input, its examples along a first axis of their own; `label`, if it is there,
      has a label for each. A folder of `.npz` has one example a file, without that axis.
    - `.txt`: a sentence a line, for a model with `input_ids`; needs a tokeniser.
    - a folder of `.wav`: 16 kHz, for a model with one input of sound, as the recogniser's encoder.

    Args:
        path: the file or folder.
        forms: the inputs of the model.
        tokeniser: for text.

    Raises:
        NotFound: `quantise.no-data`, it is not there or has no example.
        TooLarge: `quantise.too-much-data`.
        InvalidInput: `quantise.data`, it cannot be read; `quantise.feed`, it does not fit the model.
    """
    if path.is_dir():
        data = _folder(path, forms)
    elif not path.is_file():
        raise _nothing(path, "there is no such file or folder")
    elif path.suffix == ".npz":
        data = _stacked(path)
    elif path.suffix == ".txt":
        data = Data(text_feeds(text_lines(path), forms, tokeniser))
    else:
        raise _unreadable(path, "it is neither .npz nor .txt nor a folder")
    if not data.feeds:
        raise _nothing(path, "it has no example")
    return Data(fitted(data.feeds, forms, path), data.labels)


def fitted(feeds: Sequence[Feed], forms: Sequence[InputForm], path: Path) -> tuple[Feed, ...]:
    """The feeds with the types of the inputs; arrays that are no input are left out.

    Raises:
        InvalidInput: `quantise.feed`, an input is missing, or has another rank, size or type.
    """
    return tuple({form.name: _fitted(feed, form, path) for form in forms} for feed in feeds)


def _fitted(feed: Feed, form: InputForm, path: Path) -> Array:
    value = feed.get(form.name)
    if value is None:
        raise _misfit(path, f"it has no array {form.name!r}, which the model asks for")
    if form.shape is not None:
        fits = len(form.shape) == value.ndim and all(
            wanted in (None, size) for wanted, size in zip(form.shape, value.shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in form.shape)
            raise _misfit(path, f"{form.name!r} has the shape {value.shape}, the model asks for ({wanted})")
    if not np.can_cast(value.dtype, form.dtype, "same_kind"):
        raise _misfit(path, f"{form.name!r} is {value.dtype}, the model asks for {form.dtype}")
    return np.ascontiguousarray(value, form.dtype) if value.ndim else value.astype(form.dtype)


def text_lines(path: Path) -> list[str]:
    """The lines of a text that are not empty.

    Raises:
        InvalidInput, TooLarge: it is no UTF-8, or has too many lines.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(MOST_FEEDS * 1000 + 1)
        lines = [line.strip() for line in text.decode("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    if len(lines) > MOST_FEEDS or len(text) > MOST_FEEDS * 1000:
        raise _too_much(path, f"more than {MOST_FEEDS} lines")
    return lines


def text_feeds(
    lines: Sequence[str], forms: Sequence[InputForm], tokeniser: WordPiece | None
) -> tuple[Feed, ...]:
    """One feed for each sentence.

    Raises:
        InvalidInput: `quantise.text`, the model takes no tokens, or there is no tokeniser.
    """
    names = {form.name for form in forms}
    if "input_ids" not in names or not names <= _TEXT_INPUTS:
        raise InvalidInput(
            f"text is for models with the inputs {', '.join(sorted(_TEXT_INPUTS))}; this one has "
            f"{', '.join(sorted(names))}",
            hint="give its inputs as .npz",
            code="quantise.text",
        )
    if tokeniser is None:
        raise InvalidInput(
            "text needs the vocabulary of the model",
            hint="name its vocab.txt with --vocabulary",
            code="quantise.text",
        )
    feeds = []
    for line in lines:
        tokens = tokeniser.tokens(line)[None, :]
        feed = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        feeds.append({**feed, "token_type_ids": np.zeros_like(tokens)})
    return tuple(feeds)


def _stacked(path: Path) -> Data:
    arrays = _arrays(path)
    labels = arrays.pop(LABELS, None)
    if any(array.ndim == 0 for array in arrays.values()):
        raise _unreadable(path, "each array needs a first axis along which its examples stand")
    counts = {len(array) for array in arrays.values()} | ({len(labels)} if labels is not None else set())
    if len(counts) > 1:
        raise _unreadable(path, "its arrays have different numbers of examples")
    count = min(counts, default=0)
    if count > MOST_FEEDS:
        raise _too_much(path, f"more than {MOST_FEEDS} examples")
    feeds = tuple({name: array[place] for name, array in arrays.items()} for place in range(count))
    return Data(feeds, None if labels is None else tuple(str(each) for each in labels))


def _folder(path: Path, forms: Sequence[InputForm]) -> Data:
    files = sorted(each for each in path.iterdir() if each.suffix in (".npz", ".wav"))[: MOST_FEEDS + 1]
    if len(files) > MOST_FEEDS:
        raise _too_much(path, f"more than {MOST_FEEDS} files")
    kinds = {each.suffix for each in files}
    if len(kinds) > 1:
        raise _unreadable(path, "it has both .npz and .wav")
    if kinds == {".wav"}:
        return Data(tuple(_sounds(files, forms, path)))
    return Data(tuple(_arrays(each) for each in files))


def _sounds(files: Sequence[Path], forms: Sequence[InputForm], path: Path) -> Iterator[Feed]:
    if len(forms) != 1 or forms[0].dtype != np.float32:
        raise _misfit(path, "sound is for models with one input of float32")
    for file in files:
        samples = read_audio(file)
        # The length that the recogniser's encoder takes: whole frames.
        padded = np.zeros((1, padded_length(len(samples))), np.float32)
        padded[0, : len(samples)] = samples / np.float32(32768)
        yield {forms[0].name: padded}


def _arrays(path: Path) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_BYTES:
            raise _too_much(path, f"more than {MOST_BYTES / 1e9:.1f} GB")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise _unreadable(path, str(error).splitlines()[0][:200]) from error


def _nothing(path: Path, why: str) -> NotFound:
    return NotFound(
        f"{path} cannot be calibrated with: {why}",
        hint="name a .npz, a .txt or a folder of .npz or .wav with --data",
        code="quantise.no-data",
    )


def _unreadable(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"{path} cannot be read as data: {why}",
        hint='see docs/quantisation.md, "Data"',
        code="quantise.data",
    )


def _misfit(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"{path} does not fit the model: {why}",
        hint="name the arrays as the inputs of the model, and give them its shapes",
        code="quantise.feed",
    )


def _too_much(path: Path, why: str) -> TooLarge:
    return TooLarge(f"{path} has {why}", hint="give a part of it", code="quantise.too-much-data")

"""Reading and writing ONNX models, with a bound on their size and errors that say what is wrong."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError, EncodeError
from onnx import helper, numpy_helper, version_converter

from assistant.quantisation.errors import unusable
from common.errors import ModelError, NotFound, StorageError, TooLarge

#: Above it neither the several variants that are held at a time nor protobuf (2 GiB) would do.
MOST_BYTES = 1 << 30
#: Before version 13, DequantizeLinear has no axis.
_LEAST_OPSET = 13
_RAISED_OPSET = 17


def read_model(path: Path) -> onnx.ModelProto:
    """A model with its weights, in the form that `layers_of` expects.

    Constants are initialisers, every node has a name of its own, and the operators are those of version 13
    or later.

    Raises:
        NotFound, TooLarge: there is no such file; it has more than 1 GiB.
        ModelError: `quantise.damaged`.
        InvalidInput: `quantise.opset`, it is too old to be raised.
    """
    if not path.is_file():
        raise NotFound(f"there is no model {path}", hint="name an ONNX file", code="quantise.no-model")
    _bounded(path.stat().st_size, path)
    try:
        outline = onnx.load(path, load_external_data=False)
        _bounded(sum(_external_bytes(outline, path.parent)), path)
        model = onnx.load(path)
    except (DecodeError, ValueError, OSError, onnx.checker.ValidationError) as error:
        raise ModelError(
            f"{path} is no ONNX model or is damaged: {str(error).splitlines()[0][:200]}",
            hint="export it anew; external weights must lie beside it",
            code="quantise.damaged",
        ) from error
    if not model.graph.node:
        raise ModelError(f"{path} is no ONNX model: it has no nodes", code="quantise.damaged")
    return _in_form(_raised(model, path))


def _external_bytes(outline: onnx.ModelProto, folder: Path) -> Iterator[int]:
    names = {
        entry.value
        for tensor in outline.graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    for name in names:
        place = folder / name
        if place.is_file():
            yield place.stat().st_size


def _bounded(size: int, path: Path) -> None:
    if size > MOST_BYTES:
        raise TooLarge(
            f"the model {path} has {size / 1e9:.1f} GB; at most {MOST_BYTES / 1e9:.1f} GB are taken",
            hint="quantise a part of it",
            code="quantise.too-large",
        )


def _raised(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    version = next((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), 0)
    if version >= _LEAST_OPSET:
        return model
    try:
        return version_converter.convert_version(model, _RAISED_OPSET)
    except Exception as error:  # the converter raises RuntimeError and errors of its C++ part
        raise unusable(
            f"{path} uses operators of version {version}, and cannot be raised to {_RAISED_OPSET}: {error}",
            f"export it with opset {_RAISED_OPSET}",
            "quantise.opset",
        ) from error


def _in_form(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = model.graph
    nodes, used = [], set()
    for place, node in enumerate(graph.node):
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            array = numpy_helper.to_array(node.attribute[0].t)
            graph.initializer.append(numpy_helper.from_array(array, node.output[0]))
            continue
        if not node.name or node.name in used:
            node.name = f"{node.op_type}_{place}"
        while node.name in used:
            node.name += "_"
        used.add(node.name)
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    # Weights that are inputs with a default, as old exporters write them, are constants for us.
    names = {tensor.name for tensor in graph.initializer}
    inputs = [each for each in graph.input if each.name not in names]
    del graph.input[:]
    graph.input.extend(inputs)
    return model


def write_model(model: onnx.ModelProto, path: Path) -> None:
    """Write a model in one file.

    Raises:
        TooLarge: it does not fit into one.
        StorageError: the disk is full, or the folder cannot be written.
    """
    with storage_errors(path):
        try:
            onnx.save(model, path)
        except (EncodeError, ValueError) as error:
            raise TooLarge(
                f"the variant does not fit into one file: {error}", code="quantise.too-large"
            ) from error


def add_opsets(model: onnx.ModelProto, opsets: dict[str, int]) -> None:
    """Let the model import the domains of new nodes; versions that are there stay."""
    present = {each.domain for each in model.opset_import}
    for domain, version in opsets.items():
        if domain not in present:
            model.opset_import.append(helper.make_opsetid(domain, version))


@contextmanager
def storage_errors(where: Path) -> Iterator[None]:
    """Turn what the operating system says about writing into `StorageError`."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StorageError(
            f"the disk that holds {where} is full"
            if full
            else f"{where} cannot be written: {error.strerror or error}",
            hint="free some space: a run needs about twice the size of the model"
            if full
            else "name another folder with --out",
            code="storage.full" if full else "quantise.write",
        ) from error

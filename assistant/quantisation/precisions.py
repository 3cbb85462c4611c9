"""The precisions that a layer may have: a table."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import InvalidInput

#: The layer stays as the given model has it.
GIVEN = "given"

#: Weights of the matrix products: (inputs, outputs) by nature, whatever way round the node keeps them.
PRODUCTS = frozenset({"MatMul", "Gemm"})
#: A matrix product whose weights are int8 already, as the recogniser has them.
INT8_PRODUCTS = frozenset({"DynamicQuantizeMatMul"})


@dataclass(frozen=True)
class Precision:
    """One way to keep and multiply the weights of a layer.

    Attributes:
        id: what settings, reports and the command line call it.
        title: what it is, for reports.
        kinds: operators that can have it.
        bits: of one weight.
        calibrated: making it needs what goes into the layer.
    """

    id: str
    title: str
    kinds: frozenset[str]
    bits: int
    calibrated: bool = False


#: In the order of reports. "f16" is storage alone: ONNX Runtime multiplies in float32 on processors.
PRECISIONS: dict[str, Precision] = {
    each.id: each
    for each in (
        Precision("f16", "weights stored as float16", PRODUCTS | {"Gather", "Conv"}, 16),
        Precision("int8", "int8 by channel, activations quantised on the fly", PRODUCTS | {"Gather"}, 8),
        Precision(
            "int8-static",
            "int8 by channel, activations in ranges of the calibration",
            PRODUCTS | {"Conv"},
            8,
            calibrated=True,
        ),
        Precision("block8", "8 bits by blocks of 32 (MatMulNBits)", PRODUCTS | INT8_PRODUCTS, 8),
        Precision(
            "block4",
            "4 bits by blocks of 32 (MatMulNBits), rounded in the order of the activations",
            PRODUCTS | INT8_PRODUCTS,
            4,
            calibrated=True,
        ),
    )
}


def chosen(names: str) -> tuple[Precision, ...]:
    """The precisions of a list with commas, each once, in the order of the table.

    Raises:
        InvalidInput: `quantise.precision`, there is no such precision.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in PRECISIONS]
    if unknown or not wanted:
        raise InvalidInput(
            f"there is no precision {unknown[0]!r}" if unknown else "no precision is named",
            hint=f"there are: {', '.join(PRECISIONS)}",
            code="quantise.precision",
        )
    return tuple(each for each in PRECISIONS.values() if each.id in wanted)

"""A Piper voice cut into three graphs, so that speech can start before the sentence is finished.

A VITS voice is a text encoder with a duration predictor (front), a normalising flow, and a vocoder
that makes 256 samples of every latent frame. Both sources of randomness are in the front, so flow
and vocoder are deterministic functions of it and chunks of their output join exactly, given enough
frames of context.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx.utils import Extractor

from assistant.models.piper_shape import FLOW_LATENT, FRONT_LATENT, FRONT_MASK, INPUTS, OUTPUT
from common.errors import ModelError


def split_voice(voice: onnx.ModelProto) -> dict[str, onnx.ModelProto]:
    """The graphs "front", "flow" and "vocoder" of a published single-speaker voice.

    Raises:
        ModelError: the graph has not the tensors this code knows.
    """
    known = {name for node in voice.graph.node for name in node.output}
    missing = {FRONT_LATENT, FRONT_MASK, FLOW_LATENT, OUTPUT} - known
    if missing:
        raise ModelError(
            f"the voice is not a Piper graph this code knows: there is no {sorted(missing)[0]}",
            hint="Use the version pinned in requirements/models.lock.",
            code="model.unknown-graph",
        )
    extractor = Extractor(voice)

    def cut(inputs: Iterable[str], outputs: Iterable[str]) -> onnx.ModelProto:
        return extractor.extract_model(list(inputs), list(outputs))

    return {
        "front": cut(INPUTS, [FRONT_LATENT, FRONT_MASK]),
        "flow": cut([FRONT_LATENT, FRONT_MASK], [FLOW_LATENT]),
        "vocoder": cut([FLOW_LATENT], [OUTPUT]),
    }

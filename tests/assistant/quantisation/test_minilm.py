"""The graph of MiniLM computes what BERT is defined to compute: compared with numpy, on weights made here."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import pytest

from assistant.quantisation import minilm
from assistant.quantisation.workshop import open_model
from common.errors import ModelError

_INNER, _WORDS, _PLACES = 4 * minilm.WIDTH, 30, 16
Weights = dict[str, np.ndarray]


def _weights() -> Weights:
    rng = np.random.default_rng(0)
    width = minilm.WIDTH
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings": (_WORDS, width),
        "embeddings.position_embeddings": (_PLACES, width),
        "embeddings.token_type_embeddings": (2, width),
    }
    for layer in range(minilm.LAYERS):
        at = f"encoder.layer.{layer}"
        shapes |= {f"{at}.attention.self.{name}": (width, width) for name in ("query", "key", "value")}
        shapes |= {f"{at}.attention.output.dense": (width, width)}
        shapes |= {f"{at}.intermediate.dense": (_INNER, width), f"{at}.output.dense": (width, _INNER)}
    weights = {
        f"{name}.weight": rng.normal(0, 0.05, shape).astype(np.float32) for name, shape in shapes.items()
    }
    weights |= {
        f"{name}.bias": rng.normal(0, 0.05, shape[0]).astype(np.float32)
        for name, shape in shapes.items()
        if name.startswith("encoder")
    }
    norms = ["embeddings.LayerNorm"]
    norms += [
        f"encoder.layer.{n}.{part}.LayerNorm"
        for n in range(minilm.LAYERS)
        for part in ("attention.output", "output")
    ]
    for name in norms:
        weights[f"{name}.weight"] = rng.normal(1, 0.1, width).astype(np.float32)
        weights[f"{name}.bias"] = rng.normal(0, 0.1, width).astype(np.float32)
    return weights


def _by_hand(weights: Weights, tokens: np.ndarray) -> np.ndarray:
    def dense(name: str, x: np.ndarray) -> np.ndarray:
        return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])

    def norm(name: str, x: np.ndarray) -> np.ndarray:
        unit = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return np.asarray(unit * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    count, size = len(tokens), minilm.WIDTH // minilm.HEADS
    x = weights["embeddings.word_embeddings.weight"][tokens]
    x = x + weights["embeddings.position_embeddings.weight"][:count]
    x = norm("embeddings.LayerNorm", x + weights["embeddings.token_type_embeddings.weight"][0])
    for layer in range(minilm.LAYERS):
        at = f"encoder.layer.{layer}"
        parts = [dense(f"{at}.attention.self.{name}", x) for name in ("query", "key", "value")]
        query, key, value = (part.reshape(count, minilm.HEADS, size).transpose(1, 0, 2) for part in parts)
        scores = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(size))
        attended = (scores / scores.sum(-1, keepdims=True)) @ value
        attended = attended.transpose(1, 0, 2).reshape(count, minilm.WIDTH)
        x = norm(f"{at}.attention.output.LayerNorm", dense(f"{at}.attention.output.dense", attended) + x)
        inner = dense(f"{at}.intermediate.dense", x)
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = norm(f"{at}.output.LayerNorm", dense(f"{at}.output.dense", inner) + x)
    mean = x.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_the_graph_computes_what_the_definition_says(tmp_path: Path) -> None:
    weights = _weights()
    onnx.save(minilm.encoder_graph(weights), tmp_path / "minilm.onnx")
    session = open_model(tmp_path / "minilm.onnx")
    tokens = np.array([1, 7, 3, 29, 2])
    wanted = _by_hand(weights, tokens)
    (alone,) = session.run(None, {"input_ids": tokens[None], "attention_mask": np.ones((1, 5), np.int64)})
    np.testing.assert_allclose(alone[0], wanted, atol=2e-6)
    # What is masked does not count, whatever stands there.
    padded = np.array([[*tokens, 9, 9], [5, 5, 5, 5, 5, 5, 5]])
    mask = np.array([[1] * 5 + [0] * 2, [1] * 7])
    (both,) = session.run(None, {"input_ids": padded, "attention_mask": mask})
    np.testing.assert_allclose(both[0], wanted, atol=2e-6)


def test_other_weights_are_refused() -> None:
    weights = _weights()
    del weights["encoder.layer.5.output.dense.bias"]
    with pytest.raises(ModelError, match=r"layer\.5\.output\.dense\.bias") as caught:
        minilm.encoder_graph(weights)
    assert caught.value.code == "model.unknown-graph"

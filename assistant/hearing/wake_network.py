"""The streaming network of one wake word, run by pymicro-wakeword, with checks that the package lacks.

The package does not check the pointers that TensorFlow Lite returns, so a missing or damaged model file ends
the process with a segmentation fault. It also reads the file again at every reset.
"""

from __future__ import annotations

import json
from pathlib import Path

import pymicro_wakeword
from pymicro_wakeword import MicroWakeWord

from common.errors import ModelError

_MOST_CONFIG_BYTES = 64 * 1024


class WakeNetwork(MicroWakeWord):
    """A microWakeWord network whose file is checked when it is loaded and not needed afterwards.

    `process_streaming_prob` takes features (1, 1, 40) of 10 ms and gives the mean probability over the
    network's window. The network runs at every third call.
    """

    def _load_model(self) -> None:
        model = self.lib.TfLiteModelCreateFromFile(self.model_path)
        if not model:
            raise ValueError(f"{self.tflite_model} is not a TensorFlow Lite model")
        self.lib.TfLiteModelDelete(model)
        super()._load_model()

    def reset(self) -> None:
        """Forget the stream so far: a new interpreter on the same model, 0.1 ms."""
        # Resetting the variable tensors is not enough, because the state is in resource variables.
        self._features.clear()
        self._probabilities.clear()
        self.lib.TfLiteInterpreterDelete(self.interpreter)
        self.interpreter = self.lib.TfLiteInterpreterCreate(self.model, None)
        self.lib.TfLiteInterpreterAllocateTensors(self.interpreter)
        self.input_tensor = self.lib.TfLiteInterpreterGetInputTensor(self.interpreter, 0)
        self.output_tensor = self.lib.TfLiteInterpreterGetOutputTensor(self.interpreter, 0)


def load_network(name: str, path: Path) -> WakeNetwork:
    """Load the network that a microWakeWord .json file, version 2, describes; its .tflite lies beside it.

    Raises:
        ModelError: `wake.model` if either file is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            config = json.loads(file.read(_MOST_CONFIG_BYTES))
        micro = config["micro"]
        return WakeNetwork(
            id=name,
            wake_word=str(config["wake_word"]),
            tflite_model=path.parent / Path(config["model"]).name,
            probability_cutoff=float(micro["probability_cutoff"]),
            sliding_window_size=int(micro["sliding_window_size"]),
            trained_languages=list(config.get("trained_languages", [])),
            libtensorflowlite_c_path=_library(),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ModelError(
            f"the wake word '{name}' cannot be loaded from {path}: {error}",
            hint="run `make setup` to fetch it again",
            code="wake.model",
        ) from error


def _library() -> Path:
    folder = Path(pymicro_wakeword.__file__).parent / "lib"
    for path in folder.glob("*tensorflowlite_c.*"):
        return path
    raise OSError(f"pymicro-wakeword has no TensorFlow Lite library in {folder}")

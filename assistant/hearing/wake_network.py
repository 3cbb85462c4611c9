"""The streaming network of one wake word, run by pymicro-wakeword, with checks that the package lacks.

The package does not check the pointers that TensorFlow Lite returns, so a missing or damaged model file ends
the process with a segmentation fault. It also reads the file again at every reset, and makes eight arrays
for each inference, which took a third of its time.
"""

from __future__ import annotations

import ctypes
import json
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pymicro_wakeword
from numpy.typing import NDArray
from pymicro_wakeword import MicroWakeWord

from common.errors import ModelError

_MOST_CONFIG_BYTES = 64 * 1024


class WakeNetwork(MicroWakeWord):
    """A microWakeWord network whose file is checked when it is loaded and not needed afterwards.

    More than twelve attributes: most are those of the package's class.
    """

    _probabilities: deque[float]

    def _load_model(self) -> None:
        model = self.lib.TfLiteModelCreateFromFile(self.model_path)
        if not model:
            raise ValueError(f"{self.tflite_model} is not a TensorFlow Lite model")
        self.lib.TfLiteModelDelete(model)
        super()._load_model()
        features = self.lib.TfLiteTensorDim(self.input_tensor, 2)
        self._collected: NDArray[np.float64] = np.zeros((self.stride, features))
        self._count = 0
        self._scaled = np.zeros_like(self._collected)
        self._quantised = np.zeros(self._collected.shape, self.input_dtype)
        self._output = np.zeros(1, self.output_dtype)
        outputs = np.arange(np.iinfo(self.output_dtype).min, np.iinfo(self.output_dtype).max + 1)
        dequantised = (outputs.astype(np.float32) - self.output_zero_point) * self.output_scale
        self._probability_of: dict[int, float] = dict(
            zip(outputs.tolist(), dequantised.tolist(), strict=True)
        )
        # Operands of no dimension, because numpy allocates one for each Python number otherwise.
        self._scale, self._zero = np.array(self.input_scale), np.array(float(self.input_zero_point))
        self._quantised_at, self._output_at = _address(self._quantised), _address(self._output)

    def process_streaming_prob(self, features: NDArray[Any]) -> float:
        """Take the features (1, 1, 40) of 10 ms; gives the mean probability over the network's window.

        The network runs at every third call. The result is that of the package, bit for bit; nothing is
        allocated. After `close` it is 0.
        """
        if not self.interpreter:
            return 0.0
        self._collected[self._count] = features[0, 0]
        self._count += 1
        if self._count < self.stride:
            return 0.0
        self._count = 0
        np.divide(self._collected, self._scale, out=self._scaled)
        np.add(self._scaled, self._zero, out=self._scaled)
        np.rint(self._scaled, out=self._scaled)
        self._quantised[:] = self._scaled
        self.lib.TfLiteTensorCopyFromBuffer(self.input_tensor, self._quantised_at, self._quantised.nbytes)
        self.lib.TfLiteInterpreterInvoke(self.interpreter)
        self.lib.TfLiteTensorCopyToBuffer(self.output_tensor, self._output_at, self._output.nbytes)
        probabilities = self._probabilities
        probabilities.append(self._probability_of[self._output.item()])
        # Probabilities are float32 from 0 to 1, so that their sum has no rounding error.
        whole = len(probabilities) == self.sliding_window_size
        return sum(probabilities) / len(probabilities) if whole else 0.0

    def reset(self) -> None:
        """Forget the stream so far: a new interpreter on the same model, 0.1 ms."""
        # Resetting the variable tensors is not enough, because the state is in resource variables.
        self._count = 0
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


def _address(array: NDArray[Any]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def _library() -> Path:
    folder = Path(pymicro_wakeword.__file__).parent / "lib"
    for path in folder.glob("*tensorflowlite_c.*"):
        return path
    raise OSError(f"pymicro-wakeword has no TensorFlow Lite library in {folder}")

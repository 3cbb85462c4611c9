from __future__ import annotations

from assistant.scheduling.chooser import FigureChooser
from assistant.scheduling.figures import Figures
from tests.assistant.scheduling.machines import CPU, ENGINES, GPU, INSTALLED, figure

_ALL = ("onnxruntime", "openvino", "tensorrt")


def _chooser() -> FigureChooser:
    return FigureChooser(INSTALLED, {e: device.id for device, engines in ENGINES.items() for e in engines})


def test_without_figures_the_default_engine_is_chosen() -> None:
    assert _chooser().choose("ears", _ALL) == "onnxruntime"


def test_the_fastest_right_engine_that_is_here_is_chosen() -> None:
    chooser = _chooser()
    chooser.take(
        Figures(
            [
                figure("ears", CPU, "onnxruntime", 30),
                figure("ears", CPU, "openvino", 20),
                figure("ears", GPU, "tensorrt", 5, reason="wrong"),
                figure("mouth", GPU, "tensorrt", 5),
                figure("mouth", CPU, "onnxruntime", 9),
            ]
        )
    )
    assert chooser.choose("ears", _ALL) == "openvino"
    assert chooser.choose("mouth", _ALL) == "tensorrt"
    assert chooser.choose("mouth", ("onnxruntime", "openvino")) == "onnxruntime"
    assert chooser.choose("mind", _ALL) == "onnxruntime"


def test_figures_that_differ_by_less_than_the_noise_change_nothing() -> None:
    chooser = _chooser()

    def measured(onnxruntime: float, openvino: float) -> str:
        chooser.take(
            Figures(
                [
                    figure("ears", CPU, "onnxruntime", onnxruntime, noise_ms=2),
                    figure("ears", CPU, "openvino", openvino, noise_ms=1),
                ]
            )
        )
        return chooser.choose("ears", _ALL)

    assert measured(20, 21) == "onnxruntime"
    assert measured(21, 20) == "onnxruntime"
    assert measured(23, 20) == "openvino"
    assert measured(19, 20) == "openvino"

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.scheduling.devices import Placement
from assistant.scheduling.figures import MOST_FIGURES, Figure, Figures, from_json, to_json
from tests.assistant.scheduling.machines import CPU, INSTALLED, figure

_figures = st.builds(
    lambda p50, more, energy, reason, when: Figure(
        "ears", "hash", Placement("cpu", "engine"), "1", p50, p50 + more, more, 30, energy, reason, when
    ),
    st.floats(1e-6, 1e6),
    st.floats(0, 1e6),
    st.none() | st.floats(0, 1e6),
    st.sampled_from(["", "wrong"]),
    st.floats(0, 1e10),
)


@given(_figures)
def test_a_figure_comes_back_as_it_was_written(measured: Figure) -> None:
    back = from_json(json.loads(json.dumps(to_json(measured))))
    assert back.key == measured.key
    assert back.p50_ms == pytest.approx(measured.p50_ms, abs=1e-6)
    assert (back.energy_mj is None) == (measured.energy_mj is None)
    assert (back.n, back.reason) == (measured.n, measured.reason)


@pytest.mark.parametrize(
    "change",
    [
        {"p50_ms": -1},
        {"p50_ms": math.nan},
        {"p95_ms": 0.1},
        {"n": 0},
        {"energy_mj": math.inf},
        {"model": 7},
        {"reason": "x" * 1000},
        {"device": None},
    ],
)
def test_a_number_that_no_measurement_gives_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        from_json({**to_json(figure("ears", CPU, "onnxruntime", 10)), **change})


def test_the_newest_figures_are_kept() -> None:
    figures = Figures(
        Figure("ears", f"hash {n}", Placement("cpu", "engine"), "1", 1, 1, 0, 1, None, "", float(n))
        for n in range(MOST_FIGURES + 10)
    )
    assert len(figures) == MOST_FIGURES
    assert min(each.measured_at for each in figures) == 10


def test_a_new_figure_replaces_the_one_of_the_same_key() -> None:
    figures = Figures([figure("ears", CPU, "onnxruntime", 10)])
    figures = figures.with_more([figure("ears", CPU, "onnxruntime", 20, when=2)])
    (left,) = figures
    assert left.p50_ms == 20
    assert figures.of("ears", Placement("cpu", "onnxruntime"), INSTALLED) == left

"""The picture of a report: what each layer loses, and what the variants lose and gain."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from assistant.quantisation.precisions import GIVEN, PRECISIONS
from assistant.quantisation.tool import Result

#: Layers that are drawn, those that lose most.
_MOST_LAYERS = 40
#: Smallest loss that is drawn, points: the axis is logarithmic.
_LEAST_LOSS = 1e-5
_MARKS = "osD^vP*"
#: Letters of a layer's name that are drawn.
_MOST_LETTERS = 36


def draw(result: Result, title: str, path: Path) -> bool:
    """Write a PNG: layers on the left, variants on the right.

    Returns:
        Whether it was written; False without matplotlib.
    """
    if find_spec("matplotlib") is None:
        return False
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(13, 6), layout="constrained")
    layers = sorted(
        result.layers, key=lambda each: max((o.loss for o in each.candidate.options), default=0), reverse=True
    )[:_MOST_LAYERS][::-1]
    for mark, name in zip(_MARKS, PRECISIONS, strict=False):
        drawn = [
            (max(option.loss, _LEAST_LOSS), place, each.precision == name)
            for place, each in enumerate(layers)
            for option in each.candidate.options
            if option.precision == name
        ]
        if drawn:
            losses, places, taken = zip(*drawn, strict=True)
            faces = [f"C{list(PRECISIONS).index(name)}" if each else "none" for each in taken]
            colour = f"C{list(PRECISIONS).index(name)}"
            left.scatter(losses, places, marker=mark, facecolors=faces, edgecolors=colour, s=28, label=name)
    left.set_xscale("log")
    left.set_yticks(range(len(layers)), [_short(each.layer.weight) for each in layers], fontsize=6)
    left.set_xlabel("points of agreement lost by the layer alone (filled: taken)")
    left.set_title("layers")
    left.legend(fontsize=7)
    for number, variant in enumerate(result.variants):
        is_wanted = variant is result.wanted
        right.errorbar(
            variant.speed.ratio, variant.loss.points, yerr=variant.loss.interval,
            fmt="*" if is_wanted else "o", markersize=14 if is_wanted else 7, capsize=3,
            color="grey" if variant.name == GIVEN else "C2" if variant.within else "C3",
        )  # fmt: skip
        right.annotate(
            f"{variant.name}, {variant.bytes / 1e6:.1f} MB",
            (variant.speed.ratio, variant.loss.points),
            xytext=(6, 6 if number % 2 else -14),
            textcoords="offset points",
            fontsize=8,
        )
    right.axhline(
        result.budget, color="C3", linewidth=0.8, linestyle=":", label=f"budget {result.budget:g} points"
    )
    right.set_xlabel("times as fast as given")
    right.set_ylabel("points lost (bars: 95 % interval)")
    right.set_title(f"variants, by {result.task}", fontsize=9)
    right.legend(fontsize=8)
    figure.suptitle(title)
    right.margins(x=0.2)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return True


def _short(name: str) -> str:
    name = name.removesuffix(".weight")
    return name if len(name) <= _MOST_LETTERS else f"...{name[-_MOST_LETTERS:]}"

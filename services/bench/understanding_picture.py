"""The picture of `sotto bench understanding`."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw_understanding(results: dict[str, Any], path: Path) -> None:
    """Write a PNG: what is right by intent, of SLURP's sentences and of those out of templates."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = {"templates of home-assistant-intents": results["templates"]["by_intent"]}
    if results["slurp"] is not None:
        groups = {"SLURP, by its intents": results["slurp"]["by_intent"], **groups}
    figure, parts = pyplot.subplots(
        1, len(groups), figsize=(7 * len(groups), 11), layout="constrained", squeeze=False
    )
    for part, (title, by_intent) in zip(parts[0], groups.items(), strict=True):
        names = [f"{name} ({share['count']})" for name, share in by_intent.items()][::-1]
        shares = list(by_intent.values())[::-1]
        for key, label, width in (
            ("taken_percent", "taken", 0.8),
            ("intent_right_percent", "intent right", 0.55),
            ("all_right_percent", "intent and values right", 0.3),
        ):
            part.barh(names, [share[key] for share in shares], width, label=label)
        part.set_xlim(0, 100)
        part.set_xlabel("percent of the sentences")
        part.set_title(title)
        part.tick_params(axis="y", labelsize=8)
        part.legend(loc="lower right")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)

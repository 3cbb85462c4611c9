"""`sotto bench understanding`: how much of what people type to a home assistant is understood."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.settings import load_settings
from services.bench import slurp, understanding
from services.bench.figures import line, machine
from services.bench.understanding_picture import draw_understanding
from services.client.scratch import scratch_assistant


def text_folder() -> Path:
    """The folder of sentences: `SOTTO_TEXT`, or `shared/text` beside the checkout."""
    return Path(os.environ.get("SOTTO_TEXT") or "../shared/text")


def bench_understanding(options: argparse.Namespace) -> int:
    """Leaves `understanding.json` and `understanding.png`."""
    folder = options.text or text_folder()
    has_slurp = options.text is not None or (folder / slurp.FILE).is_file()
    with scratch_assistant(load_settings(options.config)) as assistant:
        results = {"machine": machine(), **understanding.run(assistant, folder if has_slurp else None)}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "understanding.json").write_text(json.dumps(results, indent=1) + "\n")
    draw_understanding(results, options.out / "understanding.png")
    for text in report(results):
        print(text)
    print(f"written: {options.out / 'understanding.json'}, {options.out / 'understanding.png'}")
    return 0


def report(results: Mapping[str, Any]) -> Iterator[str]:
    """The figures for people."""
    yield results["machine"]
    yield line("one sentence", results["milliseconds"], "ms")
    found = results["slurp"]
    if found is None:
        yield "SLURP: not measured: set SOTTO_TEXT"
    else:
        yield _row("SLURP, what the box has functions for", found["mine"])
        rights = [fold["intent_right_percent"] for fold in found["by_fold"]]
        yield f"  its five folds: intent right {min(rights)} to {max(rights)} %"
        for name, share in found["by_intent"].items():
            yield _row(f"  {name}", share)
        for name, share in found["by_source"].items():
            yield _row(f"  taken by the {name}", share)
        for confusion in found["confusions"]:
            yield f"  {confusion['count']:4} x {confusion['meant']} taken for {confusion['taken_as']}"
        foreign = found["foreign"]
        yield (
            f"SLURP, what is not for the box: {foreign['taken']} of {foreign['count']} taken, "
            f"{foreign['taken_percent']} % (at most 1)"
        )
        for text in foreign["taken_as"]:
            yield f"  {text}"
    yield _row("templates of home-assistant-intents", results["templates"]["all"])
    for name, share in results["templates"]["by_intent"].items():
        yield _row(f"  {name}", share)


def _row(name: str, share: Mapping[str, Any]) -> str:
    return (
        f"{name:<44} taken {share['taken_percent']:5.1f} %  intent right "
        f"{share['intent_right_percent']:5.1f} %  with values {share['all_right_percent']:5.1f} %  "
        f"n={share['count']}"
    )

"""`sotto bench`: the numbers the project promises, measured on this machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import onnxruntime

from assistant.assistant import Assistant
from assistant.audio.files import read_audio
from assistant.paths import models_dir
from assistant.settings import load_settings
from assistant.skills.volume import SavedVolume
from assistant.turns import Turn
from services.bench import accuracy, latency, resources
from services.bench.figures import line, machine, percentiles
from services.bench.picture import draw

_STAGES = ("encode", "decode", "recognise", "parse", "act", "speak")


def bench(options: argparse.Namespace) -> int:
    """Measure, print, and leave `bench.json` and `bench.png` in the output folder."""
    options.out.mkdir(parents=True, exist_ok=True)
    results = measure(options)
    (options.out / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
    draw(results, options.out / "bench.png")
    report(results)
    print(f"written: {options.out / 'bench.json'}, {options.out / 'bench.png'}")
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, in one run."""
    speech = Path(os.environ.get("SOTTO_SPEECH") or "../shared/speech")
    has_speech = (speech / "commands" / "labels.json").is_file()
    rounds = 1 if options.quick else 4
    with tempfile.TemporaryDirectory(prefix="sotto-") as scratch:
        state = Path(scratch)
        assistant = Assistant(
            load_settings(options.config), models_dir(), state, SavedVolume(state / "volume")
        )
        clips = [latency.speak(assistant, text) for text in latency.COMMANDS]
        # The first turns meet cold caches; a box that has been up for a minute does not.
        latency.streamed(assistant, clips[:4], realtime=False)
        fast = latency.streamed(assistant, clips * rounds, realtime=False)
        whole = latency.whole(assistant, clips * rounds)
        live = latency.streamed(assistant, clips, realtime=True)
        silent = resources.silent_room(assistant, resources.quiet(60))
        kitchen = None
        if has_speech:
            noise = read_audio(speech / "noise" / "kitchen.wav", max_seconds=200)
            kitchen = resources.silent_room(assistant, noise)
        assistant.close()
    return {
        "machine": machine(),
        "versions": {"python": platform.python_version(), "onnxruntime": onnxruntime.__version__},
        "clocks_ms": {
            "compute_streamed": _clock(fast, "compute"),
            "compute_whole file": _clock(whole, "compute"),
            "decided_live": _clock(live, "decided"),
            "acted_live": _clock(live, "acted"),
            "heard_live": _clock(live, "heard"),
            "compute_live": _clock(live, "compute"),
        },
        "stages_ms": {
            name: percentiles([t.stages_ms[name] for t in whole if name in t.stages_ms]) for name in _STAGES
        },
        "understood_percent": round(100 * sum(t.accepted for t in fast) / max(1, len(fast)), 1),
        "silent_room": silent,
        "kitchen_noise": kitchen,
        "daemon": resources.daemon(clips[0], turns=5 if options.quick else 50),
        "accuracy": accuracy.run(speech, 30 if options.quick else None) if has_speech else None,
    }


def _clock(turns: list[Turn], name: str) -> dict[str, float]:
    values = [value for t in turns if (value := getattr(t.clocks_ms, name)) is not None]
    return percentiles(values)


def report(results: dict[str, Any]) -> None:
    """The figures for people, each beside what is promised."""
    promised = {"compute_streamed": "(at most 150 at p95)", "compute_whole file": "(no promise)"}
    print(results["machine"])
    for name, values in results["clocks_ms"].items():
        print(line(name.replace("_", ", "), values, "ms", promised.get(name, "")))
    for name, values in results["stages_ms"].items():
        print(line(f"  stage {name}", values, "ms"))
    print(f"own commands understood                      {results['understood_percent']} %")
    daemon, silent = results["daemon"], results["silent_room"]
    print(
        f"silent room                                  {silent['core_percent']} % of a core, "
        f"{silent['wake_inferences']} wake word inferences (at most 2 %, none)"
    )
    if results["kitchen_noise"]:
        print(
            f"kitchen noise                                {results['kitchen_noise']['core_percent']}"
            " % of a core"
        )
    print(f"daemon ready after                           {daemon['ready_s']} s (at most 6)")
    print(
        f"daemon resident memory                       {daemon['rss_mb_at_start']} MB at start, "
        f"{daemon['rss_mb_after_turns']} MB after {daemon['turns']} turns (at most 400)"
    )
    print(f"daemon left alone                            {daemon['idle_core_percent']} % of a core")
    heard = results["accuracy"]
    if heard is None:
        print("accuracy                                     not measured: set SOTTO_SPEECH")
        return
    print(f"recogniser                                   {heard['real_time_factor']} x real time (below 0.1)")
    print(
        f"real commands, every slot right              {heard['accepted_right_percent']} % of "
        f"{heard['clips']} (at least 77), wrong {heard['accepted_wrong_percent']} %"
    )
    print(
        f"foreign speech taken for a home command      "
        f"{heard['foreign_taken_for_home_percent']} % (at most 2)"
    )

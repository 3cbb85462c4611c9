"""`sotto bench`: the numbers the project promises, measured on this machine."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator
from typing import Any

import onnxruntime

from assistant.audio.files import read_audio
from assistant.settings import load_settings
from assistant.turn.store import Turn
from services.bench import accuracy, latency, resources
from services.bench.figures import line, machine, percentiles
from services.bench.picture import draw
from services.bench.recordings import speech_folder
from services.client.scratch import scratch_assistant

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
    speech = speech_folder()
    has_speech = (speech / "commands" / "labels.json").is_file()
    rounds = 1 if options.quick else 4
    with scratch_assistant(load_settings(options.config)) as assistant:
        clips = [latency.speak(assistant, text) for text in latency.COMMANDS]
        # The first turns meet cold caches; a box that has been up for a minute does not. No timer is set
        # here: one that is left over makes every later answer about timers a list.
        latency.streamed(assistant, clips[:3], realtime=False)
        fast = latency.streamed(assistant, clips * rounds, realtime=False)
        whole = latency.whole(assistant, clips * rounds)
        live = latency.streamed(assistant, clips * (1 if options.quick else 2), realtime=True)
        silent = resources.silent_room(assistant, resources.quiet(60))
        kitchen = None
        if has_speech:
            noise = read_audio(speech / "noise" / "kitchen.wav", max_seconds=200)
            kitchen = resources.silent_room(assistant, noise)
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
        "silent_daemon": resources.silent_daemon(10 if options.quick else 40),
        "daemon": resources.daemon(clips, turns=15 if options.quick else 150),
        "accuracy": accuracy.run(speech, 30 if options.quick else None) if has_speech else None,
    }


def _clock(turns: list[Turn], name: str) -> dict[str, float]:
    values = [value for t in turns if (value := getattr(t.clocks_ms, name)) is not None]
    return percentiles(values)


def report(results: dict[str, Any]) -> None:
    """The figures for people, each beside what is promised."""
    promised = {"compute_streamed": "(at most 150 at p95)"}
    print(results["machine"])
    for name, values in results["clocks_ms"].items():
        print(line(name.replace("_", ", "), values, "ms", promised.get(name, "")))
    for name, values in results["stages_ms"].items():
        print(line(f"  stage {name}", values, "ms"))
    for what, figure in _facts(results):
        print(f"{what:<44} {figure}")


def _facts(results: dict[str, Any]) -> Iterator[tuple[str, str]]:
    daemon, silent, room = results["daemon"], results["silent_room"], results["silent_daemon"]
    yield "own commands understood", f"{results['understood_percent']} %"
    yield (
        "hearing a silent room",
        f"{silent['core_percent']} % of a core, {silent['wake_inferences']} wake word inferences (none)",
    )
    if results["kitchen_noise"]:
        yield "hearing kitchen noise", f"{results['kitchen_noise']['core_percent']} % of a core"
    yield (
        "whole daemon, microphone open, silent room",
        f"not measured: {room}"
        if isinstance(room, str)
        else f"{room['core_percent']} % of a core (at most 2)",
    )
    yield "daemon left alone, no microphone", f"{daemon['idle_core_percent']} % of a core"
    yield "daemon ready after", f"{daemon['ready_s']} s (at most 6)"
    yield (
        "daemon resident memory",
        f"{daemon['rss_mb_at_start']} MB at start, {daemon['rss_mb_after_turns']} MB after "
        f"{daemon['turns']} turns (at most 400)",
    )
    heard = results["accuracy"]
    if heard is None:
        yield "accuracy", "not measured: set SOTTO_SPEECH"
        return
    yield "recogniser", f"{heard['real_time_factor']} x real time (below 0.1)"
    yield (
        "real commands accepted, every slot right",
        f"{heard['accepted_right_percent']} % of {heard['clips']} (at least 77), "
        f"wrong {heard['accepted_wrong_percent']} %",
    )
    yield (
        "foreign speech taken for a home command",
        f"{heard['foreign_taken_for_home_percent']} % (at most 2)",
    )

"""`sotto bench latency`, `accuracy` and `memory`: what is promised about real speech, measured on it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.settings import Settings, load_settings
from assistant.skills.contract import Skill
from services.bench import accuracy, growth, latency, live
from services.bench.figures import line, machine
from services.bench.neutral import NeutralSkill
from services.bench.recordings import clips_of, speech_folder
from services.bench.speech_pictures import draw_accuracy, draw_latency, rare_errors
from services.client.scratch import scratch_assistant

#: Clips of the latency page unless --limit says otherwise: each takes some ten seconds.
_LIVE_CLIPS = 40


def bench_latency(options: argparse.Namespace) -> int:
    """Real speech in real time; leaves `latency.json` and `latency.png`."""
    folder = options.clips or speech_folder() / "commands"
    limit = options.limit or (10 if options.quick else _LIVE_CLIPS)
    clips = clips_of(folder, limit)
    settings = load_settings(options.config)
    answered: tuple[Skill, ...] = ()
    if any(file.suffix in {".yaml", ".yml"} for file in folder.iterdir()):
        settings = replace(settings, sentences=(folder,), builtin_sentences=False)
        answered = (NeutralSkill(folder),)
    with scratch_assistant(settings, answered) as assistant:
        # A box that has been up for a minute has met the grammar before.
        for clip in clips[:3]:
            live.hear(assistant, clip)
        results = {"machine": machine(), "folder": folder.name, **live.run(assistant, clips)}
    _write(options.out, "latency", results)
    draw_latency(results, options.out / "latency.png")
    print(results["machine"])
    for text in latency_report(results):
        print(text)
    return 0


def bench_accuracy(options: argparse.Namespace) -> int:
    """What is understood and what is not; leaves `accuracy.json` and `accuracy.png`."""
    settings = load_settings(options.config)
    folder, limit = options.clips or speech_folder(), options.limit or (15 if options.quick else None)
    figures = accuracy.full(
        folder, settings, limit, report=lambda what: print(f"measuring: {what}", flush=True)
    )
    results = {"machine": machine(), **figures}
    _write(options.out, "accuracy", results)
    draw_accuracy(results, options.out / "accuracy.png")
    for text in accuracy_report(results):
        print(text)
    return 0


def bench_memory(options: argparse.Namespace) -> int:
    """Whether the daemon grows; leaves `memory.json`."""
    with scratch_assistant(Settings()) as assistant:
        clips = [latency.speak(assistant, text) for text in latency.COMMANDS]
    results = {"machine": machine(), **growth.run(clips, options.turns)}
    _write(options.out, "memory", results)
    print(
        f"{results['turns']} turns, {results['spoken']} of them spoken: {results['rss_mb_at_start']} MB at "
        f"start, {results['rss_mb'][-1][1]} MB at the end; growth behind turn {results['warm_turns']}: "
        f"{results['growth_mb']} MB"
    )
    return 0


def latency_report(results: dict[str, Any]) -> Iterator[str]:
    """The figures for people, each beside what is promised."""
    own, fixed = results["own"], results["fixed_timer"]
    promised = {
        ("complete", "heard"): "(at most 100 at p50, 250 at p95)",
        ("extendable", "decided"): "(at most 350 at p95)",
        ("all", "compute"): "(at most 35 at p95 cached, 65 synthesised)",
    }
    for group, clocks in own["clocks_ms"].items():
        for name, values in clocks.items():
            yield line(f"{name}, {group}", values, "ms", promised.get((group, name), ""))
    for group, clocks in own["from_outside_ms"].items():
        yield line(f"heard, {group}, from the clip's own end of speech", clocks["heard"], "ms")
    yield line(f"heard, fixed timer of {fixed['silence_ms']} ms", fixed["clocks_ms"]["all"]["heard"], "ms")
    yield line("  the same, from the clip's own end", fixed["from_outside_ms"]["all"]["heard"], "ms")
    for name, values in (("cut off", own), ("cut off, fixed timer", fixed)):
        yield f"{name:<44} {values['cut_off_percent']} % of {results['clips']} (at most 0.5)"
    yield (
        f"{'processor while somebody speaks':<44} {own['core_percent_while_speaking_mean']} % of a core "
        "(at most 60)"
    )
    yield f"{'how finished the words were':<44} {own['kinds']}"
    yield f"{'bottleneck':<44} {results['bottleneck']}"


def accuracy_report(results: dict[str, Any]) -> Iterator[str]:
    """The table for people."""
    yield f"{results['machine']}; {results['clips']} commands"
    yield f"{'':<8} {'right':>7} {'wrong':>7} {'rejected':>9}   percent"
    rows = {**results["acceptance"], "mean": results["noise_mean"]}
    for name, row in rows.items():
        right, wrong, rejected = (row[f"{key}_percent"] for key in ("right", "wrong", "rejected"))
        yield f"{name:<8} {right:7.2f} {wrong:7.2f} {rejected:9.2f}"
    yield "promised: right 99 clean and 97 as the mean over noise, wrong at most 0.5"
    for name, (value, most) in rare_errors(results).items():
        yield f"{name:<52} {value:6.2f} % (at most {most:g})"
    for name, alone in results["noise_alone"].items():
        what = f"commands in {alone['seconds']} s of noise alone, {name}"
        yield f"{what:<52} {len(alone['accepted'])} (none)"
    woken = results["wake_words"]
    yield f"{'false wakes':<52} {len(woken['false'])} in {woken['others_seconds']} s of other speech (none)"


def _write(out: Path, name: str, results: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    print(f"written: {out / name}.json")

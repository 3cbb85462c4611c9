"""`sotto models engine [NAME ENGINE]`: what each model runs on, and what could be used here."""

from __future__ import annotations

import argparse
import json

from google.protobuf import json_format

from assistant.models.store import MODEL_NAMES
from assistant.serving.choices import Choices
from assistant.serving.entries import check_engine
from assistant.serving.registry import Registry
from assistant.settings import load_settings
from common.errors import InvalidInput
from common.lock import StateLock
from common.paths import state_dir
from services.client.choice import running_daemon
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.engines import engine_to_wire


def models_engine(options: argparse.Namespace) -> int:
    """Show the engines, or choose one for a model.

    Raises:
        SottoError: there is no such model or engine, or it cannot be used.
    """
    if options.name:
        _choose(options)
        return 0
    daemon = running_daemon()
    if daemon is None:
        found = _without_daemon(options)
    else:
        with daemon:
            found = daemon.engines()
    if options.json:
        print(json.dumps(json_format.MessageToDict(found, preserving_proto_field_name=True)))
    else:
        print("\n".join(engine_lines(found)))
    return 0


def engine_lines(found: pb.ListEnginesResponse) -> list[str]:
    """For people. Pure."""
    lines = []
    for model in found.models:
        runs = f"runs on {model.engine}" if model.engine else "is not open"
        lines.append(f"{model.model:<26} {runs:<24} chosen: {model.choice}")
        for left in model.left:
            when = f"{left.ago_s:.0f} s ago; it may try again"
            when += f" in {left.again_s:.0f} s" if left.again_s > 0 else " now"
            lines.append(f"    left: {left.engine} ({left.why}) {when}: {left.reason}")
    lines.append("")
    for engine in found.engines:
        state = "can be used" if not engine.problem else engine.problem
        lines.append(f"{engine.id:<26} {engine.device:<4} {engine.version:<10} {state}")
    return lines


def _without_daemon(options: argparse.Namespace) -> pb.ListEnginesResponse:
    """What is chosen for the next start; no model is open."""
    choices = _choices(options)
    return pb.ListEnginesResponse(
        models=[pb.ModelEngine(model=name, choice=choices.of(name)) for name in MODEL_NAMES],
        engines=map(engine_to_wire, Registry().available()),
    )


def _choose(options: argparse.Namespace) -> None:
    if not options.engine:
        raise InvalidInput(
            "an engine is missing", hint=f"sotto models engine {options.name} ENGINE", code="engine.missing"
        )
    if options.name not in MODEL_NAMES:
        raise InvalidInput(
            f"there is no model named {options.name[:60]!r}",
            hint=f"there are: {', '.join(MODEL_NAMES)}",
            code="model.unknown",
        )
    check_engine(options.engine)
    daemon = running_daemon()
    if daemon is not None:
        with daemon:
            print(f"{options.name} runs on {daemon.choose_engine(options.name, options.engine).engine}")
        return
    lock = StateLock(state_dir())
    try:
        _choices(options).choose(options.name, options.engine)
    finally:
        lock.release()
    print(f"no assistant is running; its next one tries {options.engine} for {options.name}")


def _choices(options: argparse.Namespace) -> Choices:
    settings = load_settings(options.config)
    return Choices(settings.engine, settings.engines.of, state_dir())

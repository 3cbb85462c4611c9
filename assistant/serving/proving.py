"""An engine proves that it computes what the processor computes, before it answers anything.

It does so twice: in a process of its own, because an engine that crashes or hangs must not take the assistant
with it; and here, on the session that will answer. The first proof is kept, by model, engine and machine.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from assistant.hardware.ladder import Trial
from assistant.hardware.probing import Limits, make_trial
from assistant.models import keys
from assistant.models.store import ModelStore, model_hash
from assistant.serving.agreement import Agreement, compare
from assistant.serving.engine import DEFAULT_ENGINE, Engine, Session
from assistant.serving.entries import EngineEntry, load_engines
from assistant.serving.registry import Registry, make_engine
from assistant.serving.samples import ModelSample, sample_of
from common.errors import Unavailable

_TRIAL = "assistant.serving.proving:prove"
#: An engine such as TensorRT builds the model at first, which takes minutes.
_LIMITS = Limits(trial_s=600.0)
#: Makes the proof of an engine for a model, apart from this process.
Prove = Callable[[ModelStore, Registry, str, str], Trial]


def prove_apart(store: ModelStore, registry: Registry, model: str, engine: str) -> Trial:
    """Have an engine prove itself for a model in another process.

    Returns:
        `RIGHT`, `WRONG`, or `FAILED` with what happened, also where no answer came in time.
    """
    places = [str(registry.file), str(store.root), str(store.host_root)]
    return make_trial(_TRIAL, [model, engine, *places], _LIMITS)


def prove(arguments: tuple[str, ...]) -> tuple[bool, str]:
    """The proof in the other process: whether it is right, and how far it is from the processor's result.

    Args:
        arguments: name of the model, id of the engine, the table of engines, the folders of the model store.

    Raises:
        SottoError: the model, or the engine, cannot be opened.
    """
    model, engine, file, root, host_root = arguments
    # It computes for a second or two, for which nobody waits. Where that is forbidden, it goes on without.
    with contextlib.suppress(OSError):
        os.nice(10)
    store = ModelStore(Path(root), Path(host_root))
    entries = {entry.id: entry for entry in load_engines(Path(file))}
    sample = sample_for(model)
    sessions = [
        open_model(store, make_engine(entries[name], store.compiled_folder), entries[name], model)
        for name in (DEFAULT_ENGINE, engine)
    ]
    found = agreement(sessions[1], sessions[0], sample)
    return found.is_right, found.detail


def open_model(
    store: ModelStore,
    engine: Engine,
    entry: EngineEntry,
    model: str,
    threads: int = 1,
    *,
    arena: bool = False,
) -> Session:
    """Open a model on an engine.

    Raises:
        ModelError: the model is not there, or the engine cannot open it.
    """
    sample = sample_of(model)
    path = store.graph(model, packed=entry.packed)
    return engine.open(path, threads, arena=arena, spans=sample.spans if sample else None)


def sample_for(model: str) -> ModelSample:
    """The sample of a model.

    Raises:
        Unavailable: `engine.no-sample`: there is none, so that no engine can prove itself.
    """
    sample = sample_of(model)
    if sample is None:
        raise Unavailable(
            f"no other engine can prove itself for {model}",
            hint="add its sample to assistant/serving/samples.py",
            code="engine.no-sample",
        )
    return sample


def agreement(session: Session, default: Session, sample: ModelSample) -> Agreement:
    """Run the sample on both, and compare; the worst of its runs.

    Raises:
        InferenceFailed: one of them failed.
    """
    runs = ((session.run(None, feed), default.run(None, feed)) for feed in sample.feeds())
    return max(
        (compare(ours, theirs, sample.tolerance) for ours, theirs in runs), key=lambda each: each.error
    )


def sample_s(default: Session, sample: ModelSample) -> float:
    """What the sample takes on the default engine, in seconds, once it is warm."""
    feeds = sample.feeds()
    for feed in feeds:
        default.run(None, feed)
    began = perf_counter()
    for feed in feeds:
        default.run(None, feed)
    return perf_counter() - began


def proof_key(model: str, engine: str, version: str) -> str:
    """What a proof holds for, the engine in front: its version, the model, and this machine."""
    return f"{engine} {keys.digest([model_hash(model), version, keys.host_key()])}"

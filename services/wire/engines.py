"""Between the engines of the models and the messages of the wire contract."""

from __future__ import annotations

from assistant.serving.registry import Availability
from assistant.serving.serving import Serving
from assistant.serving.status import ModelStatus
from services.proto.sotto.v1 import assistant_pb2 as pb


def engines_of(serving: Serving) -> pb.ListEnginesResponse:
    """The open models and their engines, and the engines of this machine."""
    return pb.ListEnginesResponse(
        models=map(_model_to_wire, serving.status()),
        engines=map(engine_to_wire, serving.registry.available()),
    )


def choose_engine(serving: Serving, request: pb.ChooseEngineRequest) -> pb.ModelEngine:
    """Run a model on another engine; gives what it runs on then.

    Raises:
        SottoError: as of `Serving.switch`.
    """
    serving.switch(request.model, request.engine)
    (status,) = (each for each in serving.status() if each.model == request.model)
    return _model_to_wire(status)


def engine_to_wire(found: Availability) -> pb.Engine:
    """An engine as a message."""
    entry = found.entry
    return pb.Engine(
        id=entry.id, name=entry.name, device=entry.device, version=found.version, problem=found.reason
    )


def _model_to_wire(status: ModelStatus) -> pb.ModelEngine:
    left = (
        pb.LeftEngine(
            engine=each.engine, why=each.why, reason=each.reason, ago_s=each.ago_s, again_s=each.again_s
        )
        for each in status.left
    )
    return pb.ModelEngine(model=status.model, engine=status.engine, choice=status.choice, left=left)

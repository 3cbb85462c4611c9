"""Converts turns, events and values to messages of the wire contract, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2

from assistant.events import Event
from assistant.models.catalogue import ModelEntry
from assistant.speech.transcript import Transcript
from assistant.turn.store import Clocks, Turn
from services.proto.sotto.v1 import assistant_pb2 as pb


def struct_from(values: Mapping[str, object]) -> struct_pb2.Struct:
    """A protobuf Struct of plain values; a value that JSON does not have is sent as text."""
    struct = struct_pb2.Struct()
    struct.update({name: _plain(value) for name, value in values.items()})
    return struct


def _plain(value: object) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)


def values_from(struct: struct_pb2.Struct) -> dict[str, object]:
    """The plain values of a Struct; whole numbers come back as int."""
    return {name: _whole(value) for name, value in json_format.MessageToDict(struct).items()}


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return value


def event_to_wire(event: Event) -> pb.Event:
    """An event as a message."""
    return pb.Event(kind=event.kind.value, time=event.time, turn_id=event.turn, data=struct_from(event.data))


def turn_to_wire(turn: Turn) -> pb.Turn:
    """A turn as a message; clocks that are None stay absent."""
    message = pb.Turn(
        id=turn.id,
        time=turn.time,
        label=turn.label,
        transcript=turn.transcript,
        accepted=turn.accepted,
        intent=turn.intent,
        slots=struct_from(turn.slots),
        reply=turn.reply,
        stages_ms=dict(turn.stages_ms),
        scores=dict(turn.scores),
        interrupted=turn.interrupted,
    )
    for name in ("decided", "acted", "heard", "compute"):
        value = getattr(turn.clocks_ms, name)
        if value is not None:
            setattr(message.clocks_ms, name, value)
    return message


def model_to_wire(entry: ModelEntry, state: str) -> pb.Model:
    """An entry of the catalogue, and whether it is "ready", "missing" or "damaged", as a message."""
    return pb.Model(
        name=entry.name,
        version=entry.version,
        task=entry.task,
        language=entry.language,
        licence=entry.licence,
        source=entry.source,
        size=sum(file.size for file in entry.files),
        state=state,
    )


def transcript_to_wire(transcript: Transcript) -> pb.TranscribeResponse:
    """The transcript of a recording as a message."""
    return pb.TranscribeResponse(
        text=transcript.text,
        method=transcript.method,
        audio_seconds=transcript.audio_s,
        compute_ms=transcript.encode_ms + transcript.decode_ms,
        segments=[
            pb.Segment(start=segment.start_s, end=segment.end_s, text=segment.text)
            for segment in transcript.segments
        ],
    )


def turn_from_wire(message: pb.Turn) -> Turn:
    """A message as a turn."""
    clocks = message.clocks_ms
    return Turn(
        id=message.id,
        time=message.time,
        label=message.label,
        transcript=message.transcript,
        accepted=message.accepted,
        intent=message.intent if message.HasField("intent") else None,
        slots=values_from(message.slots),
        reply=message.reply,
        clocks_ms=Clocks(
            decided=clocks.decided if clocks.HasField("decided") else None,
            acted=clocks.acted if clocks.HasField("acted") else None,
            heard=clocks.heard if clocks.HasField("heard") else None,
            compute=clocks.compute if clocks.HasField("compute") else None,
        ),
        stages_ms=dict(message.stages_ms),
        scores=dict(message.scores),
        interrupted=message.interrupted,
    )

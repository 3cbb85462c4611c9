"""Converts homes, states and commands to messages of the wire contract, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf import struct_pb2

from assistant.home.commands import EFFECTS, FEATURES
from assistant.home.executor import Action, Command
from assistant.home.imported import Skipped
from assistant.home.model import (
    RANGED,
    Area,
    Device,
    DeviceState,
    Domain,
    Floor,
    Home,
    Range,
    state_problem,
)
from assistant.home.state import can
from common.errors import InvalidInput
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.messages import struct_from, values_from

_UNKNOWN = DeviceState()


def home_to_wire(
    home: Home, state: Callable[[Device], DeviceState] = lambda _: _UNKNOWN
) -> pb.HomeDescription:
    """A home as a message.

    Args:
        home: all of it.
        state: what is known of a device.
    """
    floors = {floor.id: floor.name for floor in home.floors}
    return pb.HomeDescription(
        name=home.name,
        unit=home.unit,
        box_area=home.box_area or "",
        floors=[pb.Floor(id=floor.id, name=floor.name, aliases=floor.aliases) for floor in home.floors],
        areas=[
            pb.Area(id=area.id, name=area.name, aliases=area.aliases, floor=floors.get(area.floor or "", ""))
            for area in home.areas
        ],
        devices=[device_to_wire(device, state(device)) for device in home.devices],
    )


def device_to_wire(device: Device, state: DeviceState) -> pb.Device:
    """A device and its state as a message."""
    return pb.Device(
        id=device.id,
        name=device.name,
        domain=device.domain.value,
        aliases=device.aliases,
        area=device.area or "",
        device_class=device.device_class or "",
        commands=[command.value for command in Command if can(device, command)],
        features=sorted(device.features),
        unit=device.unit,
        state=state_to_wire(state),
        ranges={
            name: pb.ValueRange(minimum=range_.minimum, maximum=range_.maximum, step=range_.step)
            for name, range_ in device.ranges.items()
        },
    )


def home_from_wire(message: pb.HomeDescription) -> Home:
    """A message as a home; names and ids are not checked (`assistant.home.imported.tidy` does that).

    Raises:
        InvalidInput: a device has an unknown domain or command, or a range without a value.
    """
    floors = {floor.name: floor.id for floor in message.floors}
    return Home(
        name=message.name or "home",
        unit=message.unit or "celsius",
        box_area=message.box_area or None,
        floors=tuple(Floor(floor.id, floor.name, tuple(floor.aliases)) for floor in message.floors),
        areas=tuple(
            Area(area.id, area.name, tuple(area.aliases), floors.get(area.floor)) for area in message.areas
        ),
        devices=tuple(_device(device) for device in message.devices),
    )


def _device(message: pb.Device) -> Device:
    try:
        domain = Domain(message.domain)
        commands = [Command(name) for name in message.commands]
        ranges = {name: _range(bounds) for name, bounds in message.ranges.items() if name in RANGED}
    except ValueError as error:
        raise InvalidInput(
            f"the device {message.id[:100]!r}: {error}",
            hint="the wire contract names all domains and commands",
            code="home.device",
        ) from error
    needed = (EFFECTS[command].takers.get(domain) for command in commands)
    features = frozenset(feature for feature in needed if feature is not None) | {
        feature for feature in FEATURES[domain] if feature.value in message.features
    }
    return Device(
        id=message.id,
        name=message.name,
        domain=domain,
        aliases=tuple(message.aliases),
        area=message.area or None,
        device_class=message.device_class or None,
        features=features & FEATURES[domain],
        unit=message.unit,
        ranges=ranges,
    )


def _range(message: pb.ValueRange) -> Range:
    return Range(message.minimum, message.maximum, message.step if message.HasField("step") else None)


def state_to_wire(state: DeviceState) -> struct_pb2.Struct:
    """A state as a message; unknown values are absent."""
    known = dataclasses.asdict(state)
    return struct_from({name: value for name, value in known.items() if value is not None})


def state_from_wire(message: struct_pb2.Struct) -> DeviceState:
    """A message as a state.

    Raises:
        InvalidInput: an unknown key, or a value out of its range.
    """
    values: dict[str, Any] = values_from(message)
    for name, value in values.items():
        if problem := state_problem(name, value):
            raise InvalidInput(
                f"state.{name[:40]}: {problem}", hint="the wire contract names all keys", code="home.state"
            )
    return DeviceState(**values)


def action_to_wire(action: Action) -> pb.ActRequest:
    """A command as a message."""
    request = pb.ActRequest(device_id=action.device_id, command=action.command.value, detail=action.detail)
    if isinstance(action.value, str):
        request.value.string_value = action.value
    elif action.value is not None:
        request.value.number_value = action.value
    return request


def action_from_wire(request: pb.ActRequest) -> Action:
    """A message as a command.

    Raises:
        InvalidInput: an unknown command, or a value that is neither a number nor a word.
    """
    try:
        command = Command(request.command)
    except ValueError:
        raise InvalidInput(
            f"there is no command {request.command[:100]!r}",
            hint=f"known: {', '.join(Command)}",
            code="home.command",
        ) from None
    return Action(request.device_id, command, _value(request), request.detail)


def _value(request: pb.ActRequest) -> float | str | None:
    match request.value.WhichOneof("kind"):
        case "number_value":
            return request.value.number_value
        case "string_value":
            return request.value.string_value
        case None | "null_value":
            return None
        case kind:
            raise InvalidInput(
                f"a value that is a {str(kind).removesuffix('_value')}",
                hint="a command takes a number or a word",
                code="home.value",
            )


def skipped_to_wire(skipped: Iterable[Skipped]) -> list[pb.Skipped]:
    """Devices that are not used, with the reasons, as messages."""
    return [pb.Skipped(id=item.id, reason=item.reason) for item in skipped]


def skipped_from_wire(messages: Iterable[pb.Skipped]) -> tuple[Skipped, ...]:
    """Messages as devices that are not used, with the reasons."""
    return tuple(Skipped(item.id, item.reason) for item in messages)

"""Timers and devices over the wire: what programs see and change without words."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from assistant.assistant import Assistant
from assistant.errors import InvalidInput, NotFound
from assistant.home.executor import Action, Command
from assistant.home.model import Device
from assistant.home.state import can
from assistant.skills.timer import MAX_NAME, Timer, new_name
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire import struct_from


def timers(assistant: Assistant, now: datetime) -> pb.ListTimersResponse:
    """All timers that have not ended."""
    return pb.ListTimersResponse(timers=[_timer(timer, now) for timer in assistant.timers.timers])


def start_timer(assistant: Assistant, request: pb.StartTimerRequest, now: datetime) -> pb.Timer:
    """Start one.

    Raises:
        InvalidInput: a length or a name that no timer has.
        TooLarge: there are too many.
        StorageError: it runs, but is not saved.
    """
    if len(request.name) > MAX_NAME:
        raise InvalidInput(
            f"a timer's name of {len(request.name)} characters; the limit is {MAX_NAME}",
            hint="give it a short name",
            code="timer.name",
        )
    return _timer(assistant.timers.start(request.length_s, now, new_name(request.name)), now)


def cancel_timer(assistant: Assistant, request: pb.CancelTimerRequest, now: datetime) -> pb.Timer:
    """Forget one.

    Raises:
        NotFound: it is not there.
        StorageError: it is gone, but that is not saved.
    """
    return _timer(assistant.timers.cancel(request.id), now)


def describe_home(assistant: Assistant) -> pb.HomeDescription:
    """Areas, devices and their state."""
    home = assistant.home
    floors = {floor.id: floor.name for floor in home.floors}
    return pb.HomeDescription(
        name=home.name,
        unit=home.unit,
        box_area=home.box_area or "",
        areas=[
            pb.Area(id=area.id, name=area.name, aliases=area.aliases, floor=floors.get(area.floor or "", ""))
            for area in home.areas
        ],
        devices=[_device(assistant, device) for device in home.devices],
    )


def act(assistant: Assistant, request: pb.ActRequest) -> pb.Device:
    """One command to one device.

    Raises:
        NotFound: there is no such device.
        InvalidInput: there is no such command, or its value is none.
        HomeError: the device cannot do that.
        Unavailable: it cannot be reached.
    """
    device = next((device for device in assistant.home.devices if device.id == request.device_id), None)
    if device is None:
        raise NotFound(
            f"there is no device {request.device_id[:100]!r}",
            hint="the description of the home names every device",
            code="home.no-device",
        )
    try:
        command = Command(request.command)
    except ValueError:
        raise InvalidInput(
            f"there is no command {request.command[:100]!r}",
            hint=f"known: {', '.join(Command)}",
            code="home.command",
        ) from None
    assistant.executor.act(Action(device.id, command, _value(request)))
    return _device(assistant, device)


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


def _timer(timer: Timer, now: datetime) -> pb.Timer:
    return pb.Timer(
        id=timer.id,
        name=timer.name,
        label=timer.label,
        length_s=timer.length_s,
        remaining_s=timer.remaining(now).total_seconds(),
        paused=timer.paused,
        command=timer.command,
    )


def _device(assistant: Assistant, device: Device) -> pb.Device:
    state = dataclasses.asdict(assistant.executor.state(device.id))
    return pb.Device(
        id=device.id,
        name=device.name,
        domain=device.domain.value,
        aliases=device.aliases,
        area=device.area or "",
        device_class=device.device_class or "",
        commands=[command.value for command in Command if can(device, command)],
        unit=device.unit,
        state=struct_from({name: value for name, value in state.items() if value is not None}),
    )

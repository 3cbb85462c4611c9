"""Timers and devices over the wire, for programs that read and change them directly."""

from __future__ import annotations

from datetime import datetime

from assistant.assistant import Assistant
from assistant.home.model import Device, DeviceState
from assistant.skills.timer import MAX_NAME, Timer
from common.errors import HomeError, InvalidInput, NotFound, Unavailable
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.home import action_from_wire, device_to_wire, home_to_wire, skipped_to_wire


def timers(assistant: Assistant) -> pb.ListTimersResponse:
    """All timers that have not ended."""
    now = assistant.clock()
    return pb.ListTimersResponse(timers=[_timer(assistant, timer, now) for timer in assistant.timers.timers])


def start_timer(assistant: Assistant, request: pb.StartTimerRequest) -> pb.Timer:
    """Start a timer.

    Raises:
        InvalidInput: the length or the name cannot be used.
        TooLarge: there are too many.
        StorageError: the timer runs, but could not be saved.
    """
    if len(request.name) > MAX_NAME:
        raise InvalidInput(
            f"a timer's name of {len(request.name)} characters; the limit is {MAX_NAME}",
            hint="give it a short name",
            code="timer.name",
        )
    now = assistant.clock()
    name = assistant.timers.words.new_name(request.name)
    return _timer(assistant, assistant.timers.start(request.length_s, now, name), now)


def cancel_timer(assistant: Assistant, request: pb.CancelTimerRequest) -> pb.Timer:
    """Cancel a timer.

    Raises:
        NotFound: there is no such timer.
        StorageError: the timer is cancelled, but that could not be saved.
    """
    return _timer(assistant, assistant.timers.cancel(request.id), assistant.clock())


def describe_home(assistant: Assistant) -> pb.HomeDescription:
    """Areas, devices and their known state; no state is known while the hub is away."""
    return home_to_wire(assistant.home, lambda device: _state(assistant, device))


def act(assistant: Assistant, request: pb.ActRequest) -> pb.Device:
    """One command to one device.

    Raises:
        NotFound: there is no such device.
        InvalidInput: there is no such command, or its value cannot be used.
        HomeError: the device cannot do that, or the hub refused it.
        Unavailable: it cannot be reached.
    """
    device = next((device for device in assistant.home.devices if device.id == request.device_id), None)
    if device is None:
        raise NotFound(
            f"there is no device {request.device_id[:100]!r}",
            hint="the description of the home names every device",
            code="home.no-device",
        )
    assistant.executor.act(action_from_wire(request))
    return device_to_wire(device, _state(assistant, device))


def home_status(assistant: Assistant) -> pb.HomeStatusResponse:
    """Where the devices come from, and the state of the connection to the hub."""
    home = assistant.home
    answer = pb.HomeStatusResponse(source="file", areas=len(home.areas), devices=len(home.devices))
    if assistant.hub is not None:
        status = assistant.hub.status
        answer.source = "hub"
        answer.kind, answer.address = status.kind, status.address
        answer.attached_at, answer.changed_at = status.attached_at or 0.0, status.changed_at
        answer.link.up, answer.link.problem = status.up, status.problem
        answer.link.skipped.extend(skipped_to_wire(status.skipped))
    return answer


def _state(assistant: Assistant, device: Device) -> DeviceState:
    try:
        return assistant.executor.state(device.id)
    except (Unavailable, HomeError):
        # The hub is away, or has just removed the device.
        return DeviceState()


def _timer(assistant: Assistant, timer: Timer, now: datetime) -> pb.Timer:
    return pb.Timer(
        id=timer.id,
        name=timer.name,
        label=assistant.timers.label(timer),
        length_s=timer.length_s,
        remaining_s=timer.remaining(now).total_seconds(),
        paused=timer.paused,
        command=timer.command,
    )

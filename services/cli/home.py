"""`sotto home`: where the devices come from, how it stands with the hub, and what of it is not used."""

from __future__ import annotations

import argparse
import json
from datetime import datetime

from google.protobuf import json_format

from services.client.choice import open_daemon
from services.hubs.kinds import KINDS
from services.proto.sotto.v1 import assistant_pb2 as pb

#: Reasons that are shown; --json has all of them.
_MAX_SHOWN = 20


def home(options: argparse.Namespace) -> int:
    """Print it, or all devices."""
    with open_daemon() as daemon:
        if options.action == "devices":
            description = daemon.describe_home()
            print(_as_json(description) if options.json else "\n".join(_devices(description)))
        else:
            status = daemon.home_status()
            print(_as_json(status) if options.json else "\n".join(status_lines(status)))
    return 0


def status_lines(status: pb.HomeStatusResponse) -> list[str]:
    """For people. Pure but for the time zone."""
    there = f"{_count(status.devices, 'device')} in {_count(status.areas, 'area')}"
    if status.source == "file":
        return [f"{there}, from home.toml or the sample; docs/hub.md says how to use a hub"]
    since = _when(status.changed_at)
    if not status.kind:
        return [f"no connector is attached, since {since}", f"{there}, as last known"]
    link = status.link
    kind = KINDS[status.kind].title if status.kind in KINDS else status.kind
    lines = [f"{kind} at {status.address}, attached since {_when(status.attached_at)}"]
    if link.up:
        lines += [f"the hub is there, since {since}", there]
    else:
        lines += [f"the hub is away, since {since}: {link.problem}", f"{there}, as last known"]
    if link.skipped:
        lines.append("not used:")
        lines += [f"  {_plain(item.id)}: {_plain(item.reason)}" for item in link.skipped[:_MAX_SHOWN]]
    if more := len(link.skipped) - _MAX_SHOWN:
        lines += [f"  and {more} more; --json has all"] if more > 0 else []
    return lines


def _devices(description: pb.HomeDescription) -> list[str]:
    areas = {area.id: area.name for area in description.areas}
    lines = []
    for device in description.devices:
        state = json_format.MessageToDict(device.state)
        known = ", ".join(f"{key} {value}" for key, value in state.items()) or "nothing is known"
        where = f" ({areas[device.area]})" if device.area in areas else ""
        lines.append(f"{device.domain}  {device.name}{where}: {known}")
    return lines or ["there are no devices"]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _plain(text: str) -> str:
    """A hub's words, which go to a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _as_json(message: pb.HomeStatusResponse | pb.HomeDescription) -> str:
    description = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return json.dumps(description, ensure_ascii=False)

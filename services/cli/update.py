"""`sotto update check | apply | status | rollback`, through the running updated."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import grpc
from google.protobuf import json_format
from google.protobuf.message import Message

from common.errors import Unavailable
from services.proto.sotto.v1 import update_pb2 as pb
from services.proto.sotto.v1 import update_pb2_grpc as rpc
from services.wire.status import from_rpc

_Reply = TypeVar("_Reply")

#: The daemon itself gives up on a source earlier.
_CHECK_S, _SHORT_S = 900.0, 60.0
_DEVICE_SOCKET = "/run/sotto-update/updated.sock"


def update(options: argparse.Namespace) -> int:
    """Run one of the actions; `check` and `apply` are 0 whether or not there is an update."""
    socket = Path(os.environ.get("SOTTO_UPDATE_SOCKET") or _DEVICE_SOCKET)
    source = options.source
    if source and "://" not in source:
        source = str(Path(source).absolute())  # the daemon has another working folder
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        stub = rpc.UpdateStub(channel)
        match options.action:
            case "check":
                reply = _call(lambda: stub.Check(pb.CheckRequest(source=source), timeout=_CHECK_S))
                _print(options, reply, reply.text)
            case "apply":
                request = pb.ApplyRequest(source=source, version=options.version, reboot=options.reboot)
                _call(lambda: _follow(options, stub, request))
            case "rollback":
                back = _call(
                    lambda: stub.Rollback(pb.RollbackRequest(reboot=options.reboot), timeout=_SHORT_S)
                )
                _print(options, back, back.text)
            case _:
                now = _call(lambda: stub.Status(pb.StatusRequest(), timeout=_SHORT_S))
                _print(options, now, described(now))
    return 0


def described(now: pb.UpdateStatus) -> str:
    """The status in words, several lines."""
    lines = [now.text]
    if now.slot:
        lines.append(f"  slot      {now.slot}, {now.boot}; the other one has {now.other or 'nothing'}")
    lines.append(f"  source    {now.source or 'none is set'}")
    if now.HasField("last_check"):
        lines.append(f"  checked   {_when(now.last_check.time)}: {now.last_check.text}")
    for name, verdict in (("trial", now.last_trial), ("boot", now.last_boot)):
        if verdict.version:
            outcome = "passed" if verdict.passed else "; ".join(verdict.reasons)
            lines.append(f"  {name:<9} version {verdict.version}, {_when(verdict.time)}: {outcome}")
    lines += [f"  refused   version {entry.version}: {entry.reason}" for entry in now.rolled_back]
    for cpu, figure in sorted(now.last_good.compute_ms.items()):
        lines.append(f"  figure    {figure:.0f} ms to an answer on {cpu}")
    if now.problem:
        lines.append(f"  problem   {now.problem}")
    return "\n".join(lines)


def _follow(options: argparse.Namespace, stub: rpc.UpdateStub, request: pb.ApplyRequest) -> None:
    """Print each step; on a terminal the download is one line that moves."""
    moving = not options.json and sys.stderr.isatty()
    shown = ""
    for step in stub.Apply(request):
        if options.json:
            _print(options, step, "")
        elif step.stage == "download":
            percent = 100 * step.bytes_done // max(1, step.bytes_total)
            if moving:
                print(f"\r\x1b[K{step.text} {percent} %", end="", file=sys.stderr, flush=True)
            elif step.text != shown:
                print(step.text, flush=True)
        else:
            print("\r\x1b[K" if moving else "", end="", file=sys.stderr)
            print(step.text, flush=True)
        shown = step.text


def _call(work: Callable[[], _Reply]) -> _Reply:
    try:
        return work()
    except grpc.RpcError as error:
        remote = from_rpc(error)
        if remote.code == "daemon.gone":
            raise Unavailable(
                "updated does not answer",
                hint="updates need a Sotto box and the group sotto; see `systemctl status sotto-updated`",
                code="update.daemon",
            ) from error
        raise remote from error


def _print(options: argparse.Namespace, message: Message, text: str) -> None:
    if options.json:
        values = json_format.MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        print(json.dumps(values, ensure_ascii=False), flush=True)
    else:
        print(text, flush=True)


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")

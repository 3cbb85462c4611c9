"""`sotto remote`: the machine that recognises speech for this box."""

from __future__ import annotations

import argparse
import json
import socket
import sys
from typing import Any

from google.protobuf import json_format

from common.errors import InvalidInput, NotFound
from common.files import remove
from services.client.choice import open_daemon
from services.client.pairing import pair
from services.proto.sotto.v1 import recogniser_pb2 as pb
from services.settings.gateway import GatewaySettings
from services.settings.remote import RemoteServer, load_remote_server, remote_file, save_remote_server

_SCOPE = "recognise"
_DIGITS = 8


def remote(options: argparse.Namespace) -> int:
    """Pair, show or forget."""
    match options.action:
        case "pair":
            _pair(options)
        case "forget":
            _forget()
        case _:
            _show(options)
    return 0


def _pair(options: argparse.Namespace) -> None:
    address, port = _place(options.address)
    print(
        f"The pairing code of {address} (`sotto serve` and `sotto pair` print it there): ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    code = "".join(filter(str.isdigit, sys.stdin.readline(100)))
    if len(code) != _DIGITS:
        raise InvalidInput(f"a pairing code has {_DIGITS} digits", hint="type it again", code="pair.code")
    name = options.name or socket.gethostname().split(".")[0] or "box"
    paired = pair(address, port, code, name, [_SCOPE])
    file = options.out or remote_file()
    save_remote_server(RemoteServer(address, port, paired.token, paired.certificate), file)
    print(f"paired as {name!r}; written to {file}, which holds a secret")
    print("From its next start on, this box may have speech recognised there: what is said to it, no more.")
    print("`sotto remote` says whether it does; `sotto remote forget` ends it.")


def _place(text: str) -> tuple[str, int]:
    """Address and port; without a port the usual one."""
    usual = GatewaySettings.grpc_port
    if not text:
        raise InvalidInput("say which machine", hint="sotto remote pair ADDRESS", code="remote.address")
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        number = rest.removeprefix(":")
    elif text.count(":") > 1:
        host, number = text, ""
    else:
        host, _, number = text.partition(":")
    if number and not (number.isascii() and number.isdigit() and 0 < int(number) < 65536):
        raise InvalidInput(
            f"{text[:60]!r} has no port", hint=f"ADDRESS or ADDRESS:{usual}", code="remote.address"
        )
    return host, int(number or usual)


def _forget() -> None:
    server = None
    try:
        server = load_remote_server()
    except NotFound:
        raise
    except InvalidInput:
        pass  # it is removed all the same
    remove(remote_file())
    print(f"{server.target if server else 'the machine'} recognises nothing for this box any more")
    print("its token is still known there: `sotto tokens revoke NAME` on that machine ends it")


def _show(options: argparse.Namespace) -> None:
    with open_daemon() as daemon:
        status, sent = daemon.remote_status(), daemon.speech_sent()
    if options.json:
        told: dict[str, Any] = json_format.MessageToDict(
            status, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        print(json.dumps({**told, "sent_bytes": sent}, ensure_ascii=False))
    else:
        print("\n".join(status_lines(status, sent)))


def status_lines(status: pb.RemoteStatusResponse, sent: int | None) -> list[str]:
    """For people. Pure.

    Args:
        status: of the remote recogniser.
        sent: bytes of speech that were sent there since the process that sends them started; None if that is
            not known.
    """
    if not status.on:
        return ["no other machine recognises for this box; `sotto remote pair ADDRESS` pairs one"]
    lines = [f"the remote recogniser at {status.address}" if status.address else "a remote recogniser is set"]
    if not status.up:
        lines[0] += " is not used:"
        lines.append(f"  {status.problem}" + (f" [{status.code}]" if status.code else ""))
        lines += [f"  to do: {status.hint}"] if status.hint else []
    else:
        where = "is asked now" if status.chosen else "is there, and this box recognises by itself"
        lines[0] += f" {where}: {status.problem or status.reason}"
    figures = [f"this box {status.local_ms:.0f} ms"] if status.HasField("local_ms") else []
    figures += [f"remote {status.remote_ms:.0f} ms"] if status.HasField("remote_ms") else []
    lines += [f"  for two seconds of speech: {', '.join(figures)}"] if figures else []
    lines += [f"  speech sent there since the start: {sent / 1e6:.1f} MB"] if sent is not None else []
    return lines

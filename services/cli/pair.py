"""`sotto pair`, `sotto tokens` and `sotto hubs`: pairing, for users of this machine."""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from common.errors import ErrorKind, Unavailable
from common.paths import gateway_socket
from services.settings.gateway import for_hubs, load_gateway_settings
from services.wire.status import RemoteError

_TIMEOUT_S = 10.0
_LIMIT_BYTES = 1024 * 1024
_KINDS = {
    400: ErrorKind.INVALID,
    409: ErrorKind.CONFLICT,
    403: ErrorKind.DENIED,
    404: ErrorKind.NOT_FOUND,
    503: ErrorKind.UNAVAILABLE,
}


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """To the gateway's own socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT_S)
        self.sock.connect(str(self._path))


def pairing_info() -> dict[str, Any]:
    """The pairing code, the addresses and the key of the running gateway.

    Raises:
        Unavailable: there is none, or it does not answer.
    """
    answer: dict[str, Any] = _call("GET", "/v1/pairing")
    return answer


def pair(options: argparse.Namespace) -> int:
    """Print the code, and a command that pairs with a ticket."""
    answer = {**pairing_info(), **_call("POST", "/v1/pairing/tickets")}
    if options.json:
        print(json.dumps(answer))
        return 0
    addresses: list[str] = answer["addresses"]
    code = answer["code"]
    print(f"Pairing code:  {code[:4]} {code[4:]}")
    print("  for programs that pair by it (docs/pairing.md); never send it to anything yourself")
    print(f"Address:       {', '.join(addresses)}")
    print("Certificate, SHA-256:")
    print(f"  {answer['fingerprint']}")
    print(
        f"To pair one program, on any machine of this network, within {answer['expires_s'] / 60:.0f} minutes:"
    )
    print(
        f"  curl --insecure --pinnedpubkey '{answer['public_key']}' {addresses[0]}/v1/pair \\\n"
        f'    --json \'{{"ticket": "{answer["ticket"]}", "name": "my program"}}\''
    )
    print("A machine with another key is sent nothing. The token is shown that once; pin the key later, too.")
    return 0


def tokens(options: argparse.Namespace) -> int:
    """List or revoke."""
    if options.action == "revoke":
        if not options.name:
            print("sotto: say whom: sotto tokens revoke NAME", file=sys.stderr)
            return int(ErrorKind.INVALID.value)
        _call("DELETE", f"/v1/tokens/{quote(options.name, safe='')}")
        print(f"{options.name!r} is refused from now on")
        return 0
    rows = _call("GET", "/v1/tokens")["tokens"]
    if options.json:
        print(json.dumps(rows))
        return 0
    if not rows:
        print("nothing is paired; `sotto pair` says how")
    for row in rows:
        until = f", until {_day(row['expires'])}" if row["expires"] else ""
        print(f"{row['name']}: {' '.join(row['scopes'])}, since {_day(row['made'])}{until}")
    return 0


def hubs(options: argparse.Namespace) -> int:
    """List, add or remove."""
    if options.action != "list":
        if not options.address:
            print(f"sotto: say which: sotto hubs {options.action} ADDRESS", file=sys.stderr)
            return int(ErrorKind.INVALID.value)
        if options.action == "add":
            hub = _call("POST", "/v1/hubs", {"address": options.address})
            print(f"the hub at {hub['address']} is answered from now on")
            print(f"  {for_hubs(load_gateway_settings())}")
        else:
            hub = _call("DELETE", f"/v1/hubs/{quote(options.address, safe='')}")
            print(f"the hub at {hub['address']} is answered no more")
        return 0
    rows: list[dict[str, Any]] = _call("GET", "/v1/hubs")["hubs"]
    if options.json:
        print(json.dumps(rows))
        return 0
    if not rows:
        print("no hub is paired; `sotto hubs add ADDRESS` pairs one")
    for row in rows:
        print(f"{row['address']}{' (in sotto.toml)' if row['fixed'] else ''}")
    return 0


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _call(method: str, path: str, given: object = None) -> Any:
    """Ask the running gateway over its Unix socket.

    Raises:
        Unavailable: there is none, or it does not answer.
        RemoteError: what it says instead.
    """
    socket_path = gateway_socket()
    connection = _UnixConnection(socket_path)
    try:
        connection.request(method, path, None if given is None else json.dumps(given))
        response = connection.getresponse()
        body = json.loads(response.read(_LIMIT_BYTES))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unavailable(
            f"no gateway answers on {socket_path}: {error}",
            hint="start it with `sotto run`, or see how its service is",
            code="gateway.absent",
        ) from error
    finally:
        connection.close()
    if response.status >= 400:
        kind = _KINDS.get(response.status, ErrorKind.INTERNAL)
        raise RemoteError(body["message"], hint=body["hint"], code=body["code"], kind=kind)
    return body

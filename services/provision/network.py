"""NetworkManager, controlled through its command `nmcli`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common import programs
from services.provision.keyfile import OWN

#: More networks than that are not listed.
MAX_NETWORKS = 40
_ANSWER_LIMIT = 256 * 1024


@dataclass(frozen=True)
class Answer:
    """The result of a program.

    Attributes:
        code: its exit status; 124 if it took too long, 127 if it does not exist.
        out, error: what it printed.
    """

    code: int
    out: str = ""
    error: str = ""


@dataclass(frozen=True)
class Device:
    """One line of `nmcli device status`."""

    name: str
    kind: str
    state: str
    connection: str


@dataclass(frozen=True)
class Seen:
    """A network within reach. `signal` is 0 to 100."""

    ssid: str
    signal: int
    secured: bool


Run = Callable[[Sequence[str], float], Answer]


def run(command: Sequence[str], limit_s: float) -> Answer:
    """Start a program with English messages, and wait at most `limit_s` seconds for it."""
    try:
        done = programs.run(command, limit_s, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"})
    except subprocess.TimeoutExpired:
        return Answer(124, error="it took too long")
    except OSError as error:
        return Answer(127, error=error.strerror or str(error))
    return Answer(done.status, done.output[:_ANSWER_LIMIT], done.errors[:_ANSWER_LIMIT])


def fields(line: str) -> list[str]:
    r"""The fields of a line of `nmcli --terse`, in which `\:` and `\\` stand for `:` and `\`."""
    found, escaped = [""], False
    for c in line:
        if escaped or c not in "\\:":
            found[-1] += c
            escaped = False
        elif c == "\\":
            escaped = True
        else:
            found.append("")
    return found


class NetworkManager:
    """Queries and controls NetworkManager.

    Args:
        run: how programs are started.
    """

    def __init__(self, run: Run = run) -> None:
        self._run = run

    def devices(self) -> tuple[Device, ...]:
        """Ethernet and Wi-Fi devices; none while NetworkManager does not answer."""
        answer = self._nmcli("-t", "-f", "DEVICE,TYPE,STATE,CONNECTION", "device", "status")
        lines = [fields(line) for line in answer.out.splitlines()] if answer.code == 0 else []
        return tuple(Device(*line) for line in lines if len(line) == 4 and line[1] in ("ethernet", "wifi"))

    def scan(self) -> tuple[Seen, ...]:
        """Networks within reach, strongest first, each name once."""
        answer = self._nmcli(
            "-t", "-f", "SSID,SIGNAL,SECURITY", "device", "wifi", "list", "--rescan", "yes", limit_s=30
        )
        found: dict[str, Seen] = {}
        for line in answer.out.splitlines() if answer.code == 0 else ():
            parts = fields(line)
            if len(parts) != 3 or not parts[0].strip() or not parts[1].isdigit():
                continue
            seen = Seen(parts[0], int(parts[1]), bool(parts[2].strip("- ")))
            if seen.ssid not in found or found[seen.ssid].signal < seen.signal:
                found[seen.ssid] = seen
        return tuple(sorted(found.values(), key=lambda seen: -seen.signal)[:MAX_NETWORKS])

    def reload(self) -> None:
        """Make NetworkManager read its profiles again."""
        self._nmcli("connection", "reload")

    def up(self, name: str, wait_s: int) -> str:
        """Bring a profile up; returns "", or in plain words why it failed."""
        answer = self._nmcli("--wait", str(wait_s), "connection", "up", name, limit_s=wait_s + 10)
        return "" if answer.code == 0 else why(f"{answer.error}\n{answer.out}", answer.code)

    def down(self, name: str) -> None:
        """Take a profile down; nothing happens if it is not up."""
        self._nmcli("--wait", "10", "connection", "down", name, limit_s=20)

    def _nmcli(self, *arguments: str, limit_s: float = 15) -> Answer:
        return self._run(["nmcli", *arguments], limit_s)


def is_online(devices: Sequence[Device]) -> bool:
    """Whether any network other than the own one is up, whoever has set it up."""
    return any(d.state.startswith("connected") and d.connection != OWN for d in devices)


def is_open(devices: Sequence[Device]) -> bool:
    """Whether the own network is up."""
    return any(d.state == "connected" and d.connection == OWN for d in devices)


def has_radio(devices: Sequence[Device]) -> bool:
    """Whether there is a Wi-Fi device that can be used."""
    return any(d.kind == "wifi" and d.state not in ("unavailable", "unmanaged") for d in devices)


_REASONS = (
    ("secrets", "the password was not accepted"),
    ("802-11-wireless-security.psk", "the password was not accepted"),
    ("supplicant", "the password was not accepted, or the signal is too weak"),
    ("could not be found", "the network is not in reach"),
    ("no suitable device", "the network is not in reach"),
    ("ssid", "the network is not in reach"),
    ("ip configuration could not be reserved", "the network gave the box no address"),
    ("dhcp", "the network gave the box no address"),
    ("timeout", "the network did not answer in time"),
    ("took too long", "the network did not answer in time"),
)


def why(text: str, code: int) -> str:
    """In plain words why a network could not be joined, from what nmcli printed and its exit status."""
    lowered = text.lower()
    for sign, reason in _REASONS:
        if sign in lowered:
            return reason
    return "the network did not answer in time" if code in (3, 124) else "the network could not be joined"

"""What the box says about itself after its start, and when. Pure: facts and time are passed in."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.digits import digits_one_by_one, spoken_code
from services.provision import words

#: After so many seconds without an address, the box says that it has none.
ADDRESS_PATIENCE_S = 90.0
#: Seconds after which the own network is announced (again): perhaps nobody was in the room.
AGAIN_S = (0.0, 60.0, 180.0)


@dataclass(frozen=True)
class Facts:
    """The present situation.

    Attributes:
        name: what the owner calls the box; empty if nothing.
        host: its host name.
        problems: mistakes of the set-up file, as they are spoken.
        code: the pairing code; empty if there is none.
        password: of the own network; empty while it is closed.
        addresses: of the box, without its own network's.
        stage: of `services.provision.access_point`; empty if unknown.
        network: name of the own network if it is open.
        failure: why the last try to join a network failed.
    """

    name: str = ""
    host: str = "sotto"
    problems: tuple[str, ...] = ()
    code: str = ""
    password: str = ""
    addresses: tuple[str, ...] = ()
    stage: str = ""
    network: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Said:
    """What the box has said already.

    Attributes:
        greeted: on this boot or an earlier one.
        problems: of this boot; None if they were not said yet.
        opened: when the own network was first announced, in monotonic seconds.
        times: how often it was announced.
        missing: that the box has no address.
    """

    greeted: bool = False
    problems: tuple[str, ...] | None = None
    opened: float | None = None
    times: int = 0
    missing: bool = False


def step(said: Said, started: float, now: float, facts: Facts) -> tuple[Said, str, bool]:
    """What to say now, if anything.

    Args:
        started, now: monotonic seconds.

    Returns:
        What will have been said, the text ("" for nothing), and whether all has been said.
    """
    if facts.problems != (said.problems or ()):
        return replace(said, problems=facts.problems), words.spoken_problems(facts.problems), False
    if facts.stage == "open" and facts.network and facts.password:
        return _announce_network(said, now, facts)
    said = replace(said, opened=None, times=0)
    if facts.stage == "joining":
        return said, "", False
    if facts.addresses:
        text = "" if said.greeted else greeting(facts)
        return replace(said, greeted=True), text, True
    if now - started >= ADDRESS_PATIENCE_S and not said.missing:
        text = "I have no network. Plug in a network cable, or put the Wi-Fi into the set-up file."
        return replace(said, missing=True), "" if said.greeted else text, False
    return said, "", False


def _announce_network(said: Said, now: float, facts: Facts) -> tuple[Said, str, bool]:
    opened = now if said.opened is None else said.opened
    if said.times < len(AGAIN_S) and now - opened >= AGAIN_S[said.times]:
        return replace(said, opened=opened, times=said.times + 1), own_network(facts), False
    return replace(said, opened=opened), "", False


def greeting(facts: Facts) -> str:
    """Name, address and pairing code."""
    who = f"I am {facts.name}." if facts.name else "I am your Sotto box."
    where = (
        f"My address is {spoken_address(facts.addresses)}, or {facts.host.replace('-', ' dash ')} dot local."
    )
    code = f"My pairing code is {spoken_code(facts.code)}." if facts.code else ""
    return f"Hello. {who} {where} {code} {_again(facts.code)}".strip()


def _again(code: str) -> str:
    return f"Once more, the pairing code: {spoken_code(code)}." if code else ""


def own_network(facts: Facts) -> str:
    """How to reach the set-up page."""
    why = f"I could not join the Wi-Fi network: {facts.failure}. " if facts.failure else ""
    start = "" if why else "I have no network yet. "
    return (
        f"{why}{start}Take your phone, choose the Wi-Fi network {facts.network}, "
        f"and type the password {spoken_code(facts.password)}. "
        "Then a page opens that asks for your network. "
        f"Once more, the password: {spoken_code(facts.password)}."
    )


def spoken_address(addresses: Sequence[str]) -> str:
    """The first IPv4 address, number by number. IPv6 addresses are too long to be read out."""
    for address in addresses:
        if "." in address:
            return " dot ".join(digits_one_by_one(part) for part in address.split("."))
    return "an IP version 6 one, which your router lists"


def usable(address: str, own: str) -> bool:
    """Whether the box can be reached under this address from the local network."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return address != own and not (ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast)

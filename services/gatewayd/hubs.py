"""Paired hubs. A hub is paired by its address, because Wyoming has neither names nor secrets."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common.errors import Conflict, InvalidInput, NotFound, SottoError, TooLarge
from common.faults import Faults
from common.files import read_bounded
from common.state_file import load_json, save_json
from services.inbound.addresses import parse_address

log = logging.getLogger(__name__)

MAX_HUBS = 8
_VERSION = 1
_FACTS_LIMIT = 4096


@dataclass(frozen=True)
class PairedHub:
    """One hub.

    Attributes:
        address: of IPv4 or IPv6, in its shortest form.
        fixed: it comes from sotto.toml, and is removed only there.
    """

    address: str
    fixed: bool = False


class HubStore:
    """All paired hubs. Used from one thread.

    Args:
        path: the file.
        facts: `hub.json` of the first boot, with the hub of sotto.toml; or None.
        faults: is told if the hubs are lost.
    """

    def __init__(self, path: Path, facts: Path | None = None, faults: Faults | None = None) -> None:
        self._path = path
        self._fixed = _from_facts(facts)
        self._own = load_json(path, _restored, what="the paired hubs", faults=faults) or ()

    @property
    def hubs(self) -> tuple[PairedHub, ...]:
        """All paired hubs."""
        return (*self._fixed, *self._own)

    def knows(self, address: str) -> bool:
        """Whether the hub at `address`, as a socket names its peer, is paired."""
        try:
            plain = canonical(address)
        except InvalidInput:
            return False
        return any(hub.address == plain for hub in self.hubs)

    def add(self, address: str) -> PairedHub:
        """Pair the hub at an address.

        Raises:
            InvalidInput: it is no address.
            Conflict: it is paired already.
            TooLarge: there are too many.
            StorageError: it could not be saved; the hub is not paired.
        """
        hub = PairedHub(canonical(address))
        if self.knows(hub.address):
            raise Conflict(f"the hub at {hub.address} is paired already", code="hub.taken")
        if len(self._own) >= MAX_HUBS:
            raise TooLarge(f"{MAX_HUBS} hubs are paired already", hint="remove one", code="hub.too-many")
        self._save((*self._own, hub))
        return hub

    def remove(self, address: str) -> PairedHub:
        """Unpair the hub at an address.

        Raises:
            NotFound: no hub is paired by that address.
            InvalidInput: it is no address, or it comes from sotto.toml.
            StorageError: that could not be saved; the hub is still paired.
        """
        plain = canonical(address)
        if any(hub.address == plain for hub in self._fixed):
            raise InvalidInput(
                f"the hub at {plain} stands in sotto.toml", hint="take it out there", code="hub.fixed"
            )
        found = next((hub for hub in self._own if hub.address == plain), None)
        if found is None:
            raise NotFound(f"no hub at {plain} is paired", hint="`sotto hubs` lists them", code="hub.missing")
        self._save(tuple(hub for hub in self._own if hub is not found))
        return found

    def _save(self, hubs: tuple[PairedHub, ...]) -> None:
        rows = [{"address": asdict(hub)["address"]} for hub in hubs]
        save_json(self._path, {"version": _VERSION, "hubs": rows})
        self._own = hubs


def canonical(address: str) -> str:
    """An address in its shortest form. IPv4 inside IPv6 becomes IPv4, and a zone is dropped.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return str(parse_address(address))
    except ValueError:
        raise InvalidInput(
            f"{address[:60]!r} is not an address",
            hint="give the hub's IP address, such as 192.168.1.20",
            code="hub.address",
        ) from None


def _from_facts(path: Path | None) -> tuple[PairedHub, ...]:
    if path is None:
        return ()
    try:
        if read_bounded(path, _FACTS_LIMIT) is None:
            return ()
        content = load_json(path)
        return (
            (PairedHub(canonical(str(content["address"])), fixed=True),) if isinstance(content, dict) else ()
        )
    except KeyError:
        return ()  # the file has no address
    except SottoError as error:
        log.warning("the hub of sotto.toml is not answered: %s", error)
        return ()


def _restored(content: Any) -> tuple[PairedHub, ...]:
    if content["version"] != _VERSION:
        raise ValueError(f"version {content['version']} is not {_VERSION}")
    return tuple(PairedHub(canonical(str(row["address"]))) for row in content["hubs"][:MAX_HUBS])

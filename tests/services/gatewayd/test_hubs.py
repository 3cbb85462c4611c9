"""Hubs: paired by address, listed, removed, kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Conflict, InvalidInput, NotFound, TooLarge
from services.gatewayd.hubs import MAX_HUBS, HubStore, PairedHub


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hubs.json"


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("fe80::1", "fe80::1%eth0"),
    ],
)
def test_an_address_is_known_however_it_is_written(path: Path, given: str, seen: str) -> None:
    store = HubStore(path)
    store.add(given)
    assert store.knows(seen)
    assert not store.knows("192.0.2.8")
    assert not store.knows("nonsense")


def test_hubs_survive_a_restart(path: Path) -> None:
    HubStore(path).add("192.0.2.7")
    assert HubStore(path).hubs == (PairedHub("192.0.2.7"),)


def test_a_removed_hub_is_gone_for_good(path: Path) -> None:
    store = HubStore(path)
    store.add("192.0.2.7")
    store.remove("::ffff:192.0.2.7")
    assert HubStore(path).hubs == ()
    with pytest.raises(NotFound):
        store.remove("192.0.2.7")


def test_a_hub_is_paired_once_and_there_is_an_end(path: Path) -> None:
    store = HubStore(path)
    for number in range(MAX_HUBS):
        store.add(f"192.0.2.{number}")
    with pytest.raises(Conflict):
        store.add("192.0.2.0")
    with pytest.raises(TooLarge):
        store.add("192.0.2.99")


@pytest.mark.parametrize("address", ["", "hub.local", "192.0.2.300", "192.0.2.7:80", "a" * 1000])
def test_what_is_no_address_is_refused(path: Path, address: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        HubStore(path).add(address)
    assert caught.value.code == "hub.address"


def test_the_hub_of_the_setup_file_is_paired_and_stays(path: Path, tmp_path: Path) -> None:
    facts = tmp_path / "hub.json"
    facts.write_text('{"address": "192.0.2.7", "kind": "home-assistant"}')
    store = HubStore(path, facts)
    assert store.hubs == (PairedHub("192.0.2.7", fixed=True),)
    with pytest.raises(InvalidInput, match=r"sotto\.toml"):
        store.remove("192.0.2.7")


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"address": "hub.local"}', '{"address": 5}', "x" * 9999]
)
def test_facts_without_an_address_pair_nothing(path: Path, tmp_path: Path, content: str) -> None:
    facts = tmp_path / "hub.json"
    facts.write_text(content)
    assert HubStore(path, facts).hubs == ()
    assert HubStore(path, tmp_path / "absent.json").hubs == ()


@pytest.mark.parametrize("content", ["", "[]", '{"version": 9}', '{"version": 1, "hubs": [{"address": 5}]}'])
def test_a_damaged_file_is_set_aside_and_lets_nobody_in(path: Path, content: str) -> None:
    path.write_text(content)
    assert HubStore(path).hubs == ()
    assert path.with_name("hubs.json.damaged").exists()

"""State, household, units and cards: read back, and damaged."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.alarm_book import AlarmBook
from assistant.skills.alarm_time import Moment
from assistant.skills.timekeeping import TimerBook
from services.gatewayd.hubs import HubStore
from services.gatewayd.tokens import TokenStore
from services.updated.cards import sound_cards
from services.updated.household import Household, household_from, look, lost
from services.updated.machine import read_machine
from services.updated.places import Places
from services.updated.state import (
    BootVerdict,
    Fallback,
    GoodBoot,
    LastCheck,
    RolledBack,
    State,
    StateStore,
    from_json,
    to_json,
)
from services.updated.units import judge_units
from tests.assistant.skills.english import REPLIES
from tests.services.updated.world import World

FULL = State(
    rolled_back=(RolledBack("3", "why", 1.0),),
    staged="4",
    trial=BootVerdict("3", False, True, ("a", "b"), 2.0),
    boot=BootVerdict("2", True, False, (), 3.0),
    fallback=Fallback("3", "2", "text", 4.0, said=True),
    check=LastCheck("/x", "4", "text", 5.0),
    good=GoodBoot("2", {"CPU": 1.5}, ("a",), {"What?": "Time"}, 6.0),
    household=Household("boot", 7.0, {"timers/1": 8.0, "alarms/2": None}, ("hub.json",), ("timers",), "d1ff"),
    extra={"later": [1]},
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def test_the_state_is_read_back(tmp_path: Path) -> None:
    StateStore(tmp_path).change(lambda _state: FULL)
    assert StateStore(tmp_path).load() == FULL


@given(st.sampled_from(sorted(to_json(FULL))), JSON)
def test_a_damaged_key_is_found_or_harmless(name: str, value: object) -> None:
    values = json.loads(json.dumps(to_json(FULL))) | {name: value}
    try:
        state = from_json(values)
    except (KeyError, TypeError, ValueError, AttributeError):
        return
    assert from_json(to_json(state)) == state


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"format": 99}', '{"format": 1, "trial": 3}'])
def test_a_damaged_file_is_set_aside_and_the_box_stays_updatable(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    store = StateStore(tmp_path)
    assert store.load() == State()
    assert (tmp_path / "state.json.damaged").read_text() == content
    assert store.change(lambda state: state) == State()


def test_a_long_list_of_versions_is_bounded() -> None:
    many = State(rolled_back=tuple(RolledBack(str(n), "x", 0.0) for n in range(200)))
    assert to_json(many)["rolled_back"][0]["version"] == "150"


def test_alarms_of_the_assistant_are_found_with_their_times(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.assistant.mkdir(parents=True)
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    book = AlarmBook(places.assistant / "alarms.json", REPLIES)
    once, daily = book.set(Moment(day, 7)), book.set(Moment(day, 8, 0, (0, 1)))
    seen = look(places, 0.0)
    due = seen.entries[f"alarms/{once.id}"]
    assert due is not None and abs(due - datetime(day.year, day.month, day.day, 7).timestamp()) < 1
    assert seen.entries[f"alarms/{daily.id}"] is None


def test_timers_of_the_assistant_are_found_with_their_times(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.assistant.mkdir(parents=True)
    timer = TimerBook(places.assistant / "timers.json", REPLIES).start(
        600.0, now=datetime.fromtimestamp(1000.0, UTC)
    )
    assert look(places, 0.0).entries == {f"timers/{timer.id}": 1600.0}


@pytest.mark.parametrize(
    "content", ["", "[]", '{"timers": 3}', '{"timers": [{}]}', '{"timers": [{"id": "x"}]}']
)
def test_a_damaged_book_is_named(tmp_path: Path, content: str) -> None:
    places = Places(tmp_path)
    places.assistant.mkdir(parents=True)
    (places.assistant / "timers.json").write_text(content)
    assert look(places, 0.0).damaged == ("timers",)


def test_who_is_paired_is_seen_and_missed(tmp_path: Path) -> None:
    places = Places(tmp_path)
    TokenStore(places.gateway / "tokens.json").issue("tablet", [], now=0.0)
    HubStore(places.gateway / "hubs.json").add("192.0.2.7")
    before = look(places, 0.0)
    assert before.files == ("pairings/tokens", "pairings/hubs")
    (places.gateway / "hubs.json").unlink()
    (places.gateway / "tokens.json").write_text("{")
    assert lost(before, look(places, 1.0)) == ["the tokens cannot be read", "the paired hubs are gone"]


def test_who_was_unpaired_is_not_missed(tmp_path: Path) -> None:
    places = Places(tmp_path)
    store = TokenStore(places.gateway / "tokens.json")
    store.issue("tablet", [], now=0.0)
    before = look(places, 0.0)
    store.revoke("tablet")
    assert lost(before, look(places, 1.0)) == []


FOLLOWS = "the set-up file hub-secret is gone"
STAYS = "the set-up file pairing-code is gone"


@pytest.mark.parametrize(
    ("first", "second", "missed"),
    [
        ("[hub]", "[hub]", [FOLLOWS, STAYS]),
        ("[hub]", "[sound]", [STAYS]),
        ("[hub]", None, [FOLLOWS, STAYS]),
        (None, "[sound]", [STAYS]),
    ],
)
def test_what_follows_from_the_set_up_may_go_with_another_one(
    tmp_path: Path, first: str | None, second: str | None, missed: list[str]
) -> None:
    places = Places(tmp_path)
    places.boot.mkdir()
    places.provision.mkdir(parents=True)
    seen = []
    for setup, names in ((first, ("hub-secret", "pairing-code")), (second, ())):
        places.setup_file.unlink(missing_ok=True)
        if setup is not None:
            places.setup_file.write_text(setup)
        shutil.rmtree(places.provision)
        places.provision.mkdir()
        for name in names:
            (places.provision / name).touch()
        seen.append(look(places, 0.0))
    assert lost(*seen) == missed


def test_a_household_of_a_version_that_noted_no_set_up_is_judged_in_full() -> None:
    values = to_json(FULL)["household"]
    del values["setup"]
    before = household_from(values)
    assert before is not None and before.setup is None
    assert lost(before, replace(before, files=(), setup="d1ff")) == ["the set-up file hub.json is gone"]


def test_an_empty_box_has_an_empty_household(tmp_path: Path) -> None:
    assert look(Places(tmp_path), 1.0) == Household("", 1.0, {}, (), setup="")


def test_units_that_failed_or_start_again_and_again_are_named() -> None:
    units = [
        {"unit": "a.service", "active": "active", "sub": "running"},
        {"unit": "b.service", "active": "failed", "sub": "failed"},
        {"unit": "c.service", "active": "activating", "sub": "auto-restart"},
        {"unit": "gate.service", "active": "activating", "sub": "start"},
    ]
    now = judge_units(json.dumps(units), ["a.service", "b.service", "d.service"])
    assert now.failed == ("b.service", "c.service")
    assert now.idle == ("b.service", "d.service")


@given(st.text(max_size=30) | JSON.map(json.dumps))
def test_any_output_of_systemctl_is_judged(output: str) -> None:
    judge_units(output, ["a.service"])


def test_sound_cards_are_named_by_what_stays_the_same(tmp_path: Path) -> None:
    (tmp_path / "asound").mkdir()
    (tmp_path / "asound/cards").write_text(
        " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"
        "                      HDA Intel PCH at 0xf7f10000 irq 32\n"
        " 1 [Device         ]: USB-Audio - USB PnP\n                      USB PnP at usb-1\n"
    )
    assert sound_cards(tmp_path) == ("Device (USB-Audio)", "PCH (HDA-Intel)")
    assert sound_cards(tmp_path / "absent") == ()


def test_the_image_tells_its_version(world: World) -> None:
    machine = read_machine(world.places)
    assert (machine.version, machine.cpu) == ("1", "Test CPU")

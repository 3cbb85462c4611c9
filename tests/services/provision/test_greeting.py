"""What the box says about itself, when, and how often."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.speech.spoken import spoken
from common.errors import SottoError, Unavailable
from services.provision import names, words
from services.provision.config import Problem
from services.provision.greet import Greeter, addresses_from
from services.provision.greeting import (
    ADDRESS_PATIENCE_S,
    Facts,
    Said,
    greeting,
    spoken_address,
    step,
    usable,
)
from services.provision.places import Places

FACTS = Facts(name="Kitchen", host="sotto-kitchen", code="01234567", addresses=("192.168.1.7",))


def _say(said: Said, facts: Facts, now: float = 1.0) -> tuple[Said, str, bool]:
    return step(said, 0.0, now, facts)


def test_the_greeting_has_name_address_and_code_digit_by_digit() -> None:
    said, text, done = _say(Said(), FACTS)
    assert "I am Kitchen." in text
    assert "one nine two dot one six eight dot one dot seven" in text
    assert "zero one two three, four five six seven" in text
    assert done
    assert said.greeted


def test_a_later_boot_says_nothing() -> None:
    assert _say(Said(greeted=True), FACTS)[1:] == ("", True)


def test_mistakes_are_said_first_and_at_every_boot() -> None:
    facts = replace(FACTS, problems=("the time zone is not known", "the Wi-Fi password is too short"))
    said, text, done = _say(Said(greeted=True), facts)
    assert text.startswith(
        "The set-up file has two mistakes: the time zone is not known, and the Wi-Fi password is too short."
    )
    assert not done
    assert _say(said, facts)[1:] == ("", True)


def test_without_an_address_it_waits_and_then_says_so_once() -> None:
    facts = replace(FACTS, addresses=())
    said, text, done = _say(Said(), facts)
    assert (text, done) == ("", False)
    said, text, done = _say(said, facts, ADDRESS_PATIENCE_S)
    assert "no network" in text
    assert not done
    assert _say(said, facts, ADDRESS_PATIENCE_S + 99)[1] == ""
    assert "Kitchen" in _say(said, FACTS, ADDRESS_PATIENCE_S + 100)[1]


def test_the_own_network_is_told_three_times_with_its_password() -> None:
    facts = replace(FACTS, addresses=(), stage="open", network="Sotto Kitchen", password="987654321098")
    said, texts = Said(), []
    for second in range(600):
        said, text, done = _say(said, facts, second)
        assert not done
        texts += [text] if text else []
    assert len(texts) == 3
    assert "Sotto Kitchen" in texts[0]
    assert texts[0].count("nine eight seven six, five four three two, one zero nine eight") == 2


def test_a_network_that_comes_back_is_told_again_and_why() -> None:
    facts = replace(FACTS, addresses=(), stage="open", network="Sotto", password="987654321098")
    said = _say(Said(), facts)[0]
    said = _say(said, replace(facts, stage="joining", network=""), 2)[0]
    text = _say(said, replace(facts, failure="the password was not accepted"), 9)[1]
    assert "could not join the Wi-Fi network: the password was not accepted" in text


@pytest.mark.parametrize(
    ("count", "begins"),
    [(0, ""), (1, "The set-up file has one mistake: "), (12, "The set-up file has 12 mistakes: ")],
)
def test_mistakes_are_counted(count: int, begins: str) -> None:
    text = words.spoken_problems([f"thing {number} is wrong" for number in range(count)])
    assert text.startswith(begins)
    assert bool(text) == bool(count)


def test_the_synthesiser_says_codes_and_addresses_as_written() -> None:
    text = greeting(FACTS)
    assert spoken(text) == text


def test_more_than_three_mistakes_are_not_all_said() -> None:
    text = words.spoken_problems([f"thing {c} is wrong" for c in "abcdef"])
    assert "six mistakes" in text
    assert "thing d" not in text
    assert "some more" in text


def test_the_written_file_numbers_mistakes_and_ends_lines_as_notepad_wants() -> None:
    text = words.written_problems([Problem("a", "b", "a: bad", "do so")], ["mind this"])
    assert "1. a: bad.\r\n   What to do: do so\r\n" in text
    assert "Please note: mind this" in text
    assert words.written_problems([], []) == ""


def test_an_address_that_nobody_can_type_is_not_read_out() -> None:
    assert "router" in spoken_address(["2001:db8::1"])


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("192.168.1.7", True),
        ("2001:db8::1", True),
        ("10.42.0.1", False),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("fe80::1", False),
        ("nonsense", False),
    ],
)
def test_an_address_counts_if_somebody_can_reach_it(address: str, good: bool) -> None:
    assert usable(address, "10.42.0.1") is good


@pytest.mark.parametrize("output", ["", "{}", "[1]", '[{"addr_info": [{}]}]', '[{"addr_info": 3}]', "[" * 99])
def test_nonsense_of_ip_is_no_address(output: str) -> None:
    assert addresses_from(output) == ()


def test_addresses_are_read_from_ip() -> None:
    links = [
        {"addr_info": [{"local": "127.0.0.1", "scope": "host"}]},
        {"addr_info": [{"local": "10.0.2.15", "scope": "global"}, {"local": "fe80::1", "scope": "link"}]},
    ]
    assert addresses_from(json.dumps(links)) == ("10.0.2.15",)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        (None, "sotto"),
        ("Kitchen Box", "sotto-kitchen-box"),
        ("K\u00fcche", "sotto-kuche"),
        ("Sotto", "sotto"),
        ("Sotto Bath", "sotto-bath"),
        ("--", "sotto-"),
        ("\u53a8\u623f", "sotto-"),
    ],
)
def test_a_name_gives_a_host_name(name: str | None, host: str) -> None:
    assert names.host_name(name).startswith(host)


@given(st.text(max_size=80))
def test_every_name_gives_a_valid_host_and_network_name(name: str) -> None:
    host = names.host_name(name)
    assert 5 <= len(host) <= 63
    assert host.replace("-", "a").isalnum() and host.isascii() and host[-1] != "-"
    assert 1 <= len(names.network_name(name, "id").encode("utf-8", "replace")) <= 32


class _Room:
    """A box's files, and what it said."""

    def __init__(self, root: Path) -> None:
        self.places = Places(root)
        for folder in (self.places.run, self.places.setup_run, self.places.state):
            folder.mkdir(parents=True)
        self.places.pairing_code.write_text("01234567\n")
        self.places.announce.write_text('{"name": "Kitchen", "host": "sotto-kitchen", "problems": []}')
        self.said: list[str] = []
        self.error: SottoError | None = None
        self.marker = root / "greeted.json"

    def say(self, text: str) -> None:
        if self.error:
            raise self.error
        self.said.append(text)

    def greeter(self) -> Greeter:
        return Greeter(self.places, self.marker, self.say, lambda: ("192.168.1.7",), lambda: 0.0)


def test_it_greets_once_in_a_life(tmp_path: Path) -> None:
    room = _Room(tmp_path)
    assert room.greeter().turn()
    assert room.greeter().turn()
    assert len(room.said) == 1


def test_what_could_not_be_said_is_said_later(tmp_path: Path) -> None:
    room = _Room(tmp_path)
    greeter = room.greeter()
    room.error = Unavailable("busy", hint="wait")
    with pytest.raises(SottoError):
        greeter.turn()
    assert not room.marker.exists()
    room.error = None
    assert greeter.turn()
    assert len(room.said) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"problems": 3, "name": 4}', "[" * 5000, "\udcff"])
def test_damaged_files_do_not_silence_it(tmp_path: Path, content: str) -> None:
    room = _Room(tmp_path)
    room.places.announce.write_text(content, "utf-8", "surrogateescape")
    assert room.greeter().turn()
    assert "pairing code" in room.said[0]

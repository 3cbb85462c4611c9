"""`sotto.toml`: good values taken, bad ones named, nothing ever raised."""

from __future__ import annotations

import base64
import dataclasses
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.settings import WakeWordSettings
from services.provision import checks
from services.provision.config import merge, read, read_table, to_table, to_toml
from services.provision.key_index import SPOKEN
from services.provision.keys import Setup, Wifi
from services.provision.text_file import LIMIT_BYTES
from tests.conftest import REPOSITORY

ED25519 = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode() + " me"
GOOD = f"""
name = "Kitchen Box"
language = "en-GB"
timezone = "europe/berlin"
wake_word = ["Okay Nabu", "hey-jarvis"]
[wifi]
ssid = "Café"
password = "correct horse"
country = "de"
hidden = true
[access]
ssh_keys = "{ED25519}"
[hub]
address = "192.168.1.20"
kind = "Home Assistant"
[update]
source = "https://updates.example/sotto"
[sound]
microphone = "USB"
"""


def test_a_good_file_is_taken_and_tidied() -> None:
    report = read(GOOD.encode())
    assert report.problems == ()
    setup = report.setup
    assert (setup.name, setup.language, setup.timezone) == ("Kitchen Box", "en", "Europe/Berlin")
    assert setup.wake_word == ("okay_nabu", "hey_jarvis")
    assert setup.wifi == Wifi("Café", "correct horse", "DE", True)
    assert setup.access.ssh_keys == (ED25519,)
    assert (setup.hub.address, setup.hub.kind) == ("192.168.1.20", "home-assistant")
    assert (setup.update.source, setup.sound.microphone) == ("https://updates.example/sotto", "USB")


@pytest.mark.parametrize(
    ("data", "key", "says", "hint"),
    [
        ('timezone = "Europe/Berln"', "timezone", "Europe/Berln", "Europe/Berlin"),
        ('timezone = "Berlin"', "timezone", "Berlin", "Europe/Berlin"),
        ('timezone = "+02:00"', "timezone", "+02:00", "continent"),
        ("timezone = 1", "timezone", "1 is not a text", "quotation marks"),
        ('language = "de"', "language", "de", "English"),
        ('name = ""', "name", "empty", "Kitchen"),
        (f'name = "{"x" * 41}"', "name", "41", "shorter"),
        ('name = "a\\u0007b"', "name", "control", "retype"),
        ('wake_word = "computer"', "wake_word", "computer", "okay_nabu"),
        ('wake_word = "okay_nabo"', "wake_word", "okay_nabo", "did you mean okay_nabu"),
        ("wake_word = []", "wake_word", "0 wake words", "okay_nabu"),
        ("[wifi]\nssid='a'\npassword = 12345678", "wifi.password", "number", "quotation"),
        ("[wifi]\nssid='a'\npassword = 'short'", "wifi.password", "5 characters", "in full"),
        (f"[wifi]\nssid='a'\npassword = '{'g' * 64}'", "wifi.password", "64 characters", "retype"),
        ("[wifi]\nssid='a'\npassword = 'caf\u00e9 au lait'", "wifi.password", "Latin", "curly"),
        ("[wifi]\nssid = 1234", "wifi.ssid", "number", 'ssid = "1234"'),
        ("[wifi]\nssid = '" + "\u00e9" * 17 + "'", "wifi.ssid", "34 bytes", "retype"),
        ("[wifi]\npassword = 'long enough'", "wifi.ssid", "no ssid", "ssid ="),
        ("[wifi]\nssid='a'\ncountry = 'UK'", "wifi.country", "UK", "GB"),
        ("[wifi]\nssid='a'\ncountry = 'Germany'", "wifi.country", "Germany", "DE"),
        ("[wifi]\nssid='a'\nhidden = 'yes'", "wifi.hidden", "yes", "true"),
        ("[access]\napi = 'no'", "access.api", "no", "false"),
        ("wifi = 'MyHome'", "wifi", "section", "[wifi]"),
        ("[access]\nssh_keys = 'ssh-ed25519 AAAA me'", "access.ssh_keys", "incomplete", ".pub"),
        ("[access]\nssh_keys = 'AAAA'", "access.ssh_keys", "type", "ssh-ed25519"),
        ("[access]\nssh_keys = '-----BEGIN OPENSSH PRIVATE KEY-----'", "access.ssh_keys", "private", ".pub"),
        (f"[access]\nssh_keys = '{ED25519[:-10]}'", "access.ssh_keys", "incomplete", ".pub"),
        ("[access]\nssh_keys = 5", "access.ssh_keys", "text", ".pub"),
        (f"[access]\nssh_keys = {['x'] * 17}", "access.ssh_keys", "17 keys", "fewer"),
        ("[hub]\naddress = 'http://10.0.0.2:8123'", "hub.address", "8123", "without"),
        ("[hub]\naddress = '10.0.0.300'", "hub.address", "300", "192.168"),
        ("[hub]\naddress = 'homeassistant.local'", "hub.address", "is a name", "IP address"),
        ("[hub]\nkind = 'alexa'", "hub.kind", "alexa", "home-assistant"),
        ("[hub]\nkind = 'mqtt'\nurl = 'http://10.0.0.2'", "hub.url", "mqtt begins with", "mqtts://"),
        ("[hub]\nkind = 'mqtt'\nurl = 'mqtt://u:p@10.0.0.2'", "hub.url", "settings of their own", "mqtt://"),
        ("[hub]\nurl = 'mqtt://10.0.0.2'", "hub.kind", "no kind", "mqtt"),
        ("[hub]\nkind = 'mqtt'", "hub.url", "where the hub is", "address"),
        ("[hub]\nkind = 'mqtt'\nurl = 'mqtt://8.8.8.8'", "hub.url", "own network", "local"),
        ("[hub]\nkind = 'home-assistant'\nurl = 'http://10.0.0.2'", "hub.token", "token alone", "make"),
        ("[hub]\nkind = 'home-assistant'\ntoken = 7", "hub.token", "not shown", "quotation"),
        ("[hub]\naddress = '10.0.0.2'\ntoken = 'abc'", "hub.kind", "Home Assistant", "kind ="),
        ("[hub]\naddress = '10.0.0.2'\nkind = 'mqtt'\npassword = 'x'", "hub.user", "no user", "user ="),
        ("[update]\nsource = 'http://example.org'", "update.source", "address", "https"),
        ("[update]\nsource = 'https://[::1'", "update.source", "address", "https"),
        ("[update]\nsource = '/media/../etc'", "update.source", "address", "folder"),
        ("[update]\nsource = 'https://example.org:0'", "update.source", "address", "https"),
        ("[update]\nchannel = 'stable'", "update.channel", "unknown setting", "source"),
        ("tmiezone = 'UTC'", "tmiezone", "tmiezone", "timezone"),
        ("time_zone = 'UTC'", "time_zone", "time_zone", "timezone"),
        ("ssid = 'a'", "ssid", "at the top", "[wifi]"),
        ("[wifi]\ntimezone = 'UTC'", "wifi.timezone", "in [wifi]", "top of the file"),
        ("[wlan]\nssid = 'a'", "wlan", "wlan", "wifi"),
        ("name = \u201cKitchen\u201d", "", "line 1 (name): the quotation marks are curly", "straight"),
        ("language = 'en'\nname = Kitchen", "", "line 2 (name): text must stand", 'name = "..."'),
        ('name = "a"\nname = "b"', "", "line 2 (name): this is said twice", "keep one"),
        ("[wifi]\nssid='a'\n[wifi]\n", "", "line 3: this is said twice", "keep one"),
        ('[wifi]\npassword = "back\\slash"', "", "line 2 (password): a backslash", "single quotes"),
        ('name = "Kitchen', "", "line 1 (name): a quotation mark is missing", "between two"),
        ("Kitchen", "", "no setting", "#"),
        ("a = " + "9" * 5000, "", "", ""),
        ("a = " + "[" * 5000, "", "", ""),
    ],
)
def test_a_mistake_is_named_with_what_to_do(data: str, key: str, says: str, hint: str) -> None:
    problems = read(data.encode()).problems
    assert problems[0].key == key
    assert says in problems[0].message
    assert hint in problems[0].hint
    assert problems[0].spoken


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ('name = "a"'.encode("utf-16"), "UTF-16"),
        (b'language = "en"\nname = "K\xfcche"', "line 2: a character is not UTF-8"),
        (b"#" * (LIMIT_BYTES + 1), "64 kB"),
        (bytes(100), "no plain text"),
    ],
)
def test_a_file_that_is_no_text_is_named(data: bytes, says: str) -> None:
    report = read(data)
    assert report.bad == {"*"}
    assert any(says in p.message or says in p.hint for p in report.problems)


@pytest.mark.parametrize(
    "data", [b'\xef\xbb\xbfname = "Box"\r\nlanguage = "en"\r\n', b'name = "Box"\rlanguage = "en"\r']
)
def test_what_editors_do_by_themselves_is_no_mistake(data: bytes) -> None:
    report = read(data)
    assert report.problems == ()
    assert report.setup.name == "Box"


def test_all_mistakes_are_told_at_once() -> None:
    text = 'timezone = "x"\nlanguage = "xx"\n[wifi]\nssid = ""\npassword = "short"\ncountry = "xx"\n'
    keys = [problem.key for problem in read(text.encode()).problems]
    assert keys == ["timezone", "language", "wifi.ssid", "wifi.password", "wifi.country"]


@pytest.mark.parametrize("section", ["", "[wifi]\n"])
def test_the_file_of_another_program_is_told_in_few_words(section: str) -> None:
    text = section + "".join(f"key{number} = 1\n" for number in range(4000))
    problems = read(text.encode()).problems
    assert len(problems) < 10
    assert "more unknown settings" in problems[-1].message


_SECRET = "hunter2 Zz9"


@pytest.mark.parametrize(
    "line",
    [
        f"password = '{_SECRET}'",
        f"pasword = '{_SECRET}'",
        f"password = '{_SECRET}\u00e9'",
        f"password = ['{_SECRET}']",
        f'password = "{_SECRET}',
        f"password = \u201c{_SECRET}\u201d",
        f"password = {_SECRET}",
        f'password = "{_SECRET}\\q"',
        f"ssid = 'a'\npassword = '{_SECRET * 9}'",
    ],
)
@pytest.mark.parametrize("section", ["[wifi]\n", ""])
def test_a_password_is_never_shown(section: str, line: str) -> None:
    report = read((section + line).encode())
    assert report.problems
    assert _SECRET not in repr(report)
    assert "Zz9" not in str([dataclasses.astuple(problem) for problem in report.problems])


def test_bad_values_keep_what_held_before() -> None:
    before = read(GOOD.encode()).setup
    after = merge(before, read(b'name = "New"\ntimezone = "x"\n[wifi]\nssid = "Other"\npassword = "short"'))
    assert after.name == "New"
    assert after.timezone == "Europe/Berlin"
    assert (after.wifi.ssid, after.wifi.password) == ("Café", "correct horse")
    assert after.wifi.country is None, "what the file no longer says no longer holds"
    assert after.hub == Setup().hub


def test_an_unknown_key_cannot_undo_a_known_one() -> None:
    report = read(b'name = "New"\n"*" = 1\n"hub.kind" = 1\n')
    assert len(report.problems) == 2
    assert merge(Setup(name="Old"), report).name == "New"


def test_a_file_that_cannot_be_read_changes_nothing() -> None:
    before = read(GOOD.encode()).setup
    assert merge(before, read(b"name = ")) == before


def test_the_wake_words_are_those_of_the_assistant() -> None:
    words = list(WakeWordSettings().thresholds())
    assert checks.wake_words(words) == tuple(words)


def test_the_example_is_a_good_file_with_and_without_its_remarks() -> None:
    text = (REPOSITORY / "rootfs/usr/share/sotto/sotto.toml.example").read_text()
    assert read(text.encode()).problems == ()
    opened = "\n".join(line.removeprefix("#") if line.startswith("#") and line[1:2] != " " else line
                       for line in text.splitlines())  # fmt: skip
    none = ["access.ssh_keys", "hub.certificate"]
    assert [p.key for p in read(opened.encode()).problems] == none, "its key and its certificate are none"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_KEYS = st.sampled_from(["wfii", *(part for key in SPOKEN for part in key.split("."))])


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_no_bytes_raise_anything(data: bytes) -> None:
    report = read(data)
    assert all(problem.spoken and problem.message and problem.hint for problem in report.problems)
    merge(Setup(), report)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SPOKEN)), _VALUES)
def test_no_value_raises_anything(key: str, value: object) -> None:
    section, _, inner = key.partition(".")
    report = read_table({section: {inner: value}} if inner else {section: value})
    assert all(p.message.isprintable() and len(p.message) < 300 for p in report.problems)
    assert merge(Setup(name="x"), report)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(_KEYS, _VALUES.map(lambda v: v if isinstance(v, str | bool) else str(v))), max_size=8)
)
def test_what_is_good_survives_being_written(pairs: list[tuple[str, object]]) -> None:
    table = dict(pairs)
    setup = read_table({**table, "wifi": table}).setup
    assert read(to_toml(setup).encode()).setup == setup
    tomllib.loads(to_toml(setup))


def test_a_setup_survives_its_own_file(tmp_path: Path) -> None:
    setup = read(GOOD.encode()).setup
    again = read(to_toml(setup).encode())
    assert again.setup == setup
    assert again.problems == ()
    assert to_table(again.setup) == to_table(setup)

"""Checks of the values of the set-up file: valid values, and in plain words why another is invalid."""

from __future__ import annotations

import re
import zoneinfo
from difflib import get_close_matches
from functools import cache
from urllib.parse import urlsplit

from assistant.models.catalogue import DEFAULT_LANGUAGE, LANGUAGES, WAKE_WORDS
from services.provision.countries import COUNTRIES
from services.provision.sshkey import check_key

MAX_KEYS = 16
_AS_WAKE_WORD = f'wake_word = "{next(iter(WAKE_WORDS))}"'
_MAX_NAME = 40
_MAX_TEXT = 200
_MAX_SHOWN = 40


class Wrong(Exception):
    """An invalid value.

    Args:
        spoken: the end of a sentence whose beginning names the value: "is too short".
        message: what exactly is wrong; it contains no secret.
        hint: what to do.
    """

    def __init__(self, spoken: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.spoken = spoken
        self.message = message
        self.hint = hint


def clean(text: str) -> str:
    """`text` short and without control characters."""
    short = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
    return "".join(c if c.isprintable() else "?" for c in short)


def shown(value: object) -> str:
    """A value as it is shown in a message."""
    if isinstance(value, str):
        return f'"{clean(value)}"'
    if isinstance(value, bool):
        return str(value).lower()
    # A huge number takes long to print, and Python refuses some.
    return clean(str(value)) if isinstance(value, float) or _is_small(value) else "this value"


def _is_small(value: object) -> bool:
    return isinstance(value, int) and abs(value) < 10**30


def plain_text(value: object, example: str, longest: int = _MAX_TEXT) -> str:
    """A text of 1 to `longest` printable characters; `example` shows how it is written."""
    if not isinstance(value, str):
        hint = f"put it between quotation marks: {example}"
        raise Wrong("is not a text", f"{shown(value)} is not a text", hint)
    text = value.strip()
    if not text:
        raise Wrong("is empty", "it is empty", f"give one, as in {example}, or remove the line")
    if len(text) > longest:
        raise Wrong("is too long", f"{len(text)} characters; at most {longest}", "choose a shorter one")
    if not text.isprintable():
        raise Wrong(
            "has characters that cannot be used", f"{shown(text)} has control characters", "retype it"
        )
    return text


def name(value: object) -> str:
    """1 to 40 printable characters."""
    return plain_text(value, 'name = "Kitchen Box"', _MAX_NAME)


def language(value: object) -> str:
    """The code of a language that has a recogniser and a voice.

    The name of the language, or its code with a region, is taken too.
    """
    text = plain_text(value, f'language = "{DEFAULT_LANGUAGE}"').lower()
    for code, called in LANGUAGES.items():
        if text in (code, called.lower()) or re.fullmatch(rf"{code}[-_][a-z]{{2}}", text):
            return code
    there = ", ".join(f'{called} (language = "{code}")' for code, called in LANGUAGES.items())
    raise Wrong("is one that I do not speak", f"{shown(value)} is not available", f"available: {there}")


@cache
def _zones() -> dict[str, str]:
    return {zone.lower(): zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC"}


def timezone(value: object) -> str:
    """A name of the IANA time zone database, in its own spelling."""
    text = plain_text(value, 'timezone = "Europe/Berlin"').replace(" ", "_")
    if zone := _zones().get(text.lower()):
        return zone
    cities = {zone.rpartition("/")[2]: _zones()[zone] for zone in sorted(_zones(), reverse=True)}
    close = get_close_matches(text.lower(), _zones(), 1, 0.75) or [""]
    meant = cities.get(text.lower()) or _zones().get(close[0], "")
    near = meant or "".join(cities[city] for city in get_close_matches(text.lower(), cities, 1, 0.75))
    hint = f'did you mean "{near}"?' if near else 'it is a continent and a city, as in "Europe/Berlin"'
    raise Wrong("is not known", f"{shown(value)} is not known", hint)


def wake_words(value: object) -> tuple[str, ...]:
    """One wake word or several of the catalogue, by their ids."""
    hint = f"there are: {', '.join(WAKE_WORDS)}"
    values = value if isinstance(value, list) else [value]
    if not values or len(values) > len(WAKE_WORDS):
        raise Wrong(
            "is not a word that I know", f"{len(values)} wake words; 1 to {len(WAKE_WORDS)} can be", hint
        )
    words = []
    for item in values:
        word = re.sub(r"[\s-]+", "_", plain_text(item, _AS_WAKE_WORD).lower())
        if word not in WAKE_WORDS:
            close = get_close_matches(word, WAKE_WORDS, 1)
            meant = f"did you mean {close[0]}? " if close else ""
            raise Wrong("is not a word that I know", f"{shown(item)} is not a wake word", meant + hint)
        words.append(word)
    return tuple(dict.fromkeys(words))


def ssid(value: object) -> str:
    """1 to 32 bytes; spaces at both ends are part of the name."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise Wrong("is not a text", f"{shown(value)} is a number", 'put it between quotes: ssid = "1234"')
    text = value if isinstance(value, str) and value.strip() else plain_text(value, 'ssid = "My network"')
    if not text.isprintable():
        raise Wrong(
            "has characters that cannot be used", f"{shown(text)} has control characters", "retype it"
        )
    size = len(text.encode("utf-8", "replace"))
    if size > 32:
        raise Wrong(
            "is too long", f"{shown(text)} has {size} bytes; a network's name has at most 32", "retype it"
        )
    return text


def wifi_password(value: object) -> str:
    """8 to 63 printable ASCII characters, 64 hexadecimal digits, or empty for an open network."""
    if not isinstance(value, str):
        kind = "a number" if isinstance(value, int | float) else "not a text"
        raise Wrong(
            "is not between quotation marks",
            f"the password is {kind} (not shown)",
            'put it between quotation marks: password = "..."',
        )
    if value == "" or re.fullmatch(r"[0-9A-Fa-f]{64}", value):
        return value
    if len(value) < 8:
        raise Wrong(
            "is too short", f"{len(value)} characters; a Wi-Fi password has 8 to 63", "type it in full"
        )
    if len(value) > 63:
        raise Wrong("is too long", f"{len(value)} characters; a Wi-Fi password has 8 to 63", "retype it")
    if not all(" " <= c <= "~" for c in value):
        raise Wrong(
            "has a character that Wi-Fi passwords cannot have",
            "a character is none of the plain Latin letters, digits and signs",
            "retype it; curly quotation marks and long dashes come from word processors",
        )
    return value


def country(value: object) -> str:
    """An ISO 3166 code of two letters, in capitals."""
    text = plain_text(value, 'country = "DE"').upper()
    if text == "UK":
        raise Wrong("is not known", '"UK" is not a country code', 'the United Kingdom is "GB"')
    if text not in COUNTRIES:
        raise Wrong(
            "is not known", f"{shown(value)} is not a country code", 'two letters, as in "DE" or "US"'
        )
    return text


def switch(value: object) -> bool:
    """On or off."""
    if not isinstance(value, bool):
        raise Wrong(
            "is neither true nor false",
            f"{shown(value)} is neither true nor false",
            "write true or false, without quotation marks",
        )
    return value


def ssh_keys(value: object) -> tuple[str, ...]:
    """Public keys, one OpenSSH line each; an empty list or text means no access."""
    values = value if isinstance(value, list) else [value]
    if len(values) > MAX_KEYS:
        raise Wrong("has too many keys", f"{len(values)} keys; at most {MAX_KEYS}", "keep fewer")
    keys = []
    for number, item in enumerate(values, 1):
        if not isinstance(item, str):
            hint = 'give the line of your .pub file: ssh_keys = "ssh-ed25519 AAAA... me"'
            raise Wrong("is not a text", f"key {number} is not a text", hint)
        keys += [(number, line) for line in item.splitlines() if line.strip()]
    good = []
    for number, line in keys[: MAX_KEYS + 1]:
        try:
            good.append(check_key(line))
        except ValueError as error:
            message, _, hint = str(error).partition("|")
            raise Wrong("is not a public key", f"key {number}: {message}", hint) from None
    if len(good) > MAX_KEYS:
        raise Wrong("has too many keys", f"more than {MAX_KEYS} keys", "keep fewer")
    return tuple(dict.fromkeys(good))


def update_source(value: object) -> str:
    """An https address, or the path of a folder."""
    text = plain_text(value, 'source = "https://updates.example/sotto"')
    hint = "an address that begins with https://, or the path of a folder"
    if text.startswith("/") and ".." not in text.split("/"):
        return text
    try:
        parts = urlsplit(text)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
        good = good and parts.port != 0
    except ValueError:
        good = False
    if not good or " " in text:
        # The address is not shown, because it may contain a password.
        raise Wrong("is not an address", "this is not an address to get updates from", hint)
    return text


def sound_device(value: object) -> str:
    """A part of a device's name."""
    return plain_text(value, '"USB"', 100)

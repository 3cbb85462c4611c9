"""The pairing code, how often it may be tried, and what ends an exchange."""

from __future__ import annotations

import hmac
from pathlib import Path

import pytest

from common.errors import Denied, InvalidInput, NotFound, Unavailable
from services.gatewayd.guesses import FREE_TRIES
from services.gatewayd.pairing import Pairing, load_code
from tests.services.gatewayd.pairing_client import Client

CODE = "12345678"
KEY_HASH = bytes(range(32))


def _exchange(pairing: Pairing, code: str, source: str, now: float = 0.0) -> None:
    client = Client(code, KEY_HASH)
    name, theirs = pairing.start(client.message, source, now)
    keys = pairing.confirm(name, client.confirmation(theirs), now)
    sealed, confirmation = keys.seal("sotto_token")
    assert client.opened(sealed, confirmation) == "sotto_token"


def test_the_right_code_pairs() -> None:
    _exchange(Pairing(CODE, lambda: KEY_HASH), CODE, "192.0.2.1")


@pytest.mark.parametrize("code", ["", "1234567", "123456789", "12345679", "1234 5678"])
def test_another_one_does_not(code: str) -> None:
    with pytest.raises(Denied):
        _exchange(Pairing(CODE, lambda: KEY_HASH), code, "192.0.2.1")


def test_wrong_codes_of_one_address_close_pairing_for_that_address_alone() -> None:
    pairing = Pairing(CODE, lambda: KEY_HASH)
    for _ in range(FREE_TRIES):
        with pytest.raises(Denied):
            _exchange(pairing, "00000000", "192.0.2.1")
    with pytest.raises(Unavailable) as caught:
        _exchange(pairing, CODE, "192.0.2.1")
    assert caught.value.code == "pairing.wait"
    _exchange(pairing, CODE, "192.0.2.2")


def test_the_right_code_costs_no_try() -> None:
    pairing = Pairing(CODE, lambda: KEY_HASH)
    for _ in range(2 * FREE_TRIES):
        _exchange(pairing, CODE, "192.0.2.1")


def test_an_exchange_that_is_never_confirmed_costs_a_try() -> None:
    pairing = Pairing(CODE, lambda: KEY_HASH)
    for _ in range(FREE_TRIES):
        pairing.start(Client(CODE, KEY_HASH).message, "192.0.2.1", 0.0)
    with pytest.raises(Unavailable):
        pairing.start(Client(CODE, KEY_HASH).message, "192.0.2.1", 0.0)


def test_what_was_not_started_cannot_be_confirmed() -> None:
    with pytest.raises(NotFound):
        Pairing(CODE, lambda: KEY_HASH).confirm("nothing", hmac.digest(b"", b"", "sha256"), 0.0)


def test_a_code_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "state" / "pairing-code"
    code = load_code(path)
    assert len(code) == 8 and code.isdigit()
    assert load_code(path) == code
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["1234\n", "abcdefgh", "123456789"])
def test_a_file_with_something_else_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pairing-code"
    path.write_text(content)
    with pytest.raises(InvalidInput, match="pairing-code"):
        load_code(path)

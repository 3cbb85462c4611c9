"""The exchange of pairing by the code: its test vectors, and what makes it fail."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import Denied, InvalidInput, NotFound
from services.gatewayd.exchange import EXCHANGE_S, MOST_EXCHANGES, Exchanges
from tests.conftest import REPOSITORY
from tests.services.gatewayd.pairing_client import Client

CODE = "12345678"
KEY_HASH = hashlib.sha256(b"the public key of a certificate").digest()
X, Y = (int.from_bytes(hashlib.sha512(name).digest()) for name in (b"x", b"y"))


def _fixed(number: int) -> bytes:
    return number.to_bytes(64)


def _exchanges() -> Exchanges:
    return Exchanges(CODE, KEY_HASH)


def test_the_documented_vectors_are_what_comes_out() -> None:
    client = Client(CODE, KEY_HASH, lambda _: _fixed(X))
    box = Exchanges(CODE, KEY_HASH, lambda _: _fixed(Y))
    name, theirs = box.start(client.message, "192.0.2.1", 0.0)
    proof = client.confirmation(theirs)
    keys, _ = box.confirm(name, proof, 0.0)
    sealed, confirmation = keys.seal("sotto_example")
    order = 2**252 + 27742317777372353535851937790883648493
    values = {
        "code": CODE.encode(),
        "key hash": KEY_HASH,
        "x": (X % order).to_bytes(32),
        "y": (Y % order).to_bytes(32),
        "client's message": client.message,
        "box's message": theirs,
        "client's key": keys.client,
        "box's key": keys.box,
        "token's key": keys.token,
        "client's confirmation": proof,
        "sealed token": sealed,
        "box's confirmation": confirmation,
    }
    text = (REPOSITORY / "docs" / "pairing.md").read_text()
    documented = dict(re.findall(r"(?m)^\| ([a-z' ]+) \| `([0-9a-f]+)` \|$", text))
    assert documented == {name: value.hex() for name, value in values.items()}


def test_who_sees_another_key_is_refused_with_the_right_code() -> None:
    box = _exchanges()
    client = Client(CODE, hashlib.sha256(b"the key of a proxy").digest())
    name, theirs = box.start(client.message, "192.0.2.1", 0.0)
    with pytest.raises(Denied) as caught:
        box.confirm(name, client.confirmation(theirs), 0.0)
    assert caught.value.code == "pairing.code"


def test_an_exchange_can_be_confirmed_once() -> None:
    box = _exchanges()
    client = Client(CODE, KEY_HASH)
    name, theirs = box.start(client.message, "192.0.2.1", 0.0)
    with pytest.raises(Denied):
        box.confirm(name, bytes(32), 0.0)
    with pytest.raises(NotFound):
        box.confirm(name, client.confirmation(theirs), 0.0)


def test_a_confirmation_is_of_no_use_in_another_exchange() -> None:
    box = _exchanges()
    client = Client(CODE, KEY_HASH)
    _, theirs = box.start(client.message, "192.0.2.1", 0.0)
    again, _ = box.start(client.message, "192.0.2.1", 0.0)
    with pytest.raises(Denied):
        box.confirm(again, client.confirmation(theirs), 0.0)


def test_an_exchange_ends_by_itself() -> None:
    box = _exchanges()
    client = Client(CODE, KEY_HASH)
    name, theirs = box.start(client.message, "192.0.2.1", 0.0)
    with pytest.raises(NotFound):
        box.confirm(name, client.confirmation(theirs), EXCHANGE_S)


def test_the_oldest_ends_when_too_many_are_open() -> None:
    box = _exchanges()
    client = Client(CODE, KEY_HASH)
    name, theirs = box.start(client.message, "192.0.2.1", 0.0)
    for _ in range(MOST_EXCHANGES):
        box.start(client.message, "192.0.2.2", 0.0)
    with pytest.raises(NotFound):
        box.confirm(name, client.confirmation(theirs), 0.0)


def test_a_message_of_the_box_is_none_of_a_client() -> None:
    box = _exchanges()
    _, theirs = box.start(Client(CODE, KEY_HASH).message, "192.0.2.1", 0.0)
    with pytest.raises(InvalidInput):
        box.start(theirs, "192.0.2.1", 0.0)


@settings(max_examples=50, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.binary(min_size=32, max_size=32).map(lambda data: b"A" + data)))
def test_any_bytes_are_a_message_or_a_typed_error(message: bytes) -> None:
    try:
        name, _ = _BOX.start(message, "192.0.2.1", 0.0)
    except InvalidInput as error:
        assert error.code == "pairing.message"
    else:
        with pytest.raises(Denied):
            _BOX.confirm(name, bytes(32), 0.0)


_BOX = _exchanges()
#: Of order 1, 2, 4 and 8, and the identity in two encodings that are not its own.
_ODD_POINTS = (
    (1).to_bytes(32, "little"),
    (2**255 - 20).to_bytes(32, "little"),
    bytes(32),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    (2**255 - 19 + 1).to_bytes(32, "little"),
    (2**255 + 1).to_bytes(32, "little"),
)


@pytest.mark.parametrize("point", _ODD_POINTS)
def test_a_point_outside_the_group_is_refused(point: bytes) -> None:
    with pytest.raises(InvalidInput):
        _BOX.start(b"A" + point, "192.0.2.1", 0.0)

"""Tokens: issued, found, expired, revoked, kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Conflict, InvalidInput, NotFound, StorageError, TooLarge
from services.gatewayd.tokens import MAX_NAME, MAX_TOKENS, Scope, TokenStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_a_token_is_found_by_its_secret_alone(path: Path) -> None:
    store = TokenStore(path)
    secret, token = store.issue("tablet", ["talk"], now=100.0)
    assert store.find(secret) == token
    assert store.find(secret + "x") is None
    assert store.find(token.digest) is None


def test_the_secret_is_nowhere_on_the_disk(path: Path) -> None:
    secret, _ = TokenStore(path).issue("tablet", [], now=100.0)
    assert secret not in path.read_text()
    assert secret.removeprefix("sotto_") not in path.read_text()


def test_tokens_survive_a_restart(path: Path) -> None:
    secret, token = TokenStore(path).issue("tablet", ["control", "talk"], now=100.0, expires_s=50.0)
    again = TokenStore(path).find(secret)
    assert again == token
    assert again.expires == 150.0


def test_scopes_default_to_talk_and_control(path: Path) -> None:
    _, token = TokenStore(path).issue("tablet", [], now=0.0)
    assert token.scopes == {Scope.TALK, Scope.CONTROL}
    assert not token.may(Scope.ADMIN)


def test_admin_may_everything(path: Path) -> None:
    _, token = TokenStore(path).issue("owner", ["admin"], now=0.0)
    assert all(token.may(scope) for scope in Scope)


def test_a_token_holds_until_it_expires(path: Path) -> None:
    _, token = TokenStore(path).issue("guest", [], now=100.0, expires_s=10.0)
    assert token.holds(109.9)
    assert not token.holds(110.0)


def test_a_name_is_taken_until_its_token_expires(path: Path) -> None:
    store = TokenStore(path)
    store.issue("guest", [], now=100.0, expires_s=10.0)
    with pytest.raises(Conflict):
        store.issue("guest", [], now=105.0)
    store.issue("guest", [], now=111.0)
    assert [token.made for token in store.tokens] == [111.0]


def test_a_revoked_token_is_gone_for_good(path: Path) -> None:
    store = TokenStore(path)
    secret, _ = store.issue("tablet", [], now=0.0)
    store.revoke("tablet")
    assert store.find(secret) is None
    assert TokenStore(path).find(secret) is None
    with pytest.raises(NotFound):
        store.revoke("tablet")


def test_there_is_an_end_to_tokens(path: Path) -> None:
    store = TokenStore(path)
    for number in range(MAX_TOKENS):
        store.issue(f"n{number}", [], now=0.0)
    with pytest.raises(TooLarge):
        store.issue("one more", [], now=0.0)


@pytest.mark.parametrize("name", ["", "  ", "a" * (MAX_NAME + 1), "a\x00b", "a\x1b[2Jb"])
def test_names_are_printable_and_short(path: Path, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        TokenStore(path).issue(name, [], now=0.0)
    assert caught.value.code == "token.name"


def test_an_unknown_scope_is_named(path: Path) -> None:
    with pytest.raises(InvalidInput, match="root"):
        TokenStore(path).issue("tablet", ["talk", "root"], now=0.0)


@pytest.mark.parametrize("life", [-1.0, 1e12, float("nan"), float("inf")])
def test_a_life_is_a_length_of_time(path: Path, life: float) -> None:
    with pytest.raises(InvalidInput):
        TokenStore(path).issue("tablet", [], now=0.0, expires_s=life)


def test_what_cannot_be_saved_does_not_hold(path: Path) -> None:
    store = TokenStore(path)
    store.issue("first", [], now=0.0)
    path.unlink()
    path.mkdir()
    (path / "in the way").touch()
    with pytest.raises(StorageError):
        store.issue("tablet", [], now=0.0)
    with pytest.raises(StorageError):
        store.revoke("first")
    assert [token.name for token in store.tokens] == ["first"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "tokens": []}',
        '{"version": 1, "tokens": [{"name": "a"}]}',
        '{"version": 1, "tokens": [{"name": 1, "digest": "x", "scopes": [], "made": 0, "expires": 0}]}',
        '{"version": 1, "tokens": [{"name": "a", "digest": "", "scopes": ["x"], "made": 0, "expires": 0}]}',
    ],
)
def test_a_damaged_file_is_set_aside_and_lets_nobody_in(path: Path, content: str) -> None:
    path.write_text(content)
    assert TokenStore(path).tokens == []
    assert path.with_name("tokens.json.damaged").exists()


def test_a_damaged_file_costs_no_token_and_brings_no_revoked_one_back(path: Path) -> None:
    store = TokenStore(path)
    store.issue("kept", [], 0.0)
    store.issue("revoked", [], 0.0)
    store.revoke("revoked")
    path.write_text("{")
    assert [token.name for token in TokenStore(path).tokens] == ["kept"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12))
def test_the_file_says_what_the_store_says(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool]]
) -> None:
    path = tmp_path_factory.mktemp("tokens") / "tokens.json"
    store = TokenStore(path)
    names: set[str] = set()
    for name, add in steps:
        if add and name not in names:
            store.issue(name, [], now=float(len(names)))
            names.add(name)
        elif not add and name in names:
            store.revoke(name)
            names.discard(name)
    assert {token.name for token in TokenStore(path).tokens} == names
    if path.exists():
        assert {row["name"] for row in json.loads(path.read_text())["tokens"]} == names

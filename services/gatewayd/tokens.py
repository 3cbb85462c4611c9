"""Tokens of paired callers: named, scoped, stored hashed, revocable."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from common.errors import Conflict, InvalidInput, NotFound, TooLarge
from common.faults import Faults
from common.state_file import load_json, save_json

MAX_TOKENS = 100
MAX_NAME = 60
#: Ten years: longer is as good as for ever, and no time overflows.
MAX_LIFE_S = 10 * 365 * 86_400.0
_VERSION = 1
#: 256 random bits. So many cannot be guessed, so no slow hash is needed.
_SECRET_BYTES = 32
_PREFIX = "sotto_"


class Scope(StrEnum):
    """What a token allows."""

    #: Ask, listen, speak, read what was said.
    TALK = "talk"
    #: Devices and timers.
    CONTROL = "control"
    #: Have speech recognised with sentences of its own; for other boxes.
    RECOGNISE = "recognise"
    #: Everything, tokens of others too.
    ADMIN = "admin"


@dataclass(frozen=True)
class Token:
    """One paired caller.

    Attributes:
        name: unique; the caller is listed and revoked by it.
        scopes: what it may do.
        made, expires: seconds since the epoch; `expires` 0 for never.
        digest: SHA-256 of the secret, hexadecimal.
    """

    name: str
    scopes: frozenset[Scope]
    made: float
    expires: float = 0.0
    digest: str = ""

    def may(self, scope: Scope) -> bool:
        """Whether this caller may do that."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def holds(self, now: float) -> bool:
        """Whether it is valid at `now`."""
        return not self.expires or now < self.expires


class TokenStore:
    """All tokens, in one file that is replaced as a whole.

    Used from one thread.

    Args:
        path: the file. If it and its copy are damaged, all callers have to pair again.
        faults: is told if the tokens are lost.
    """

    def __init__(self, path: Path, faults: Faults | None = None) -> None:
        self._path = path
        self._open: list[tuple[str, Callable[[], object]]] = []
        restored = load_json(path, _restored, what="the tokens of paired programs", faults=faults)
        self._by_digest = {token.digest: token for token in restored or ()}

    @property
    def tokens(self) -> list[Token]:
        """All tokens, oldest first, expired ones too."""
        return sorted(self._by_digest.values(), key=lambda token: (token.made, token.name))

    def find(self, secret: str) -> Token | None:
        """The token that `secret` belongs to, expired or not."""
        return self._by_digest.get(_digest(secret))

    def issue(
        self, name: str, scopes: Iterable[str], now: float, expires_s: float = 0.0
    ) -> tuple[str, Token]:
        """Make a token; gives its secret, which is not stored, and the token.

        Args:
            name: of the caller; an expired token of this name is replaced.
            scopes: names of scopes; none for "talk" and "control".
            now: seconds since the epoch.
            expires_s: seconds until it expires; 0 for never.

        Raises:
            InvalidInput: the name, a scope or `expires_s` cannot be used.
            Conflict: the name is taken.
            TooLarge: there are too many.
            StorageError: it could not be saved, and is not valid.
        """
        name = _checked_name(name)
        granted = _checked_scopes(scopes)
        if not 0 <= expires_s <= MAX_LIFE_S:
            raise InvalidInput(
                f"a token cannot hold for {expires_s:g} s",
                hint=f"give 0 for ever, or at most {MAX_LIFE_S:.0f}",
                code="token.life",
            )
        kept = {digest: token for digest, token in self._by_digest.items() if token.holds(now)}
        if any(token.name == name for token in kept.values()):
            raise Conflict(
                f"something is paired as {name!r} already",
                hint=f"choose another name, or `sotto tokens revoke '{name}'` first",
                code="token.taken",
            )
        if len(kept) >= MAX_TOKENS:
            raise TooLarge(
                f"{MAX_TOKENS} callers are paired already", hint="revoke one", code="token.too-many"
            )
        secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        expires = now + expires_s if expires_s else 0.0
        token = Token(name, granted, now, expires, _digest(secret))
        self._save({**kept, token.digest: token})
        return secret, token

    def revoke(self, name: str) -> Token:
        """Revoke a token: its caller is refused from now on.

        Raises:
            NotFound: there is none of this name.
            StorageError: that could not be saved; the token is still valid.
        """
        found = next((token for token in self._by_digest.values() if token.name == name), None)
        if found is None:
            raise NotFound(
                f"nothing is paired as {name[:MAX_NAME]!r}",
                hint="`sotto tokens` lists what is",
                code="token.missing",
            )
        self._save({digest: token for digest, token in self._by_digest.items() if token is not found})
        for digest, end in tuple(self._open):
            if digest == found.digest:
                end()
        return found

    def is_revoked(self, token: Token) -> bool:
        """Whether a token that was found earlier has been revoked."""
        return bool(token.digest) and token.digest not in self._by_digest

    @contextmanager
    def open_for(self, token: Token, end: Callable[[], object]) -> Iterator[None]:
        """While the context lasts, call `end` if `token` is revoked."""
        entry = (token.digest, end)
        self._open.append(entry)
        try:
            yield
        finally:
            self._open.remove(entry)

    def _save(self, tokens: dict[str, Token]) -> None:
        rows = [{**asdict(token), "scopes": sorted(token.scopes)} for token in tokens.values()]
        save_json(self._path, {"version": _VERSION, "tokens": rows})
        self._by_digest = tokens


def _checked_name(name: str) -> str:
    line = " ".join(name.split())
    if not line or len(line) > MAX_NAME or not line.isprintable():
        raise InvalidInput(
            "a caller needs a name" if not line else f"{line[:MAX_NAME]!r} cannot be a caller's name",
            hint=f"give up to {MAX_NAME} printable characters, such as 'kitchen tablet'",
            code="token.name",
        )
    return line


def _checked_scopes(scopes: Iterable[str]) -> frozenset[Scope]:
    try:
        return frozenset(map(Scope, scopes)) or frozenset({Scope.TALK, Scope.CONTROL})
    except ValueError as error:
        raise InvalidInput(
            f"no scope of a token: {error}", hint=f"known: {', '.join(Scope)}", code="token.scope"
        ) from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _restored(content: Any) -> list[Token]:
    if content["version"] != _VERSION:
        raise ValueError(f"version {content['version']} is not {_VERSION}")
    tokens = []
    for row in content["tokens"][:MAX_TOKENS]:
        if not all(isinstance(row[key], str) for key in ("name", "digest")):
            raise ValueError("a token without a name or a digest")
        scopes = frozenset(map(Scope, row["scopes"]))
        token = Token(row["name"], scopes, float(row["made"]), float(row["expires"]))
        tokens.append(replace(token, digest=row["digest"]))
    return tokens

"""What a caller has open ends when its token is revoked, and not only when it calls again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

from assistant.errors import Unauthenticated
from services.gatewayd.tokens import Token, TokenStore
from services.gatewayd.upstream import many


@contextmanager
def until_revoked(store: TokenStore, caller: Token | None) -> Iterator[None]:
    """Break off what the current task does inside, as `asyncio.timeout` does, when the token is revoked.

    Args:
        store: the tokens.
        caller: whose token it is; None for what needs none.

    Raises:
        Unauthenticated: the token was revoked, before or meanwhile.
    """
    if caller is None:
        yield
        return
    if store.is_revoked(caller):
        raise _revoked(caller)
    task = asyncio.current_task()
    assert task is not None
    others = task.cancelling()
    broken_off = False

    def end() -> None:
        nonlocal broken_off
        broken_off = True
        task.cancel()

    with store.open_for(caller, end):
        try:
            yield
        except asyncio.CancelledError:
            # Whoever else has cancelled the task still wants its end.
            if not broken_off or task.uncancel() > others:
                raise
            raise _revoked(caller) from None


async def while_paired(store: TokenStore, caller: Token, call: Any) -> AsyncGenerator[Any, None]:
    """The answers of a call as `upstream.many` gives them, until the token is revoked.

    Raises:
        Unauthenticated: it was.
        services.status.RemoteError: as `many`.
    """
    try:
        async with aclosing(many(call)) as answers:
            while True:
                try:
                    with until_revoked(store, caller):
                        answer = await anext(answers)
                except StopAsyncIteration:
                    return
                yield answer
    finally:
        # `many` does not, where it was never asked for its first answer.
        call.cancel()


def _revoked(caller: Token) -> Unauthenticated:
    return Unauthenticated(
        f"the token of {caller.name!r} was revoked", hint="pair again", code="access.token"
    )

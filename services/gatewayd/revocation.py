"""Ends the open calls of a caller when its token is revoked or expires."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

from common.errors import Unauthenticated
from services.gatewayd.access import expired
from services.gatewayd.tokens import Token, TokenStore
from services.gatewayd.upstream import many


@contextmanager
def while_valid(store: TokenStore, caller: Token | None) -> Iterator[None]:
    """Cancel the block, as `asyncio.timeout` does, when the token is no longer valid.

    Args:
        store: the tokens.
        caller: the token; None for a call that needs none.

    Raises:
        Unauthenticated: the token was revoked or has expired, before or meanwhile.
    """
    if caller is None:
        yield
        return
    if store.is_revoked(caller):
        raise _revoked(caller)
    task = asyncio.current_task()
    assert task is not None
    others = task.cancelling()
    reason: Unauthenticated | None = None

    def end(why: Unauthenticated) -> None:
        nonlocal reason
        if reason is None:
            reason = why
            task.cancel()

    expiry: asyncio.TimerHandle | None = None
    if caller.expires:
        left_s = max(0.0, caller.expires - time.time())
        expiry = asyncio.get_running_loop().call_later(left_s, end, expired(caller))
    try:
        with store.open_for(caller, lambda: end(_revoked(caller))):
            yield
    except asyncio.CancelledError:
        # If something else has cancelled the task too, it must end.
        if reason is None or task.uncancel() > others:
            raise
        raise reason from None
    finally:
        if expiry is not None:
            expiry.cancel()


async def while_paired(store: TokenStore, caller: Token, call: Any) -> AsyncGenerator[Any, None]:
    """The answers of a call as `upstream.many` gives them, while the token is valid.

    Raises:
        Unauthenticated: it is not valid any more.
        services.wire.status.RemoteError: as `many`.
    """
    try:
        async with aclosing(many(call)) as answers:
            while True:
                try:
                    with while_valid(store, caller):
                        answer = await anext(answers)
                except StopAsyncIteration:
                    return
                yield answer
    finally:
        # `many` does not cancel it when its first answer was never asked for.
        call.cancel()


def _revoked(caller: Token) -> Unauthenticated:
    return Unauthenticated(
        f"the token of {caller.name!r} was revoked", hint="pair again", code="access.token"
    )

"""Who answers a program: the running daemon if there is one, else the library in this process.

`remote` and `local` are imported only when one of them is used, so that a command starts quickly: with a
daemon it loads no model runtime, without one no gRPC.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from common.errors import Conflict, Unavailable
from common.paths import socket_path
from services.client.store import StoreBackend

if TYPE_CHECKING:
    from services.client.backend import Backend
    from services.client.remote import RemoteBackend

#: Seconds to wait for an assistant that starts or stops, or for another command: they hold the state without
#: answering.
_WAIT_S = 15.0


def open_backend(
    config: Path | None = None,
    *,
    sentences: tuple[Path, ...] = (),
    builtin: bool = True,
    before_local: Callable[[], None] = lambda: None,
) -> Backend:
    """The daemon if it answers and its sentences are wanted, else the library in this process.

    Args:
        config: settings of this call only.
        sentences, builtin: sentences of this call only. A daemon has its own sentences and settings, so
            any of these means in-process, and a rehearsal while a daemon runs.
        before_local: called before an assistant is made in this process, which needs the models.

    Raises:
        Conflict: an assistant is running but does not answer.
    """
    own = bool(sentences) or not builtin or config is not None
    if not own and (remote := running_daemon()) is not None:
        return remote
    before_local()
    from services.client.local import LocalBackend

    give_up = perf_counter() + _WAIT_S
    while True:
        try:
            return LocalBackend(config, sentences, builtin, rehearse=own)
        except Conflict:
            # Another command holds the state for a moment, or a daemon holds it and has no socket yet.
            if (remote := running_daemon()) is not None:
                return remote
            if perf_counter() > give_up:
                raise


def open_store() -> Backend | StoreBackend:
    """The stored turns: from the daemon, or from the store without loading a model."""
    return running_daemon() or StoreBackend()


def open_daemon() -> RemoteBackend:
    """The running assistant, for what needs its loudspeaker or its hub.

    Raises:
        Unavailable: none is running.
    """
    if (remote := running_daemon()) is not None:
        return remote
    raise Unavailable(
        f"no assistant answers on {socket_path()}",
        hint="start one with `sotto run`, or see how its service is",
        code="daemon.absent",
    )


def running_daemon() -> RemoteBackend | None:
    """The running assistant; None if there is none.

    Raises:
        RemoteError: it is there, and does not answer.
    """
    if not socket_path().exists():
        return None
    from services.client.remote import RemoteBackend

    remote = RemoteBackend(socket_path())
    return remote if remote.answers() else None

"""Saying aloud that the box fell back to the version before."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import grpc

from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.updated.state import State, StateStore
from services.wire.status import from_rpc

log = logging.getLogger(__name__)

#: Seconds between tries, and how many: assistantd and its loudspeaker may come minutes after us.
_PAUSE_S, _TRIES = 15.0, 60
#: An emulated processor takes minutes for a sentence.
_SAYING_S = 300.0


def announce(socket: Path, text: str) -> bool:
    """Whether assistantd said `text` on its loudspeaker.

    The call is made here and not by `services.client.remote`, which would bring numpy into this daemon.
    """
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        try:
            request = pb.AnnounceRequest(text=text, chime=True)
            rpc.AssistantStub(channel).Announce(request, timeout=_SAYING_S)
        except grpc.RpcError as error:
            log.info("not said yet: %s", from_rpc(error))
            return False
    return True


def say_fallback(store: StateStore, say: Callable[[str], bool], stopping: threading.Event) -> None:
    """Say an unsaid fall back, once; tries until it is said, the daemon stops, or it is old news."""
    for _ in range(_TRIES):
        fallback = store.load().fallback
        if fallback is None or fallback.said:
            return
        if say(fallback.text):

            def said(state: State, spoken: str = fallback.text) -> State:
                if state.fallback is None or state.fallback.text != spoken:
                    return state
                return replace(state, fallback=replace(state.fallback, said=True))

            store.change(said)
            return
        if stopping.wait(_PAUSE_S):
            return

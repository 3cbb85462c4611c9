"""A hub's seat over the socket of the daemon: who gets it, and what is refused."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.bench.virtual_sound import until
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.status import from_rpc
from tests.services.conftest import Box

Request = pb.SatelliteRequest
ATTACH = Request(attach=pb.SatelliteAttach())


@pytest.fixture(scope="module")
def stub(box: Box) -> Iterator[rpc.AssistantStub]:
    with grpc.insecure_channel(f"unix:{box.socket}") as channel:
        yield rpc.AssistantStub(channel)


@contextmanager
def _seated(
    stub: rpc.AssistantStub,
) -> Iterator[tuple[Callable[[Request], None], Iterator[pb.SatelliteResponse]]]:
    """A hub in the seat: how to say something, and what it is told."""
    line: queue.Queue[Request | None] = queue.Queue()
    line.put(ATTACH)
    call: Any = stub.Satellite(iter(line.get, None))
    assert next(call).WhichOneof("payload") == "attached"
    try:
        yield lambda request: line.put(request), call
    finally:
        line.put(None)
        with suppress(grpc.RpcError):
            list(call)


def _code(call: Iterable[pb.SatelliteResponse]) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    return from_rpc(caught.value).code


def test_it_is_told_what_it_will_be_given(stub: rpc.AssistantStub) -> None:
    responses = list(stub.Satellite(iter([ATTACH])))
    assert responses[0].attached.takes == "everything"


@pytest.mark.parametrize("first", [[], [Request()], [Request(transcript="hello")]])
def test_whoever_does_not_attach_first_is_refused(stub: rpc.AssistantStub, first: list[Request]) -> None:
    assert _code(stub.Satellite(iter(first))) == "satellite.no-attach"


def test_a_second_hub_takes_the_seat(stub: rpc.AssistantStub) -> None:
    with _seated(stub) as (_, first), _seated(stub):
        assert _code(first) == "satellite.taken"


def test_a_muted_hub_leaves_the_seat_to_another_and_stays(stub: rpc.AssistantStub) -> None:
    with _seated(stub) as (say, told):
        say(Request(mute=pb.SatelliteMute(muted=True)))
        say(Request(sound_start=16_000))
        say(Request(sound_end=pb.SoundEnd()))
        assert next(told).WhichOneof("payload") == "played"
        with _seated(stub) as (_, other):
            say(Request(mute=pb.SatelliteMute(muted=False)))
            assert _code(other) == "satellite.taken"


def test_a_seat_is_free_again_when_its_hub_has_left(stub: rpc.AssistantStub) -> None:
    for _ in range(5):
        with _seated(stub):
            pass


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (Request(), "satellite.message"),
        (ATTACH, "satellite.message"),
        (Request(sound_start=1), "audio.rate"),
        (Request(sound=bytes(2_000_000)), "audio.message"),
        (Request(timer=pb.HubTimer(what="melted", id="x")), "satellite.timer"),
    ],
)
def test_a_message_that_cannot_be_used_ends_it(stub: rpc.AssistantStub, wrong: Request, code: str) -> None:
    with _seated(stub) as (say, told):
        say(wrong)
        assert _code(told) == code


def test_sounds_that_are_more_than_can_wait_are_told_of_at_once(stub: rpc.AssistantStub) -> None:
    with _seated(stub) as (say, told):
        for _ in range(10):
            say(Request(sound_start=16_000))
            say(Request(sound=bytes(16_000)))
            say(Request(sound_end=pb.SoundEnd()))
        played = [next(told).played.whole for _ in range(10)]
    assert not all(played)


_WORDS = st.text(max_size=2000)
_MESSAGES = st.one_of(
    st.builds(lambda text: Request(transcript=text), _WORDS),
    st.builds(lambda text: Request(reply=text), _WORDS),
    st.builds(lambda code, text: Request(error=pb.HubError(code=code, text=text)), _WORDS, _WORDS),
    st.builds(lambda rate: Request(sound_start=rate), st.sampled_from([0, 8_000, 22_050, 48_000, 2**31])),
    st.builds(lambda data: Request(sound=data), st.binary(max_size=5000)),
    st.just(Request(sound_end=pb.SoundEnd())),
    st.just(Request(heard_enough=pb.HeardEnough())),
    st.builds(lambda muted: Request(mute=pb.SatelliteMute(muted=muted)), st.booleans()),
    st.builds(
        lambda what, key, length: Request(timer=pb.HubTimer(what=what, id=key, length_s=length)),
        st.sampled_from(["started", "updated", "cancelled"]),
        _WORDS,
        st.floats(),
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_MESSAGES, max_size=12))
def test_no_sequence_of_messages_does_harm(stub: rpc.AssistantStub, messages: list[Request]) -> None:
    with suppress(grpc.RpcError):
        list(stub.Satellite(iter([ATTACH, *messages])))
    assert until(lambda: bool(list(stub.Ask(pb.AskRequest(query="what day is it")))), 5)

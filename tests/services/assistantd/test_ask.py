"""A typed sentence: its events come while it is answered, and its turn is stored whoever still listens.

The devices are those of a hub whose part the test plays, so that a turn lasts as long as the test wants.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc
import pytest

from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.assistantd.test_attach import HOME, UP, Attached
from tests.services.conftest import Box

QUERY = pb.AskRequest(query="turn on the wall lamp")


@pytest.fixture
def stub(hub_box: Box) -> Iterator[rpc.AssistantStub]:
    with grpc.insecure_channel(f"unix:{hub_box.socket}") as channel:
        yield rpc.AssistantStub(channel)


@pytest.fixture
def hub(stub: rpc.AssistantStub) -> Iterator[Attached]:
    with Attached(stub, HOME, UP) as attached:
        while not stub.HomeStatus(pb.HomeStatusRequest()).link.up:
            threading.Event().wait(0.05)
        yield attached
    while stub.HomeStatus(pb.HomeStatusRequest()).kind:
        threading.Event().wait(0.05)


def _newest(stub: rpc.AssistantStub) -> pb.Turn | None:
    turns = stub.Turns(pb.TurnsRequest(limit=1)).turns
    return turns[0] if turns else None


def test_what_was_decided_comes_before_the_lamp_has_obeyed(stub: rpc.AssistantStub, hub: Attached) -> None:
    answers = stub.Ask(QUERY)
    first = next(iter(answers))
    assert (first.event.kind, first.event.data["intent"]) == ("decided", "HassTurnOn")
    # The turn waits for this command, and for nothing else.
    command = next(iter(hub.commands))
    hub.send(pb.HomeReport(result=pb.CommandResult(id=command.id)))
    rest = list(answers)
    assert [answer.event.kind for answer in rest[:-1]] == ["acted", "reply", "turn"]
    assert rest[-1].turn.id == first.event.turn_id


def test_a_caller_that_leaves_in_the_middle_does_not_lose_the_turn(
    stub: rpc.AssistantStub, hub: Attached
) -> None:
    answers = stub.Ask(QUERY)
    decided = next(iter(answers)).event
    command = next(iter(hub.commands))
    answers.cancel()  # type: ignore[no-untyped-call]
    stored = _newest(stub)
    assert stored is None or stored.id != decided.turn_id
    hub.send(pb.HomeReport(result=pb.CommandResult(id=command.id)))
    while (stored := _newest(stub)) is None or stored.id != decided.turn_id:
        threading.Event().wait(0.05)
    assert stored.accepted
    assert "lamp" in stored.reply


def test_a_caller_that_reads_nothing_holds_nobody_up(stub: rpc.AssistantStub, hub: Attached) -> None:
    before = _newest(stub)
    unread = stub.Ask(QUERY)
    command = next(iter(hub.commands))
    hub.send(pb.HomeReport(result=pb.CommandResult(id=command.id)))
    while (stored := _newest(stub)) is None or stored == before:
        threading.Event().wait(0.05)
    *_, last = stub.Ask(pb.AskRequest(query="what time is it"))
    assert last.turn.accepted
    *_, last = unread
    assert last.turn.accepted

"""The connector's call, as a connector of the test makes it."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from assistant.audio.format import SAMPLE_RATE, Samples
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.status import from_rpc
from tests.hearsay import plain
from tests.services.conftest import Box

HELLO = pb.HomeReport(hello=pb.HomeHello(kind="mqtt", address="test"))
ROBOT = pb.Device(domain="robot")
FLYING = pb.Device(domain="light", commands=["fly"])
LAMP = pb.Device(id="light.lamp", name="wall lamp", domain="light", commands=["turn_on", "turn_off"])
HOME = pb.HomeReport(description=pb.HomeDescription(unit="celsius", devices=[LAMP]))
UP = pb.HomeReport(link=pb.HubLink(up=True))


@pytest.fixture
def stub(hub_box: Box) -> Iterator[rpc.AssistantStub]:
    with grpc.insecure_channel(f"unix:{hub_box.socket}") as channel:
        yield rpc.AssistantStub(channel)


class Attached:
    """A call that stays open."""

    def __init__(self, stub: rpc.AssistantStub, *reports: pb.HomeReport) -> None:
        self._out: queue.Queue[pb.HomeReport | None] = queue.Queue()
        for report in (HELLO, *reports):
            self._out.put(report)
        self.commands = stub.AttachHome(iter(self._out.get, None))
        self.commands.initial_metadata()

    def send(self, report: pb.HomeReport) -> None:
        self._out.put(report)

    def error(self) -> str:
        """What the assistant ends the call with."""
        with pytest.raises(grpc.RpcError) as caught:
            list(self.commands)
        return from_rpc(caught.value).code

    def __enter__(self) -> Attached:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.put(None)
        self.commands.cancel()  # type: ignore[no-untyped-call]


def _gone(stub: rpc.AssistantStub) -> None:
    while stub.HomeStatus(pb.HomeStatusRequest()).kind:
        threading.Event().wait(0.05)


def test_a_command_goes_out_and_its_result_comes_back(stub: rpc.AssistantStub) -> None:
    with Attached(stub, HOME, UP) as attached:

        def serve() -> None:
            for command in attached.commands:
                attached.send(pb.HomeReport(result=pb.CommandResult(id=command.id)))
                got.append(command.act.command)

        got: list[str] = []
        thread = threading.Thread(target=lambda: _quietly(serve), daemon=True)
        thread.start()
        while not stub.HomeStatus(pb.HomeStatusRequest()).link.up:
            threading.Event().wait(0.05)
        answer = stub.Act(pb.ActRequest(device_id="light.lamp", command="turn_on"))
        assert (got, answer.state["on"]) == (["turn_on"], True)
    _gone(stub)


def test_a_lamp_is_heard_as_soon_as_it_is_listed(
    stub: rpc.AssistantStub, say: Callable[..., Samples]
) -> None:
    # Without the grammar's help this recording is heard as "turn on the reading lamb".
    audio = say("turn on the reading lamp").tobytes()
    with _listed(stub, "reading lamp"):
        heard = stub.Transcribe(pb.TranscribeRequest(audio=audio, sample_rate=SAMPLE_RATE))
    assert plain(heard.text) == "turn on the reading lamp"
    _gone(stub)


def test_a_lamp_is_understood_in_writing_as_soon_as_it_is_listed(stub: rpc.AssistantStub) -> None:
    with _listed(stub, "standing lamp"):
        *_, last = stub.Ask(pb.AskRequest(query="turn on the standing lamp"))
    assert last.turn.accepted
    _gone(stub)


@contextlib.contextmanager
def _listed(stub: rpc.AssistantStub, name: str) -> Iterator[None]:
    """A home with one lamp; begins when the assistant tells of it, and not when the lamp can be commanded."""
    lamp = pb.Device(id="light.lamp", name=name, domain="light", commands=["turn_on", "turn_off"])
    with Attached(stub, pb.HomeReport(description=pb.HomeDescription(unit="celsius", devices=[lamp]))):
        while [it.name for it in stub.DescribeHome(pb.DescribeHomeRequest()).devices] != [name]:
            threading.Event().wait(0.01)
        yield


def _quietly(work: Callable[[], None]) -> None:
    with contextlib.suppress(grpc.RpcError):
        work()


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (pb.HomeReport(), "hub.report"),
        (HELLO, "hub.report"),
        (pb.HomeReport(description=pb.HomeDescription(devices=[ROBOT])), "home.device"),
        (
            pb.HomeReport(description=pb.HomeDescription(devices=[FLYING])),
            "home.device",
        ),
    ],
)
def test_a_report_that_cannot_be_used_ends_the_call(
    stub: rpc.AssistantStub, report: pb.HomeReport, code: str
) -> None:
    with Attached(stub, report) as attached:
        assert attached.error() == code
    _gone(stub)


def test_a_state_that_none_can_be_in_ends_the_call(stub: rpc.AssistantStub) -> None:
    state = pb.DeviceState(id="light.lamp")
    state.state.update({"brightness": 700})
    with Attached(stub, HOME, pb.HomeReport(states=pb.DeviceStates(devices=[state]))) as attached:
        assert attached.error() == "home.state"
    _gone(stub)


def test_who_does_not_say_hello_is_not_attached(stub: rpc.AssistantStub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.AttachHome(iter([UP])))
    assert from_rpc(caught.value).code == "hub.no-hello"


def test_one_connector_at_a_time(stub: rpc.AssistantStub) -> None:
    with Attached(stub, HOME, UP):
        with pytest.raises(grpc.RpcError) as caught:
            list(stub.AttachHome(iter([HELLO])))
        assert from_rpc(caught.value).code == "hub.attached"
    _gone(stub)


def test_the_last_known_home_is_understood_after_a_restart(own_box: Box, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "connector.toml").touch()
    own_box.start()
    with grpc.insecure_channel(f"unix:{own_box.socket}") as channel:
        with Attached(rpc.AssistantStub(channel), HOME, UP):
            while rpc.AssistantStub(channel).HomeStatus(pb.HomeStatusRequest()).devices != 1:
                threading.Event().wait(0.05)
    own_box.stop()
    own_box.start()
    assert own_box.run("ask", "turn on the wall lamp").stdout == "Sorry, the hub is away.\n"
    told = own_box.run("home").stdout
    assert "no connector is attached" in told
    assert "1 device in 0 areas, as last known" in told


def test_an_assistant_with_a_home_of_its_own_takes_no_hub(box: Box) -> None:
    with grpc.insecure_channel(f"unix:{box.socket}") as channel:
        with pytest.raises(grpc.RpcError) as caught:
            list(rpc.AssistantStub(channel).AttachHome(iter([HELLO])))
    assert from_rpc(caught.value).code == "hub.none"
    assert "from home.toml or the sample" in box.run("home").stdout

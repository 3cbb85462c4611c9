from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.home.attachment import MAX_PENDING, Attachment
from assistant.home.executor import Action, Command
from assistant.home.hub import HubHome
from assistant.home.model import Device, DeviceState, Domain, Feature, Home
from common.errors import Conflict, HomeError, Unavailable

LAMP = Device("light.lamp", "lamp", Domain.LIGHT, features=frozenset({Feature.BRIGHTNESS}))
HOME = Home(devices=(LAMP,))
ON = Action("light.lamp", Command.TURN_ON)


def attached(hub: HubHome) -> Attachment:
    attachment = hub.attach("mqtt", "broker")
    attachment.describe(HOME)
    attachment.report({"light.lamp": DeviceState(on=False)})
    attachment.link(up=True)
    return attachment


def answering(attachment: Attachment, answer: Callable[[int], None]) -> threading.Thread:
    def work() -> None:
        for order in attachment.orders():
            answer(order.id)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def hub(tmp_path: Path) -> HubHome:
    return HubHome(tmp_path / "hub-home.json", answer_s=2.0)


def test_without_a_connector_the_last_home_is_known_and_the_hub_is_away(hub: HubHome, tmp_path: Path) -> None:
    attached(hub).close()
    again = HubHome(tmp_path / "hub-home.json")
    assert again.home == HOME
    with pytest.raises(Unavailable, match="the hub is away"):
        again.act(ON)


def test_a_damaged_memory_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "hub-home.json").write_text('{"version": 1, "devices": 7}')
    assert HubHome(tmp_path / "hub-home.json").home == Home()
    assert (tmp_path / "hub-home.json.damaged").exists()


def test_a_command_ends_when_the_hub_has_carried_it_out(hub: HubHome) -> None:
    attachment = attached(hub)
    answering(attachment, lambda id_: attachment.answer(id_, None))
    hub.act(ON)
    assert hub.state("light.lamp").on is True


def test_what_a_device_reports_counts_more_than_what_was_expected(hub: HubHome) -> None:
    attachment = attached(hub)

    def answer(id_: int) -> None:
        attachment.report({"light.lamp": DeviceState(on=True, brightness=40)})
        attachment.answer(id_, None)

    answering(attachment, answer)
    hub.act(Action("light.lamp", Command.SET_BRIGHTNESS, 50))
    assert hub.state("light.lamp").brightness == 40


def test_what_the_hub_refuses_is_an_error_to_be_spoken(hub: HubHome) -> None:
    attachment = attached(hub)
    answering(attachment, lambda id_: attachment.answer(id_, HomeError("the hub refused that")))
    with pytest.raises(HomeError, match="the hub refused that"):
        hub.act(ON)
    assert hub.state("light.lamp").on is False


def test_a_hub_that_does_not_answer_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    hub = HubHome(tmp_path / "h.json", answer_s=0.05)
    attached(hub)
    with pytest.raises(Unavailable, match="does not answer"):
        hub.act(ON)


def test_a_hub_that_goes_away_in_the_middle_of_a_command_ends_it_at_once(tmp_path: Path) -> None:
    hub = HubHome(tmp_path / "h.json", answer_s=60)
    attachment = attached(hub)
    answering(attachment, lambda _: attachment.link(up=False, problem="it closed the connection"))
    with pytest.raises(Unavailable, match="the hub is away"):
        hub.act(ON)


def test_a_connector_that_goes_away_in_the_middle_of_a_command_ends_it_at_once(tmp_path: Path) -> None:
    hub = HubHome(tmp_path / "h.json", answer_s=60)
    attachment = attached(hub)
    answering(attachment, lambda _: attachment.close())
    with pytest.raises(Unavailable, match="the hub is away"):
        hub.act(ON)


def test_a_second_connector_is_refused(hub: HubHome) -> None:
    first = attached(hub)
    with pytest.raises(Conflict, match="broker is attached already"):
        hub.attach("mqtt", "another")
    first.close()
    attached(hub)


def test_what_a_closed_connector_tells_counts_for_nothing(hub: HubHome) -> None:
    old = attached(hub)
    old.close()
    attached(hub)
    old.describe(Home())
    old.report({"light.lamp": DeviceState(on=True)})
    old.link(up=False, problem="late")
    assert (hub.home, hub.status.up, hub.state("light.lamp").on) == (HOME, True, False)


def test_no_state_is_told_while_the_hub_is_away(hub: HubHome) -> None:
    attachment = attached(hub)
    attachment.link(up=False, problem="gone")
    with pytest.raises(Unavailable, match="the hub is away"):
        hub.state("light.lamp")
    attachment.link(up=True)
    assert hub.state("light.lamp") == DeviceState()


def test_a_device_that_the_hub_does_not_reach_is_not_commanded(hub: HubHome) -> None:
    attachment = attached(hub)
    attachment.report({}, frozenset({"light.lamp"}))
    with pytest.raises(Unavailable, match="the lamp cannot be reached"):
        hub.act(ON)
    assert hub.state("light.lamp") == DeviceState()


def test_what_a_device_cannot_do_never_reaches_the_hub(hub: HubHome) -> None:
    attached(hub)
    with pytest.raises(HomeError, match="cannot set color"):
        hub.act(Action("light.lamp", Command.SET_COLOR, "red"))


def test_commands_that_pile_up_are_refused(tmp_path: Path) -> None:
    hub = HubHome(tmp_path / "h.json", answer_s=60)
    attachment = attached(hub)
    failures: list[Exception] = []

    def act() -> None:
        try:
            hub.act(ON)
        except Unavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=act) for _ in range(MAX_PENDING + 1)]
    for thread in threads:
        thread.start()
    while not failures:
        threading.Event().wait(0.01)
    assert "does not keep up" in str(failures[0])
    attachment.close()
    for thread in threads:
        thread.join(5)


def test_listeners_hear_of_another_home_and_of_nothing_else(hub: HubHome) -> None:
    heard: list[int] = []
    hub.listen(lambda: heard.append(len(hub.home.devices)))
    attachment = attached(hub)
    attachment.describe(HOME)
    attachment.describe(Home())
    assert heard == [1, 0]

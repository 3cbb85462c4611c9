"""The health check against a real assistant, and against none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

import pytest

from common.programs import Finished
from services.updated.announce import announce
from services.updated.health_check import UNITS, HealthCheck, HealthCheckSettings
from services.updated.judge import Verdict
from services.updated.places import Places
from services.updated.runner import Programs
from services.updated.state import GoodBoot, RolledBack, State
from services.updated.voice import try_voice
from tests.services.conftest import Box
from tests.services.updated.world import NOW, World

pytestmark = pytest.mark.slow


@dataclass
class Systemd(Programs):
    """A systemctl that lists units in these states."""

    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(UNITS, "active"))

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """list-units."""
        assert list(command[:2]) == ["systemctl", "list-units"]
        units = [{"unit": unit, "active": state, "sub": state} for unit, state in self.states.items()]
        return Finished(0, json.dumps(units), "")


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """An assistant, shared by the tests of this module."""
    box = Box(tmp_path_factory.mktemp("assistant"))
    box.start()
    yield box
    box.stop()


@pytest.fixture
def talking(world: World, assistant: Box) -> World:
    """The box with the assistant's socket in its place."""
    world.places.assistant_socket.parent.mkdir(parents=True)
    world.places.assistant_socket.symlink_to(assistant.socket)
    return world


def _gate(
    world: World, systemd: Systemd | None = None, timeout_s: float = 60.0, factor: float = 1.2
) -> Verdict:
    settings = HealthCheckSettings(timeout_s=timeout_s, factor=factor)
    gate = HealthCheck(
        world.places, world.machine(), systemd or Systemd(), settings, clock=lambda: NOW, wait=lambda _s: None
    )
    return gate.run()


def _state(world: World) -> State:
    return world.updater().store.load()


def _on_trial(places: Places) -> None:
    (places.kernels / "sotto_1.efi").rename(places.kernels / "sotto_1+2-1.efi")


def test_a_good_boot_passes_and_its_figures_are_kept(talking: World) -> None:
    assert _gate(talking) == Verdict(())
    state = _state(talking)
    assert state.good is not None and state.good.version == "1"
    assert 0 < state.good.compute_ms["Test CPU"] < 60_000
    assert state.good.cards == ("Loopback (Loopback)",)
    assert state.good.intents == {
        "What time is it?": "HassGetCurrentTime",
        "What day is it?": "HassGetCurrentDate",
    }
    assert state.boot is not None and not state.boot.on_trial and state.trial is None


def test_a_version_that_is_proven_is_not_spoken_to_again(talking: World) -> None:
    intents = {"What time is it?": "OwnersClock"}
    good = GoodBoot("1", {"Test CPU": 0.001}, ("Loopback (Loopback)",), intents, 0.0)
    talking.updater().store.change(lambda _state: State(good=good))
    # No answer takes a thousandth of a millisecond: it would fail, were it timed.
    assert _gate(talking).passed
    assert _state(talking).good == replace(good, at=NOW)


def test_on_another_processor_it_is_spoken_to(talking: World) -> None:
    good = GoodBoot("1", {"Another CPU": 0.001}, (), {}, 0.0)
    talking.updater().store.change(lambda _state: State(good=good))
    assert _gate(talking).passed
    kept = _state(talking).good
    assert kept is not None and set(kept.compute_ms) == {"Another CPU", "Test CPU"}


def test_a_proven_version_whose_assistant_is_silent_fails(world: World) -> None:
    good = GoodBoot("1", {"Test CPU": 1.0}, (), {}, 0.0)
    world.updater().store.change(lambda _state: State(good=good))
    (reason,) = _gate(world, timeout_s=1.0).reasons
    assert reason.startswith("the assistant does not answer")


def test_a_trial_that_passes_is_recorded(talking: World) -> None:
    _on_trial(talking.places)
    assert _gate(talking).passed
    state = _state(talking)
    assert state.trial is not None and state.trial.passed


def test_a_slow_answer_fails_a_trial_and_leaves_the_good_figures(talking: World) -> None:
    _on_trial(talking.places)
    good = GoodBoot("0", {"Test CPU": 0.001}, (), {}, 0.0)
    talking.updater().store.change(lambda _state: State(good=good))
    verdict = _gate(talking)
    assert len(verdict.reasons) == 1 and "ms" in verdict.reasons[0]
    state = _state(talking)
    assert state.good == good
    assert state.trial is not None and state.trial.reasons == verdict.reasons


def test_a_failed_unit_fails_the_boot(talking: World) -> None:
    systemd = Systemd()
    systemd.states["nftables.service"] = "failed"
    assert _gate(talking, systemd).reasons == ("nftables.service failed",)


def test_a_sound_device_that_is_gone_fails_the_boot(talking: World) -> None:
    good = GoodBoot("1", {}, ("Loopback (Loopback)", "Device (USB-Audio)"), {}, 0.0)
    talking.updater().store.change(lambda _state: State(good=good))
    assert _gate(talking).reasons == ("the sound device Device (USB-Audio) is gone",)


def test_a_sound_device_that_was_unplugged_is_missed_once_whatever_else_is_wrong(world: World) -> None:
    good = GoodBoot("1", {"Test CPU": 1.0}, ("Device (USB-Audio)",), {}, 0.0)
    world.updater().store.change(lambda _state: State(good=good))
    first, second = (_gate(world, timeout_s=1.0).reasons for _ in range(2))
    assert set(first) - set(second) == {"the sound device Device (USB-Audio) is gone"}
    assert _state(world).good == replace(good, cards=("Loopback (Loopback)",))


def test_a_trial_does_not_get_used_to_a_sound_device_that_is_gone(world: World) -> None:
    _on_trial(world.places)
    good = GoodBoot("0", {}, ("Device (USB-Audio)",), {}, 0.0)
    world.updater().store.change(lambda _state: State(good=good))
    _gate(world, timeout_s=1.0)
    assert _state(world).good == good


def test_a_version_that_was_rolled_back_meanwhile_fails(talking: World) -> None:
    talking.updater().store.change(lambda s: replace(s, rolled_back=(RolledBack("1", "owner", 0.0),)))
    assert _gate(talking).reasons == ("version 1 was rolled back",)


def test_lost_timers_fail_a_trial(talking: World) -> None:
    _on_trial(talking.places)
    talking.places.assistant.mkdir(parents=True)
    timers = talking.places.assistant / "timers.json"
    timers.write_text(json.dumps({"timers": [{"id": 1, "ends_at": NOW + 500}]}))
    talking.updater().remember_household()
    timers.unlink()
    assert _gate(talking).reasons == ("1 of the timers are gone",)
    assert _state(talking).household is None


def test_a_sentence_that_is_lost_decides_and_the_others_are_not_said(assistant: Box) -> None:
    sentences = (("Zxqv brrt wsch.", "Nothing"), ("What day is it?", "HassGetCurrentDate"))
    result = try_voice(assistant.socket, monotonic() + 60, None, sentences)
    assert [(heard.sentence, heard.right) for heard in result.heard] == [(sentences[0][0], False)]
    assert result.compute_ms is None


def test_a_question_that_is_heard_and_not_understood_is_told_as_such(assistant: Box) -> None:
    result = try_voice(assistant.socket, monotonic() + 60, None, (("What day is it?", "HassTurnOff"),))
    assert [(heard.right, heard.intent) for heard in result.heard] == [(True, "HassGetCurrentDate")]


def test_no_assistant_fails_the_boot_within_the_time(world: World) -> None:
    verdict = _gate(world, timeout_s=1.0)
    assert len(verdict.reasons) == 1 and "does not answer" in verdict.reasons[0]


def test_no_systemd_fails_the_boot(talking: World) -> None:
    class Absent(Systemd):
        def run(self, command: Sequence[str], timeout_s: float) -> Finished:
            return Finished(1, "", "Failed to connect to bus\n")

    assert _gate(talking, Absent()).reasons == ("the services cannot be looked at: Failed to connect to bus",)


def test_a_box_without_a_loudspeaker_or_assistant_has_not_said_it(assistant: Box, tmp_path: Path) -> None:
    assert not announce(assistant.socket, "Version 3 did not pass.")
    assert not announce(tmp_path / "absent.sock", "Version 3 did not pass.")

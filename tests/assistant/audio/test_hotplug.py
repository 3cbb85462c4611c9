from __future__ import annotations

import threading
from pathlib import Path

import pytest

from assistant.audio.hotplug import Hotplug

UEVENT = Path("/sys/class/mem/null/uevent")


def test_an_event_of_the_kernel_is_reported() -> None:
    """The kernel repeats an event of /dev/null on request; it stands for a sound card."""
    arrived = threading.Event()
    seen: list[tuple[str, str]] = []

    def on_change(action: str, name: str) -> None:
        seen.append((action, name))
        arrived.set()

    watch = Hotplug(on_change, subsystems=("mem",))
    try:
        if not watch.watching:
            pytest.skip(watch.reason)
        try:
            UEVENT.write_text("change")
        except OSError as error:
            pytest.skip(f"no event can be made here: {error}")
        if not arrived.wait(10):
            pytest.skip("this kernel gives its events to another network namespace")
    finally:
        watch.stop()
    assert seen == [("change", "null")]
    assert not watch.watching


def test_it_may_be_stopped_twice() -> None:
    watch = Hotplug(lambda _action, _name: None)
    watch.stop()
    watch.stop()
    assert not watch.watching
    assert watch.reason == "" or "not noticed" in watch.reason


def test_without_udev_it_stays_quiet_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_subsystems: object) -> object:
        raise ImportError("No module named 'pyudev'")

    monkeypatch.setattr("assistant.audio.hotplug._monitor", missing)
    watch = Hotplug(lambda _action, _name: None)
    assert not watch.watching
    assert "pyudev" in watch.reason

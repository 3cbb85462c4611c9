"""The unit files: the one puts back what the other one leaves, and the bus and polkit know them."""

from __future__ import annotations

from xml.etree import ElementTree

from services.powerd import access, interfaces
from services.powerd.daemon import TICK_S
from tests.conftest import REPOSITORY

ROOTFS = REPOSITORY / "rootfs/usr"
UNITS = ROOTFS / "lib/systemd/system"


def test_a_powerd_that_dies_is_followed_by_the_unit_that_restores() -> None:
    lines = (UNITS / "sotto-powerd.service").read_text("utf-8").splitlines()
    assert "OnFailure=sotto-power-restore.service" in lines
    assert "RuntimeDirectoryPreserve=yes" in lines
    watchdog = next(line for line in lines if line.startswith("WatchdogSec="))
    assert int(watchdog.removeprefix("WatchdogSec=").removesuffix("s")) > 2 * TICK_S


def test_the_bus_lets_root_own_every_name_and_nobody_else() -> None:
    policy = ElementTree.parse(ROOTFS / "share/dbus-1/system.d/org.sotto.Power1.conf")
    owned = {
        (rule.get("user"), allow.get("own"))
        for rule in policy.iter("policy")
        for allow in rule.iter("allow")
        if allow.get("own")
    }
    assert owned == {("root", name) for name in interfaces.NAMES}


def test_polkit_knows_every_action_that_is_asked_for() -> None:
    actions = ElementTree.parse(ROOTFS / "share/polkit-1/actions/org.sotto.Power1.policy")
    known = {action.get("id") for action in actions.iter("action")}
    assert known == {access.SWITCH, access.HOLD, access.PHASE}

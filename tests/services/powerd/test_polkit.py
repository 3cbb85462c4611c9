"""A real polkitd on the private bus answers for callers without root: who may switch, hold, report.

polkitd reads actions and rules from fixed folders, so it runs in a mount namespace where ours lie there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.power.machine import CPU, big_little, get
from tests.services.powerd.conftest import World, until

_POLKITD = Path("/usr/lib/polkit-1/polkitd")
_ACTIONS = REPOSITORY / "rootfs/usr/share/polkit-1/actions"
#: Users that every Debian has: the assistant's here, one whom a rule of the owner trusts, and a stranger.
ASSISTANT, TRUSTED, STRANGER = "daemon", "games", "nobody"
_RULE = f"""polkit.addRule(function(action, subject) {{
    if (action.id.indexOf("org.freedesktop.UPower.PowerProfiles.") == 0 && subject.user == "{TRUSTED}")
        return polkit.Result.YES;
}});
"""
FLOOR = f"{CPU}/cpufreq/policy2/scaling_min_freq"
UPOWER = "org.freedesktop.UPower.PowerProfiles"
UPOWER_PATH = "/org/freedesktop/UPower/PowerProfiles"


@pytest.fixture
def guarded() -> Iterator[World]:
    """A bus with polkitd and powerd, in a folder that other users can reach."""
    if os.geteuid() != 0:
        pytest.skip("only root can call as somebody else")
    for program in ("dbus-daemon", "dbus-send", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (packages dbus, util-linux)")
    if not _POLKITD.exists():
        pytest.skip("polkitd is not installed (package polkitd)")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, timeout=30).returncode != 0:
        pytest.skip("no mount namespaces here")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        world = World(folder)
        big_little(world.root)
        try:
            world.start_bus()
            _start_polkit(world)
            world.start("--user", ASSISTANT)
            yield world
        finally:
            world.close()


def _start_polkit(world: World) -> None:
    rules = world.folder / "rules"
    rules.mkdir()
    (rules / "10-owner.rules").write_text(_RULE)
    script = (
        "mount --make-rprivate / && mount --bind $1 /usr/share/polkit-1/actions && "
        "mount --bind $2 /etc/polkit-1/rules.d && exec $3 --no-debug"
    )
    places = [str(_ACTIONS), str(rules), str(_POLKITD)]
    command = ["unshare", "--mount", "sh", "-c", script, "sh", *places]
    process = subprocess.Popen(command, env=world.environment, stderr=subprocess.DEVNULL)
    world.processes.append(process)
    until(lambda: process.poll() is not None or world.owned("org.freedesktop.PolicyKit1"), "polkitd is ready")
    if process.poll() is not None:
        pytest.skip("polkitd does not start in a mount namespace here")


def switch(world: World, profile: str, user: str) -> str:
    return world.send(
        UPOWER,
        UPOWER_PATH,
        "org.freedesktop.DBus.Properties.Set",
        f"string:{UPOWER}",
        "string:ActiveProfile",
        f"variant:string:{profile}",
        user=user,
    )


def hold(world: World, user: str) -> str:
    words = ("string:performance", "string:a test", "string:test")
    return world.send(UPOWER, UPOWER_PATH, f"{UPOWER}.HoldProfile", *words, user=user)


@pytest.mark.parametrize("user", [STRANGER, ASSISTANT])
def test_whom_no_rule_trusts_cannot_switch_the_profile(guarded: World, user: str) -> None:
    assert "AccessDenied" in switch(guarded, "performance", user)
    assert "balanced" in guarded.get("ActiveProfile")


def test_whom_no_rule_trusts_cannot_hold_a_profile(guarded: World) -> None:
    assert "AccessDenied" in hold(guarded, STRANGER)
    assert guarded.state()["profile"] == "balanced"


def test_whom_a_rule_of_the_owner_trusts_switches_and_holds(guarded: World) -> None:
    assert "method return" in switch(guarded, "performance", TRUSTED)
    assert "performance" in guarded.get("ActiveProfile")
    assert "uint32" in hold(guarded, TRUSTED)


def test_an_administrator_who_is_root_switches_without_asking_anybody(guarded: World) -> None:
    assert "method return" in switch(guarded, "power-saver", "root")
    assert "power-saver" in guarded.get("ActiveProfile")


def test_the_assistants_user_reports_phases_and_nobody_else_does(guarded: World) -> None:
    for user in (STRANGER, TRUSTED):
        assert "AccessDenied" in guarded.phase("speech", user)
        assert get(guarded.root, FLOOR) == "600000"
    assert "method return" in guarded.phase("speech", ASSISTANT)
    assert get(guarded.root, FLOOR) == "2400000"


def test_reading_is_free_for_everybody(guarded: World) -> None:
    own = ("org.sotto.Power1", "/org/sotto/Power1", "org.sotto.Power1.Explain")
    assert "nobody speaks" in guarded.send(*own, user=STRANGER)

"""What powerd offers on the bus, by name."""

from __future__ import annotations

import json
from typing import Protocol

from dbus_next.message import Message
from dbus_next.signature import Variant

from common.faults import Fault
from common.faults import to_json as faults_to_json
from common.metrics import REGISTRY
from common.metrics_json import to_json
from power.choice import ACTIONS
from power.explain import as_data, explain
from power.manager import Manager
from services.powerd.bus import Interface, Method, Property
from services.powerd.holds import Holds

UPOWER = "org.freedesktop.UPower.PowerProfiles"
HADESS = "net.hadess.PowerProfiles"
SOTTO = "org.sotto.Power1"
SOTTO_PATH = "/org/sotto/Power1"
NAMES = (UPOWER, HADESS, SOTTO)
_PATHS = {UPOWER: "/org/freedesktop/UPower/PowerProfiles", HADESS: "/net/hadess/PowerProfiles"}
_VERSION = "sotto"


class Calls(Protocol):
    """What changes something; each checks who calls.

    All raise `common.errors.Denied` for callers without rights and `InvalidInput` for nonsense.
    """

    manager: Manager
    holds: Holds
    profiles: tuple[str, ...]
    faults: tuple[Fault, ...]

    async def set_phase(self, message: Message) -> list[object]:
        """A phase in, nothing out."""

    async def set_profile(self, message: Message, name: object) -> None:
        """Choose a profile; ends all holds."""

    async def hold(self, message: Message) -> list[object]:
        """Profile, reason and application in, a cookie out."""

    async def release(self, message: Message) -> list[object]:
        """A cookie in, nothing out."""

    async def set_action(self, message: Message) -> list[object]:
        """Name and whether it is used in, nothing out."""


def interfaces(calls: Calls) -> list[Interface]:
    """PowerProfiles under both its names, and our own."""
    return [*(_power_profiles(calls, name) for name in (UPOWER, HADESS)), _own(calls)]


def _power_profiles(calls: Calls, name: str) -> Interface:
    manager = calls.manager

    def profiles() -> list[dict[str, Variant]]:
        driver = manager.topology.clusters[0].driver if manager.topology.clusters else "none"
        return [
            {
                "Profile": Variant("s", each),
                "Driver": Variant("s", "sotto"),
                "CpuDriver": Variant("s", driver),
            }
            for each in calls.profiles
        ]

    def holds() -> list[dict[str, Variant]]:
        return [
            {
                "ApplicationId": Variant("s", each.application),
                "Profile": Variant("s", each.profile),
                "Reason": Variant("s", each.reason),
            }
            for each in calls.holds
        ]

    def actions() -> list[dict[str, Variant]]:
        return [
            {
                "Name": Variant("s", each),
                "Description": Variant("s", ACTIONS[each][0]),
                "Enabled": Variant("b", used),
            }
            for each, used in manager.actions().items()
        ]

    return Interface(
        path=_PATHS[name],
        name=name,
        methods={
            "HoldProfile": Method("sss", "u", calls.hold),
            "ReleaseProfile": Method("u", "", calls.release),
            "SetActionEnabled": Method("sb", "", calls.set_action),
        },
        properties={
            "ActiveProfile": Property("s", lambda: manager.profile, calls.set_profile),
            "PerformanceInhibited": Property("s", lambda: ""),
            "PerformanceDegraded": Property("s", lambda: _degraded(manager)),
            "Profiles": Property("aa{sv}", profiles),
            "Actions": Property("as", lambda: list(manager.actions())),
            "ActionsInfo": Property("aa{sv}", actions),
            "ActiveProfileHolds": Property("aa{sv}", holds),
            "Version": Property("s", lambda: _VERSION),
        },
        signals={"ProfileReleased": "u"},
    )


def _degraded(manager: Manager) -> str:
    """PowerProfiles knows heat and a lap; a limit of the firmware is reported on our own interface."""
    reason = manager.degraded()
    return reason if reason == "high-operating-temperature" else ""


def _own(calls: Calls) -> Interface:
    manager = calls.manager

    async def described(_message: Message) -> list[object]:
        return [explain(manager.state())]

    async def state(_message: Message) -> list[object]:
        return [json.dumps(as_data(manager.state()))]

    def clocks() -> dict[int, int]:
        return {policy: khz // 1000 for policy, khz in manager.state().clocks_khz.items()}

    async def metrics(_message: Message) -> list[object]:
        return [to_json(REGISTRY.families())]

    async def faults(_message: Message) -> list[object]:
        return [faults_to_json(calls.faults)]

    async def residency(_message: Message) -> list[object]:
        return [json.dumps({str(policy): table for policy, table in manager.residency_ms().items()})]

    async def clusters(_message: Message) -> list[object]:
        return [json.dumps(clocks())]

    return Interface(
        path=SOTTO_PATH,
        name=SOTTO,
        methods={
            "SetPhase": Method("s", "", calls.set_phase),
            "Explain": Method("", "s", described),
            "State": Method("", "s", state),
            "ClustersMHz": Method("", "s", clusters),
            "Residency": Method("", "s", residency),
            "Metrics": Method("", "s", metrics),
            "Faults": Method("", "s", faults),
        },
        properties={
            "Phase": Property("s", lambda: str(manager.desired.phase)),
            "Profile": Property("s", lambda: manager.profile),
            "Degraded": Property("s", manager.degraded),
            "Reasons": Property("as", lambda: list(manager.desired.reasons)),
        },
    )

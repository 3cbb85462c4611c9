"""Which profile and which mechanisms are chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from power.errors import ProfileError
from power.policy import Readings, in_force
from power.profiles.profile import Profile

#: Mechanisms that can be switched off one by one: what each does, and what a profile without it is.
ACTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "core-parking": ("Rest cores that listening does not need", {"park": False}),
    "latency-bound": ("Keep cores from deep sleep until the answer", {"latency_us": 0}),
    "accelerator-clocks": ("Raise the clocks of GPU and NPU while thinking", {"accelerators": False}),
}


@dataclass(frozen=True)
class Choice:
    """The chosen profile.

    Attributes:
        profiles: all of them, by name.
        profile: the chosen one.
        disabled: names of the mechanisms that are switched off; see `ACTIONS`.
    """

    profiles: Mapping[str, Profile]
    profile: Profile
    disabled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, profiles: Mapping[str, Profile], name: str) -> Choice:
        """The choice of a profile by name.

        Raises:
            ProfileError: there is no profile of that name.
        """
        return cls(profiles, _known(profiles, name))

    def choose(self, name: str) -> Choice:
        """The same with another profile; raises as `of` does."""
        return replace(self, profile=_known(self.profiles, name))

    def with_action(self, name: str, enabled: bool) -> Choice:
        """The same with a mechanism switched on or off."""
        disabled = self.disabled - {name} if enabled else self.disabled | {name}
        return replace(self, disabled=disabled)

    def in_force(self, readings: Readings) -> Profile:
        """The profile that holds: another one when the battery is low, and without disabled mechanisms."""
        profile = in_force(self.profile, self.profiles, readings)
        for name in self.disabled:
            profile = replace(profile, **ACTIONS[name][1])
        return profile


def _known(profiles: Mapping[str, Profile], name: str) -> Profile:
    if name not in profiles:
        raise ProfileError(f"there is no profile {name[:40]!r}", hint=f"known: {', '.join(sorted(profiles))}")
    return profiles[name]

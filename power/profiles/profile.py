"""What a power profile can set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """How a machine behaves. Shares are of the highest frequency, 0 to 1; times are seconds.

    More than twelve attributes: one attribute for each key of a profile file.

    No field has a default: `balanced.toml` sets all of them, and other files set what differs.

    Attributes:
        name: of its file, without ".toml".
        about: one line for people.
        idle_ceiling: highest frequency while nobody speaks; the load may raise it.
        speech_floor: from speech onset.
        thinking_floor: from the wake word.
        speaking_floor: during the reply.
        linger_floor, linger_s: after the conversation, for a second sentence.
        speech_s, thinking_s, speaking_s: the phase is over if the assistant does not renew it for so long.
        boost_weak: whether weaker clusters get the floors too.
        idle_hint, busy_hint: energy-performance preferences.
        latency_us: longest wake-up of a sleeping core while thinking; 0 leaves it to the kernel.
        park: rest the cores that listening does not need, after `park_after_s` of silence.
        offline_after_s: switch them off after so long; 0 never does.
        accelerators: raise the floors of GPU and NPU while thinking.
        hot_c, hot_floor: from this temperature on, no floor is above `hot_floor`.
        on_battery: profile to use instead below `battery_percent`; "" for none.
    """

    name: str
    about: str
    idle_ceiling: float
    speech_floor: float
    thinking_floor: float
    speaking_floor: float
    linger_floor: float
    linger_s: float
    speech_s: float
    thinking_s: float
    speaking_s: float
    boost_weak: bool
    idle_hint: str
    busy_hint: str
    latency_us: int
    park: bool
    park_after_s: float
    offline_after_s: float
    accelerators: bool
    hot_c: float
    hot_floor: float
    on_battery: str
    battery_percent: int

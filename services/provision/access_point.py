"""When the box opens its own network, and when it closes it: a pure state machine.

    Waiting --60 s without a network--> Open --form sent, or page not used for a while--> Joining
    Joining --60 s without a network--> Open, with the reason
    any --network there--> Done

It is used only at start-up. If the box loses its network later, NetworkManager alone handles it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

#: Seconds without a network before the box opens its own, and that joining may take.
PATIENCE_S = 60.0
#: If nobody uses the own network for so many seconds, the known network is tried again: the router may have
#: started more slowly than the box.
RETRY_S = 300.0
#: Seconds between attempts to open the own network.
REOPEN_S = 20.0


class Stage(StrEnum):
    """Where the box is on its way into a network."""

    WAITING = "waiting"
    OPEN = "open"
    JOINING = "joining"
    DONE = "done"


class Action(StrEnum):
    """What is to be done now."""

    NOTHING = "nothing"
    OPEN = "open the own network"
    JOIN = "close it, take the form, join"
    FINISH = "close it if it is open, and end"


@dataclass(frozen=True)
class Facts:
    """The present situation.

    Attributes:
        online: a network other than the own one is there.
        radio: there is a Wi-Fi device.
        known: a network is set.
        submitted: somebody sent the form.
        is_open: the own network is up.
        idle_s: seconds since somebody used the page; infinite if nobody did.
    """

    online: bool = False
    radio: bool = True
    known: bool = False
    submitted: bool = False
    is_open: bool = False
    idle_s: float = float("inf")


@dataclass(frozen=True)
class State:
    """Stage, since when (monotonic seconds), and when the own network was last asked for."""

    stage: Stage
    since: float
    tried: float = float("-inf")


def step(state: State, now: float, facts: Facts) -> tuple[State, Action]:
    """The next state and what to do for it.

    Args:
        now: monotonic seconds, never before those of earlier calls.
    """
    if state.stage is Stage.DONE:
        return state, Action.NOTHING
    # The form is taken even if a cable was plugged in since: it has a name and a time zone, too.
    if facts.submitted and state.stage is not Stage.JOINING:
        return State(Stage.JOINING, now), Action.JOIN
    if facts.online:
        return State(Stage.DONE, now), Action.FINISH
    if state.stage is Stage.OPEN:
        return _while_open(state, now, facts)
    if now - state.since >= PATIENCE_S and facts.radio:
        return State(Stage.OPEN, now, now), Action.OPEN
    return state, Action.NOTHING


def _while_open(state: State, now: float, facts: Facts) -> tuple[State, Action]:
    if not facts.is_open:
        if facts.radio and now - state.tried >= REOPEN_S:
            return replace(state, tried=now), Action.OPEN
        return state, Action.NOTHING
    if facts.known and now - state.since >= RETRY_S and facts.idle_s >= RETRY_S:
        return State(Stage.JOINING, now), Action.JOIN
    return state, Action.NOTHING

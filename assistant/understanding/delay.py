"""Which commands can be put off ("turn off the light in five minutes").

A command that holds a length of time, or that starts something which rings later, cannot: "seventeen
minutes and thirty seconds" is easily heard as "seventeen minutes, in thirty seconds".
"""

from __future__ import annotations

from collections.abc import Collection

#: They start a timer or an alarm, or answer a question.
_AT_ONCE = frozenset(
    {
        "HassStartTimer",
        "SottoRestartTimer",
        "SottoSetAlarm",
        "SottoSnooze",
        "SottoLength",
        "SottoYes",
        "SottoNo",
        # A code is said when it is to be used, and is kept nowhere.
        "SottoDisarmAlarm",
        "SottoArmAlarm",
    }
)
_LENGTHS = frozenset({"hours", "minutes", "seconds"})


def can_be_delayed(intent: str, slots: Collection[str]) -> bool:
    """Whether a command may be put off.

    Args:
        intent: of the command.
        slots: names of the slots that it fills.
    """
    return intent not in _AT_ONCE and _LENGTHS.isdisjoint(slots)

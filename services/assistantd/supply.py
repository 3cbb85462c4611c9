"""What the machine runs on, for measurements: figures from a hot machine, or on battery, would mislead."""

from __future__ import annotations

from pathlib import Path

from assistant.scheduling.quiet import Supply
from power.discover import discover
from power.sensors import Sensors
from power.sysfs import Sysfs

#: As the power profile `balanced` has it (`hot_c`): from here on the power manager holds the clocks down.
_HOT_C = 80.0


def read_supply(root: Path = Path("/")) -> Supply:
    """Battery and heat of the machine below `root`; what cannot be read is taken for mains and cool."""
    sysfs = Sysfs(root)
    readings = Sensors(sysfs, discover(sysfs)).read({})
    is_hot = readings.throttled or (readings.hottest_c is not None and readings.hottest_c >= _HOT_C)
    return Supply(on_battery=readings.on_battery, is_hot=is_hot)

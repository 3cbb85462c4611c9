"""Nothing leaves the machine: the telemetry of libraries is switched off before their first use."""

from __future__ import annotations

import os

#: Switches read by the libraries we load. The Linux wheels of onnxruntime carry a telemetry client
#: that creates a device id and uploads events unless `ORT_DISABLE_TELEMETRY` is set at import.
SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
}


def silence_telemetry() -> None:
    """Set every switch in this process and for its children. Must run before onnxruntime is loaded."""
    os.environ.update(SWITCHES)

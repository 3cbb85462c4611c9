"""Switches the telemetry of libraries off before their first use, so that nothing leaves the machine."""

from __future__ import annotations

import os

#: Environment variables that the libraries read. The Linux wheels of onnxruntime contain a telemetry client
#: that creates a device id and uploads events, unless `ORT_DISABLE_TELEMETRY` is set at import.
SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
}


def silence_telemetry() -> None:
    """Set the variables in this process and for its children. Call it before onnxruntime is imported."""
    os.environ.update(SWITCHES)

"""Switches the telemetry of libraries off before their first use, so that nothing leaves the machine."""

from __future__ import annotations

import os
import sys

#: Environment variables that the libraries read. The Linux wheels of onnxruntime contain a telemetry client
#: that creates a device id and uploads events, unless `ORT_DISABLE_TELEMETRY` is set at import.
SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
}
#: Modules that must not be loaded. openvino sends an event with this one when it is imported, and unless the
#: user has declined in a file of the home folder that counts as consent. Without it, openvino uses a stub.
BARRED = ("openvino_telemetry",)


def silence_telemetry() -> None:
    """Call it before onnxruntime or openvino is imported.

    The variables are set for this process and its children. A child that imports openvino has to call it too.
    """
    os.environ.update(SWITCHES)
    for name in BARRED:
        # None in its place makes the import of a module fail (docs.python.org, "The module cache").
        sys.modules[name] = None  # type: ignore[assignment]

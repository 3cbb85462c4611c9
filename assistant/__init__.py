# SPDX-License-Identifier: Apache-2.0
"""The assistant: hears, understands, answers. A library: no sockets, no root, no systemd."""

from assistant.privacy import silence_telemetry

# Before any other import of the package: a library reads these switches when it is first loaded.
silence_telemetry()

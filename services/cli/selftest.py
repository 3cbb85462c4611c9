"""`sotto selftest`."""

from __future__ import annotations

import argparse

from assistant.settings import load_settings
from services.scratch import scratch_assistant
from services.selftest import print_report, voice_selftest


def selftest(options: argparse.Namespace) -> int:
    """Speak a known sentence and understand it, in this process; 1 when that fails."""
    with scratch_assistant(load_settings(options.config)) as assistant:
        report = voice_selftest(assistant)
    print_report(report)
    return 0 if report.passed else 1

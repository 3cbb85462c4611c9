"""`sotto selftest`."""

from __future__ import annotations

import argparse

from assistant.selftest import print_report, voice_selftest
from assistant.settings import load_settings
from services.cli.first_use import ensure_models
from services.client.scratch import scratch_assistant


def selftest(options: argparse.Namespace) -> int:
    """Speak a known sentence and understand it, in this process; 1 when that fails."""
    ensure_models()
    with scratch_assistant(load_settings(options.config)) as assistant:
        report = voice_selftest(assistant)
    print_report(report)
    return 0 if report.passed else 1

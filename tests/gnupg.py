"""GnuPG folders of tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


def end_agent(home: Path) -> None:
    """End the agent that gpg left behind for a folder of its own."""
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=60)

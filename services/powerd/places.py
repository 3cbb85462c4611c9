"""Where powerd's files lie."""

from __future__ import annotations

from pathlib import Path

#: Name of the undo log in the runtime folder.
JOURNAL = "undo.json"
RUNTIME = Path("/run/sotto-power")

"""A distribution with a skill, as an installation would leave it in a folder on the path."""

from __future__ import annotations

from pathlib import Path


def install_plugin(folder: Path, module: str, source: str) -> Path:
    """Write a module and the entry point that names it as one with skills; gives the folder."""
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[sotto.skills]\n{module} = {module}\n")
    (folder / f"{module}.py").write_text(source)
    return folder

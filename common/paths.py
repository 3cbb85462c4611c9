"""Where things lie: models, state, settings, socket. Every place can be moved by an environment variable."""

from __future__ import annotations

import os
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
_DEVICE_MODELS = Path("/usr/lib/sotto/models")
_DEVICE_CONFIG = Path("/etc/sotto")


def in_checkout() -> bool:
    """Whether the code runs from a source checkout rather than from an installed image."""
    return (_CHECKOUT / "pyproject.toml").is_file()


def models_dir() -> Path:
    """Root of the model store: `SOTTO_MODELS`, the checkout's build folder, or the image's."""
    if value := os.environ.get("SOTTO_MODELS"):
        return Path(value)
    return _CHECKOUT / "build" / "models" if in_checkout() else _DEVICE_MODELS


def host_models_dir(root: Path) -> Path:
    """Where models laid out for this very machine lie: `SOTTO_HOST_MODELS`, else in the store `root`."""
    value = os.environ.get("SOTTO_HOST_MODELS")
    return Path(value) if value else root / "prepared"


def state_dir() -> Path:
    """Everything that must survive a restart: `SOTTO_STATE`, systemd's state directory, or XDG's."""
    if value := os.environ.get("SOTTO_STATE") or os.environ.get("STATE_DIRECTORY"):
        return Path(value)
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "sotto"


def config_dir() -> Path:
    """Owner's settings, `home.toml` and `sentences/`: `SOTTO_CONFIG` or `/etc/sotto`."""
    return Path(os.environ.get("SOTTO_CONFIG") or _DEVICE_CONFIG)


def socket_path() -> Path:
    """Unix socket of assistantd: `SOTTO_SOCKET`, systemd's runtime directory, or XDG's."""
    if value := os.environ.get("SOTTO_SOCKET"):
        return Path(value)
    if value := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(value) / "assistantd.sock"
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "sotto" if base else Path("/tmp") / f"sotto-{os.getuid()}"
    return folder / "assistantd.sock"

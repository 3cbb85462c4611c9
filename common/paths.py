"""Where things lie that more than one part reads: models, state, settings, sockets.

An environment variable can move each place, unless it is a constant here.
"""

from __future__ import annotations

import os
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
_DEVICE_CODE = Path("/usr/lib/sotto/python")
_DEVICE_MODELS = Path("/usr/lib/sotto/models")
_DEVICE_CONFIG = Path("/etc/sotto")
#: An owner's own power profiles.
POWER_PROFILES = Path("/etc/sotto/power.d")


def in_checkout() -> bool:
    """Whether the code runs from a source checkout rather than from an installed image."""
    return (_CHECKOUT / "pyproject.toml").is_file()


def models_dir() -> Path:
    """Root of the model store: `SOTTO_MODELS`, the checkout's build folder, the image's, or the user's."""
    if value := os.environ.get("SOTTO_MODELS"):
        return Path(value)
    if in_checkout():
        return _CHECKOUT / "build" / "models"
    return _DEVICE_MODELS if _CHECKOUT == _DEVICE_CODE else user_models_dir()


def user_models_dir() -> Path:
    """Where an installed package keeps its models: `$XDG_DATA_HOME/sotto/models`.

    It is the only store that a command may fill by itself (`services.cli.first_use`).
    """
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "sotto" / "models"


def host_models_dir(root: Path) -> Path:
    """Where models laid out for this very machine lie: `SOTTO_HOST_MODELS`, else in the store `root`."""
    value = os.environ.get("SOTTO_HOST_MODELS")
    return Path(value) if value else root / "prepared"


def state_dir() -> Path:
    """What must survive a restart: `SOTTO_STATE`, systemd's state directory, or XDG's."""
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


def gateway_state(assistant_state: Path) -> Path:
    """The gateway's identity and tokens: `SOTTO_GATEWAY_STATE`, or a folder beside the assistant's state."""
    value = os.environ.get("SOTTO_GATEWAY_STATE")
    return Path(value) if value else assistant_state / "gateway"


def gateway_socket() -> Path:
    """Unix socket of the gateway: `SOTTO_GATEWAY_SOCKET`, or beside the assistant's."""
    value = os.environ.get("SOTTO_GATEWAY_SOCKET")
    return Path(value) if value else socket_path().with_name("gatewayd.sock")


def pairing_code_path(gateway_state: Path) -> Path:
    """File of the pairing code: `SOTTO_PAIRING_CODE`, which the first boot writes, or the gateway's own."""
    value = os.environ.get("SOTTO_PAIRING_CODE")
    return Path(value) if value else gateway_state / "pairing-code"


def hub_facts() -> Path | None:
    """File in which the first boot writes what it knows of the hub: `SOTTO_HUB_FACTS`; None if not set."""
    value = os.environ.get("SOTTO_HUB_FACTS")
    return Path(value) if value else None

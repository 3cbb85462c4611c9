"""All paths, below a root that tests change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """All paths of the first boot.

    Args:
        root: `/` on the device.
    """

    root: Path = Path("/")

    @property
    def esp(self) -> Path:
        """The boot partition, which a computer shows when the card is put into it."""
        return self.root / "boot"

    @property
    def setup_file(self) -> Path:
        """The set-up file, which the owner edits."""
        return self.esp / "sotto.toml"

    @property
    def problems_file(self) -> Path:
        """The problems of the set-up file, in plain words."""
        return self.esp / "sotto-problems.txt"

    @property
    def state(self) -> Path:
        """State that survives a restart. Every user may enter: the time zone and the SSH keys are there."""
        return self.root / "var/lib/sotto-provision"

    @property
    def previous(self) -> Path:
        """The values in force, with the Wi-Fi password."""
        return self.state / "setup.json"

    @property
    def localtime(self) -> Path:
        """The target of the image's link /etc/localtime."""
        return self.state / "localtime"

    @property
    def pairing_code(self) -> Path:
        """Eight digits, which the box speaks in its room."""
        return self.state / "pairing-code"

    @property
    def ssh(self) -> Path:
        """`authorized_keys` and the key of the host."""
        return self.state / "ssh"

    @property
    def config(self) -> Path:
        """The assistant's settings."""
        return self.root / "var/lib/sotto/config"

    @property
    def zoneinfo(self) -> Path:
        """The time zone database."""
        return self.root / "usr/share/zoneinfo"

    @property
    def run(self) -> Path:
        """State that is lost when the box is switched off."""
        return self.root / "run/sotto-provision"

    @property
    def announce(self) -> Path:
        """What `sotto-greet` speaks about the set-up."""
        return self.run / "announce.json"

    @property
    def firewall(self) -> Path:
        """Rules that the firewall includes."""
        return self.run / "nft.d"

    @property
    def profiles(self) -> Path:
        """Connection profiles of NetworkManager; gone when the box is switched off."""
        return self.root / "run/NetworkManager/system-connections"

    @property
    def modprobe(self) -> Path:
        """Options of kernel modules that are loaded from now on."""
        return self.root / "run/modprobe.d"

    @property
    def setup_run(self) -> Path:
        """What `sotto-setup` writes for its page and for `sotto-greet`."""
        return self.root / "run/sotto-setup"

    @property
    def own_password(self) -> Path:
        """Twelve digits for the box's own network, which the box speaks; the file exists while it is open."""
        return self.setup_run / "password"

    @property
    def page_run(self) -> Path:
        """What the set-up page submits; its process owns the folder."""
        return self.root / "run/sotto-setup-page"

    @property
    def submitted(self) -> Path:
        """The form that somebody sent, before root has checked it."""
        return self.page_run / "submitted.toml"

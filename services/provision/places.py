"""Where everything lies, below a root that tests move."""

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
        """The partition that an owner sees when the card is put into a computer."""
        return self.root / "boot"

    @property
    def setup_file(self) -> Path:
        """What the owner edits."""
        return self.esp / "sotto.toml"

    @property
    def problems_file(self) -> Path:
        """What is wrong with it, in plain words."""
        return self.esp / "sotto-problems.txt"

    @property
    def state(self) -> Path:
        """What survives; everybody may enter, because the time zone and the key for SSH lie there."""
        return self.root / "var/lib/sotto-provision"

    @property
    def previous(self) -> Path:
        """The last values that held, with the Wi-Fi password."""
        return self.state / "setup.json"

    @property
    def localtime(self) -> Path:
        """Where the image's /etc/localtime points."""
        return self.state / "localtime"

    @property
    def pairing_code(self) -> Path:
        """Eight digits that the box tells who stands before it."""
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
        """What holds until the box is switched off."""
        return self.root / "run/sotto-provision"

    @property
    def announce(self) -> Path:
        """What the box says about it; read by `sotto-greet`."""
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
        """What `sotto-setup` tells its page and `sotto-greet`."""
        return self.root / "run/sotto-setup"

    @property
    def own_password(self) -> Path:
        """Twelve digits for the box's own network, told to who stands before it; there while it is open."""
        return self.setup_run / "password"

    @property
    def page_run(self) -> Path:
        """What the set-up page hands over; its process owns the folder."""
        return self.root / "run/sotto-setup-page"

    @property
    def submitted(self) -> Path:
        """The form that somebody sent, not yet looked at by root."""
        return self.page_run / "submitted.toml"

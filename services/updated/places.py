"""Where the updater finds and keeps things, below one root so that tests have their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """All paths, relative to `root` ("/" on the device)."""

    root: Path = Path("/")

    @property
    def state(self) -> Path:
        """What survives: state file, source setting, staged downloads."""
        return self.root / "var/lib/sotto-update"

    @property
    def staging(self) -> Path:
        """Downloads, one folder a version."""
        return self.state / "staging"

    @property
    def source_file(self) -> Path:
        """The owner's source setting."""
        return self.state / "source.toml"

    @property
    def provision(self) -> Path:
        """What the first boot set up, among it update.json and paired hubs."""
        return self.root / "var/lib/sotto-provision"

    @property
    def gateway(self) -> Path:
        """State of gatewayd: the certificate, and who is paired."""
        return self.root / "var/lib/sotto-gateway"

    @property
    def assistant(self) -> Path:
        """State of assistantd: timers and alarms."""
        return self.root / "var/lib/sotto"

    @property
    def assistant_socket(self) -> Path:
        """Where assistantd serves."""
        return self.root / "run/sotto/assistantd.sock"

    @property
    def socket(self) -> Path:
        """Where updated serves."""
        return self.root / "run/sotto-update/updated.sock"

    @property
    def definitions(self) -> Path:
        """Transfer definitions as systemd-sysupdate reads them."""
        return self.root / "run/sotto-update/sysupdate.d"

    @property
    def templates(self) -> Path:
        """Transfer definitions with places left open."""
        return self.root / "usr/lib/sotto/sysupdate.d"

    @property
    def keyring(self) -> Path:
        """Public keys whose signature makes an update acceptable, in binary form."""
        return self.root / "usr/lib/sotto/update-keyring.gpg"

    @property
    def boot(self) -> Path:
        """The mounted EFI system partition."""
        return self.root / "boot"

    @property
    def setup_file(self) -> Path:
        """What the owner edits, on the boot partition."""
        return self.boot / "sotto.toml"

    @property
    def kernels(self) -> Path:
        """Unified kernel images, one a version."""
        return self.boot / "EFI/Linux"

    @property
    def os_release(self) -> Path:
        """Name and version of the running image."""
        return self.root / "usr/lib/os-release"

    @property
    def proc(self) -> Path:
        """The kernel's /proc."""
        return self.root / "proc"

    @property
    def sys(self) -> Path:
        """The kernel's /sys."""
        return self.root / "sys"

    @property
    def counted(self) -> Path:
        """What systemd-boot leaves when it has counted this try of a version, for systemd-bless-boot."""
        name = "LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
        return self.sys / "firmware/efi/efivars" / name

    @property
    def dev(self) -> Path:
        """Device nodes."""
        return self.root / "dev"

"""`make vm`: the built image in QEMU, and the command line that boots any of our disks for the tests."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from buildimage.inputs import checked
from common.errors import InvalidInput, NotFound, StorageError, Unavailable

#: Debian's UEFI firmware: code, variables.
FIRMWARE = {
    "x86-64": ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    "arm64": ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"),
}
#: The same with Secure Boot; its variables start out without keys, in set-up mode.
SECURE_CODE = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
PACKAGES = "qemu-system-x86 qemu-system-arm qemu-utils ovmf qemu-efi-aarch64"
_SIZE = "6G"


@dataclass(frozen=True)
class Machine:
    """An emulated computer.

    Attributes:
        arch: "x86-64" or "arm64".
        disk: a raw or qcow2 image, written to.
        variables: file of the firmware's variables, written to.
        serial: file that gets the serial line.
        monitor: path of the QMP socket.
        ssh_port: on 127.0.0.1, forwarded to the box's port 22.
        memory_mb: of the guest.
        secure_boot: firmware that checks signatures.
        kernel_words: added to the kernel's command line, as a hypervisor may while Secure Boot is off.
        network: False pulls the cable.
        kvm: use the processor's own virtualisation. Asked for, never assumed: a /dev/kvm that opens may
            still not run firmware, as inside another virtual machine.
        extra: more QEMU arguments.
    """

    arch: str
    disk: Path
    variables: Path
    serial: Path
    monitor: Path
    ssh_port: int
    memory_mb: int = 2048
    secure_boot: bool = False
    kernel_words: str = ""
    network: bool = True
    kvm: bool = False
    extra: Sequence[str] = ()

    def command(self) -> list[str]:
        """The command line of QEMU."""
        code, _ = FIRMWARE[self.arch]
        fast = self.kvm
        accelerator = ["-accel", "kvm", "-cpu", "host"] if fast else ["-accel", "tcg,thread=multi"]
        if self.arch == "x86-64":
            # Not a newer one: QEMU emulates fused multiply-add in software, and an answer takes eighteen
            # times as long on a "Haswell" as on a processor without it.
            machine = "q35,smm=on" if self.secure_boot else "q35"
            line = ["qemu-system-x86_64", "-machine", machine, *accelerator]
            line += [] if fast else ["-cpu", "Nehalem"]
            if self.secure_boot:
                code = SECURE_CODE
                line += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        else:
            line = ["qemu-system-aarch64", "-machine", "virt", *accelerator]
            line += [] if fast else ["-cpu", "cortex-a72"]
        form = "qcow2" if self.disk.suffix == ".qcow2" else "raw"
        words = f"console={'ttyS0' if self.arch == 'x86-64' else 'ttyAMA0'} {self.kernel_words}".strip()
        line += [
            "-m", str(self.memory_mb), "-smp", "2",
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
            "-drive", f"if=pflash,format=raw,unit=1,file={_value(self.variables)}",
            "-drive", f"file={_value(self.disk)},format={form},if=none,id=disk,cache=writeback",
            "-device", "virtio-blk-pci,drive=disk,bootindex=1",
            "-device", "virtio-rng-pci", "-vga" if self.arch == "x86-64" else "-display", "none",
            "-display", "none", "-serial", f"file:{self.serial}",
            "-qmp", f"unix:{_value(self.monitor)},server=on,wait=off",
            "-smbios", f"type=11,value=io.systemd.stub.kernel-cmdline-extra={_value(words)}",
        ]  # fmt: skip
        if self.network:
            forward = f"hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"
            line += ["-netdev", f"user,id=net,{forward}", "-device", "virtio-net-pci,netdev=net,romfile="]
        else:
            line += ["-nic", "none"]
        return [*line, *self.extra]


def _value(value: Path | str) -> str:
    """As the value of one of QEMU's options, where a comma begins the next option."""
    return str(value).replace(",", ",,")


def new_variables(arch: str, target: Path) -> None:
    """A fresh copy of the firmware's variables; raises `Unavailable` when the firmware is not installed."""
    source = Path(FIRMWARE[arch][1])
    if not source.exists():
        raise Unavailable(
            f"the UEFI firmware {source} is missing",
            hint=f"Install it: apt-get install {PACKAGES}",
            code="vm.firmware",
        )
    shutil.copyfile(source, target)


def unpack(image: Path, disk: Path, size: str = _SIZE) -> None:
    """Unpack a compressed disk image to `disk` and let it have `size` (as truncate takes it).

    Raises:
        StorageError: the image is damaged, or the disk is full.
    """
    with disk.open("wb") as output:
        _prepare(["zstd", "-dc", "--sparse", str(image)], f"{image} cannot be unpacked", stdout=output)
    _prepare(["truncate", "-s", f">{size}", str(disk)], f"{disk} cannot be made {size} large")


def _prepare(command: Sequence[str], what: str, stdout: BinaryIO | None = None) -> None:
    """Run a step before the boot; its failure is a `StorageError` with the last of what it said."""
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise StorageError(
            f"{what}: {said[-1] if said else f'status {done.returncode}'}",
            hint="See that there is space; build the image again if it is damaged: make image",
            code="vm.prepare",
        )


def newest_image(folder: Path) -> Path:
    """The compressed disk image in a folder of artefacts; raises `NotFound`."""
    images = sorted(folder.glob("sotto_*.raw.zst"), key=lambda path: path.stat().st_mtime)
    disks = [path for path in images if ".root-" not in path.name]
    if not disks:
        raise NotFound(f"there is no image in {folder}", hint="Build one: make image", code="vm.image")
    return disks[-1]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `make vm`."""
    parser.add_argument("--arch", default="x86-64")
    parser.add_argument("--port", type=int, default=2222, help="on 127.0.0.1, goes to the box's SSH")
    parser.add_argument("--fresh", action="store_true", help="forget the state of earlier runs")
    parser.add_argument("--kvm", action="store_true", help="use /dev/kvm, where it works")
    parser.add_argument("--config", type=Path, help="a sotto.toml of your own for the box")


def _require(options: argparse.Namespace) -> None:
    """Raise what `run` does for options and programs, before anything is touched."""
    checked(options.arch)
    if not 0 < options.port < 65536:
        raise InvalidInput(f"PORT={options.port} is no port", hint="It is 1 to 65535.", code="vm.port")
    if options.config and not options.config.is_file():
        raise NotFound(f"there is no file {options.config}", hint="See CONFIG=", code="vm.config")
    emulator = "qemu-system-x86_64" if options.arch == "x86-64" else "qemu-system-aarch64"
    missing = [name for name in (emulator, "zstd", "mcopy", "ssh-keygen") if not shutil.which(name)]
    if missing:
        raise Unavailable(
            f"these are missing: {', '.join(missing)}",
            hint=f"Install them: apt-get install {PACKAGES} zstd mtools openssh-client",
            code="vm.tools",
        )
    if options.kvm and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise Unavailable("/dev/kvm cannot be opened", hint="Boot without KVM=1.", code="vm.kvm")


def _make_disk(options: argparse.Namespace, repository: Path, image: Path, disk: Path, key: Path) -> None:
    """A fresh disk and a key that opens it; `disk` gets its name last, so there is never half of one."""
    folder = disk.parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    unfinished = folder / "unfinished.raw"
    unpack(image, unfinished)
    new_variables(options.arch, folder / "variables.fd")
    keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "make vm", "-f", str(key)]
    _prepare(keygen, "no key could be made")
    config = folder / "sotto.toml"
    if options.config:
        shutil.copyfile(options.config, config)
    else:
        public = key.with_suffix(".pub").read_text().strip()
        config.write_text(f'name = "Virtual"\n\n[access]\nssh_keys = ["{public}"]\n')
    flash = [sys.executable, str(repository / "buildimage/flash"), "--config-only", "--yes"]
    if subprocess.run([*flash, "--config", str(config), str(unfinished)], check=False).returncode:
        raise InvalidInput(f"{config} could not be placed", hint="See above.", code="vm.config")
    unfinished.rename(disk)


def _identity(folder: Path, key: Path) -> list[str]:
    """The key that opens the disk in `folder`; none is named where the owner's own does."""
    public = key.with_suffix(".pub").read_text().strip()
    return ["-i", str(key)] if public in (folder / "sotto.toml").read_text() else []


def run(options: argparse.Namespace, repository: Path) -> int:
    """Boot the image until the terminal says stop; its disk is kept for the next time.

    Raises:
        InvalidInput, NotFound: an option cannot be used; there is no image.
        Unavailable: a program, the firmware or /dev/kvm is missing.
        StorageError: the disk could not be made.
    """
    _require(options)
    image = newest_image(options.build / options.arch)
    folder = options.build / "vm" / options.arch
    disk, key = folder / "disk.raw", folder / "key"
    if options.fresh or not disk.exists() or disk.stat().st_mtime < image.stat().st_mtime:
        _make_disk(options, repository, image, disk, key)
    machine = Machine(
        options.arch,
        disk,
        variables=folder / "variables.fd",
        serial=folder / "serial.log",
        monitor=folder / "monitor",
        ssh_port=options.port,
        kvm=options.kvm,
    )
    trust = ["-o", "StrictHostKeyChecking=accept-new", "-o", f"UserKnownHostsFile={folder}/known"]
    ssh = shlex.join(["ssh", *_identity(folder, key), "-p", str(options.port), *trust, "owner@127.0.0.1"])
    print(f"sotto: booting {image.name}; without KVM=1 it takes some two minutes to answer")
    print(f"  talk to it   {ssh} sotto ask what time is it")
    print(f"  its health   {ssh} sotto update status")
    print(f"  its API      {ssh} -N -L /tmp/sotto-vm.sock:/run/sotto/assistantd.sock")
    print(f"  serial line  {machine.serial}\n  stop it      Ctrl-C", flush=True)
    command = machine.command()
    if os.environ.get("SOTTO_SHOW_COMMAND"):
        print(shlex.join(command))
    process = subprocess.Popen(command)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()

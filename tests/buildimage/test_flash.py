"""`buildimage/flash`: what it refuses, what it writes, and what an interruption leaves."""

from __future__ import annotations

import fcntl
import importlib.machinery
import importlib.util
import io
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

SCRIPT = Path(__file__).resolve().parents[2] / "buildimage" / "flash"
MIB = 1 << 20
IMAGE_SIZE = 20 * MIB
ESP_AT, ESP_SIZE = MIB, 8 * MIB
CONFIG = b'name = "Kitchen"\r\n[wifi]\npassword = "secret \xc3\xbc"\n'
#: Writes of one run: two ends emptied, the image in five blocks, the first MiB.
WRITES = 8


def _load() -> Any:
    loader = importlib.machinery.SourceFileLoader("sotto_flash", str(SCRIPT))
    spec = importlib.util.spec_from_loader("sotto_flash", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sotto_flash"] = module
    loader.exec_module(module)
    return module


flash = _load()


def _tool(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _need(name: str) -> str:
    found = _tool(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _partition(path: Path, label: str = "sotto_1") -> None:
    """A GPT with an ESP and one root slot, made by whichever independent tool is here."""
    if sfdisk := _tool("sfdisk"):
        table = (
            "label: gpt\n"
            f"start=2048, size={ESP_SIZE // 512}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp\n"
            f"size={6 * MIB // 512}, name={label}\n"
        )
        command = [sfdisk, "-q", str(path)]
    elif sgdisk := _tool("sgdisk"):
        table = ""
        command = [sgdisk, "-n", "1:2048:+8M", "-t", "1:ef00", "-c", "1:esp", "-n", "2:0:+6M"]
        command += ["-c", f"2:{label}", str(path)]
    else:
        pytest.skip("neither sfdisk nor sgdisk is installed")
    subprocess.run(command, input=table.encode(), check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk image of 20 MiB: FAT on the ESP, noise in the slot."""
    _need("mcopy")
    mkfs = _need("mkfs.vfat")
    folder = tmp_path_factory.mktemp("image")
    path = folder / "sotto_1.raw"
    with path.open("wb") as file:
        file.truncate(IMAGE_SIZE)
    _partition(path)
    esp = folder / "esp"
    with esp.open("wb") as file:
        file.truncate(ESP_SIZE)
    subprocess.run([mkfs, str(esp)], check=True, capture_output=True, timeout=60)
    with path.open("r+b") as file:
        file.seek(ESP_AT)
        file.write(esp.read_bytes())
        file.seek(ESP_AT + ESP_SIZE)
        file.write(os.urandom(6 * MIB))
    return path


@pytest.fixture
def image(made: Path, tmp_path: Path) -> Path:
    """The image in a folder of this test's own."""
    return Path(shutil.copy(made, tmp_path / made.name))


@pytest.fixture
def packed(image: Path) -> Path:
    """The image compressed with zstd, as a download has it."""
    path = image.with_name("sotto_1.raw.zst")
    subprocess.run([_need("zstd"), "-q", "-1", str(image), "-o", str(path)], check=True, timeout=60)
    return path


@pytest.fixture
def device(made: Path, tmp_path: Path) -> Path:
    """A file of 24 MiB with an older table at both ends and old data between."""
    path = tmp_path / "disk"
    path.write_bytes(b"\xa5" * (24 * MIB))
    with path.open("r+b") as file:
        file.write(made.read_bytes()[: 34 * 512])
        file.seek(-512, os.SEEK_END)
        file.write(b"EFI PART")
    return path


@dataclass
class Kernel:
    """A machine's /sys and /proc, as far as they are looked at."""

    root: Path
    mounts: list[str] = field(default_factory=lambda: ["22 1 254:0 / / rw - ext4 /dev/vda rw"])

    def machine(self) -> Any:
        _put(self.root / "proc/self/mountinfo", "\n".join(self.mounts) + "\n")
        return flash.Machine(self.root / "sys", self.root / "proc")

    def swap(self, entry: str) -> None:
        _put(self.root / "proc/swaps", f"Filename Type Size Used Priority\n{entry} partition 1 0 -2\n")

    def mount(self, number: str, where: str, source: str = "/dev/none") -> None:
        self.mounts.append(f"40 22 {number} / {where} rw shared:1 - vfat {source} rw")

    def disk(self, name: str = "sdq", number: str = "240:0", size: int = 64 * MIB) -> Path:
        """A disk with two partitions, NAME1 and NAME2, numbered behind it."""
        folder = self.root / "sys/devices/usb1" / name
        major, minor = number.split(":")
        _put(folder / "dev", number)
        _put(folder / "size", str(size // 512))
        _put(folder / "ro", "0")
        _put(folder / "queue/logical_block_size", "512")
        _put(folder / "device/model", "Stick \x1b[31m")
        self._link(number, folder)
        for index in (1, 2):
            part = folder / f"{name}{index}"
            _put(part / "partition", str(index))
            _put(part / "dev", f"{major}:{int(minor) + index}")
            _put(part / "uevent", f"DEVTYPE=partition\nPARTNAME=old{index}")
            self._link(f"{major}:{int(minor) + index}", part)
        return folder

    def holder(self, below: Path, name: str, number: str, title: str) -> Path:
        folder = self.root / "sys/devices/virtual/block" / name
        _put(folder / "dev", number)
        _put(folder / "dm/name", title)
        self._link(number, folder)
        (below / "holders").mkdir(exist_ok=True)
        (below / "holders" / name).symlink_to(folder)
        return folder

    def loop(self, backing: str) -> None:
        _put(self.root / "sys/block/loop3/loop/backing_file", backing + "\n")
        _put(self.root / "sys/block/loop3/dev", "7:3")

    def _link(self, number: str, folder: Path) -> None:
        path = self.root / "sys/dev/block" / number
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(folder)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path / "kernel")


@pytest.fixture
def idle(kernel: Kernel) -> Any:
    """A machine that uses none of the test's devices."""
    return kernel.machine()


def run(*arguments: object, machine: Any = None) -> int:
    status = flash.main([str(argument) for argument in arguments], machine)
    assert isinstance(status, int)
    return status


def starts_with(device: Path, image: Path) -> bool:
    return device.read_bytes()[:IMAGE_SIZE] == image.read_bytes()


def has_table(device: Path) -> bool:
    """Whether firmware could find a table: the first one, or a backup at the very end."""
    content = device.read_bytes()
    return content[512:520] == b"EFI PART" or b"EFI PART" in content[-MIB:]


# What it writes.


def test_a_raw_image_is_on_the_device_afterwards(image: Path, device: Path, idle: Any) -> None:
    assert run(image, device, "--yes", machine=idle) == 0
    assert starts_with(device, image)


def test_a_zstd_image_is_unpacked_onto_the_device(packed: Path, image: Path, device: Path, idle: Any) -> None:
    assert run(packed, device, "--yes", machine=idle) == 0
    assert starts_with(device, image)


def test_a_device_of_exactly_the_images_size_is_large_enough(image: Path, device: Path, idle: Any) -> None:
    os.truncate(device, IMAGE_SIZE)
    assert run(image, device, "--yes", machine=idle) == 0
    assert starts_with(device, image)


def test_an_older_backup_table_at_the_end_is_gone(image: Path, device: Path, idle: Any) -> None:
    assert run(image, device, "--yes", machine=idle) == 0
    assert device.read_bytes()[-MIB:] == bytes(MIB)


def test_it_stands_alone_and_explains_itself(image: Path, device: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(SCRIPT, tmp_path / "flash"))
    assert os.access(SCRIPT, os.X_OK)
    text = subprocess.run(
        [sys.executable, "-I", copy, "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "130" in text
    assert "systemd-repart" in text
    done = subprocess.run([sys.executable, "-I", copy, image, device, "--yes"], timeout=60, check=False)
    assert done.returncode == 0
    assert starts_with(device, image)


# What it refuses before anything is written.


@pytest.fixture
def untouched(device: Path) -> Iterator[None]:
    before = device.read_bytes()
    yield
    assert device.read_bytes() == before, "the device was written to"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("compressed", [False, True])
def test_a_device_that_is_too_small(
    image: Path, packed: Path, device: Path, idle: Any, capsys: pytest.CaptureFixture[str], compressed: bool
) -> None:
    small = device.with_name("small")
    small.write_bytes(b"\xa5" * (IMAGE_SIZE - 512))
    assert run(packed if compressed else image, small, "--yes", machine=idle) == 4
    assert small.read_bytes() == b"\xa5" * (IMAGE_SIZE - 512)
    assert str(IMAGE_SIZE) in capsys.readouterr().err


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("what", ["empty", "zeros", "noise", "header", "entries"])
def test_a_file_that_is_no_disk_image(image: Path, device: Path, idle: Any, what: str) -> None:
    content = bytearray(image.read_bytes())
    if what == "header":
        content[512 + 40] ^= 1
    elif what == "entries":
        content[2 * 512 + 40] ^= 1
    other = {"empty": b"", "zeros": bytes(MIB * 3), "noise": os.urandom(MIB * 3)}.get(what, bytes(content))
    image.write_bytes(other)
    assert run(image, device, "--yes", machine=idle) == 2


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("length", [IMAGE_SIZE - 512, IMAGE_SIZE + 512])
def test_a_raw_image_of_another_length_than_its_table_says(
    image: Path, device: Path, idle: Any, length: int
) -> None:
    os.truncate(image, length)
    assert run(image, device, "--yes", machine=idle) == 7


@pytest.mark.usefixtures("untouched")
def test_an_image_above_the_limit(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flash, "MAX_IMAGE", IMAGE_SIZE - 1)
    assert run(image, device, "--yes", machine=idle) == 4


@pytest.mark.usefixtures("untouched")
def test_an_image_that_is_not_what_sha256sums_lists(
    image: Path, device: Path, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    image.with_name("SHA256SUMS").write_text(f"{'0' * 64}  other\n{'1' * 64} *{image.name}\n")
    assert run(image, device, "--yes", machine=idle) == 7
    assert "Nothing was written" in capsys.readouterr().err


def test_an_image_that_is_what_sha256sums_lists(image: Path, device: Path, idle: Any) -> None:
    sums = subprocess.run(["sha256sum", image.name], cwd=image.parent, capture_output=True, check=True)
    image.with_name("SHA256SUMS").write_bytes(sums.stdout)
    assert run(image, device, "--yes", machine=idle) == 0


def test_a_list_that_does_not_name_the_image_is_said(
    image: Path, device: Path, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    image.with_name("SHA256SUMS").write_text(f"{'1' * 64}  other\n")
    assert run(image, device, "--yes", machine=idle) == 0
    assert "not checked" in capsys.readouterr().out


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("arguments", [["{image}"], ["--config-only", "{device}"], [], ["--config-only"]])
def test_a_wrong_command_line(image: Path, device: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*[argument.format(image=image, device=device) for argument in arguments])
    assert ended.value.code == 2


@pytest.mark.usefixtures("untouched")
def test_no_terminal_to_ask(image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("disk\n"))
    assert run(image, device, machine=idle) == 10


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("answer", ["", "\n", "yes\n", "sdq\n"])
def test_another_word_than_the_devices_name(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert run(image, device, machine=idle) == 10


def test_the_devices_name_confirms_what_is_shown(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("disk\n"))
    assert run(image, device, machine=idle) == 0
    assert "sotto_1" in capsys.readouterr().out


@pytest.mark.usefixtures("untouched")
def test_without_zstd(
    packed: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(packed, device, "--yes", machine=idle) == 5


@pytest.mark.parametrize(("path", "status"), [("missing", 3), (".", 6), ("/dev/null", 6)])
def test_something_that_is_no_disk(image: Path, tmp_path: Path, idle: Any, path: str, status: int) -> None:
    assert run(image, tmp_path / path, "--yes", machine=idle) == status
    assert not (tmp_path / "missing").exists()


def test_the_image_itself_as_the_device(image: Path, idle: Any) -> None:
    assert run(image, image, "--yes", machine=idle) == 6


@pytest.mark.usefixtures("untouched")
def test_an_image_that_is_a_pipe(device: Path, tmp_path: Path, idle: Any) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert run(tmp_path / "pipe", device, "--yes", machine=idle) == 2


# What uses a device.


@pytest.mark.usefixtures("untouched")
def test_a_file_behind_a_mounted_loop_device(
    image: Path, device: Path, kernel: Kernel, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel.loop(str(device))
    kernel.mount("7:3", "/mnt/my\\040disk")
    assert run(image, device, "--yes", machine=kernel.machine()) == 6
    assert "/mnt/my disk" in capsys.readouterr().err


@pytest.mark.usefixtures("untouched")
def test_a_file_that_is_swap(image: Path, device: Path, kernel: Kernel) -> None:
    kernel.swap(str(device))
    assert run(image, device, "--yes", machine=kernel.machine()) == 6


@pytest.mark.usefixtures("untouched")
def test_a_file_that_is_write_protected(image: Path, device: Path, idle: Any) -> None:
    device.chmod(0o444)
    assert run(image, device, "--yes", machine=idle) == 6


@pytest.mark.usefixtures("untouched")
def test_a_file_that_a_virtual_machine_runs_from(image: Path, device: Path, idle: Any) -> None:
    # QEMU holds byte 201 of its disks, with a lock of the open file (qemu, block/file-posix.c).
    holding = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 201, 1, 0)
    with device.open("rb") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, holding)
        assert run(image, device, "--yes", machine=idle) == 6


@pytest.mark.usefixtures("untouched")
def test_a_file_that_another_program_locks(image: Path, device: Path, idle: Any) -> None:
    with device.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert run(image, device, "--yes", machine=idle) == 6


def _block_node(path: Path, minor: int) -> Path:
    """A device node of the fake disk; nothing is behind it."""
    try:
        os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(240, minor))
    except PermissionError:
        pytest.skip("making a device node needs root")
    return path


def _refusal(kernel: Kernel, number: str = "240:0") -> str:
    """Why a disk is refused; empty where it is not."""
    machine = kernel.machine()
    try:
        flash.refuse_used_disk("/dev/sdq", flash.disk_of("/dev/sdq", number, machine), machine)
    except flash.Refused as refusal:
        return str(refusal)
    return ""


def test_an_idle_disk_is_not_refused(kernel: Kernel) -> None:
    kernel.disk()
    kernel.disk("sdr", "241:0")
    kernel.mount("241:1", "/mnt")
    assert _refusal(kernel) == ""


def test_a_disk_with_a_mounted_partition(kernel: Kernel) -> None:
    kernel.disk()
    kernel.mount("240:2", "/media/stick")
    assert "/media/stick" in _refusal(kernel)


@pytest.mark.parametrize("mount", ["/", "/usr", "/boot", "/boot/efi"])
def test_the_system_disk(kernel: Kernel, mount: str) -> None:
    kernel.disk()
    kernel.mount("240:1", mount)
    assert "running system" in _refusal(kernel)


def test_the_system_disk_below_two_mapped_volumes(kernel: Kernel) -> None:
    crypt = kernel.holder(kernel.disk() / "sdq2", "dm-0", "253:0", "luks")
    kernel.holder(crypt, "dm-1", "253:1", "vg-root")
    kernel.mount("253:1", "/")
    assert "running system" in _refusal(kernel)


def test_the_system_disk_with_btrfs_whose_number_is_its_own(kernel: Kernel) -> None:
    kernel.disk()
    kernel.mount("0:30", "/", "/dev/sdq2")
    assert "running system" in _refusal(kernel)


def test_a_disk_with_swap(kernel: Kernel) -> None:
    kernel.disk()
    kernel.swap("/dev/sdq1")
    assert "swap" in _refusal(kernel)


def test_a_second_disk_of_a_mounted_btrfs(kernel: Kernel) -> None:
    kernel.disk()
    (kernel.root / "sys/fs/btrfs/0-1/devices/sdq2").mkdir(parents=True)
    assert "btrfs" in _refusal(kernel)


def test_a_disk_with_a_mapped_volume_that_is_not_mounted(kernel: Kernel) -> None:
    kernel.holder(kernel.disk() / "sdq1", "dm-0", "253:0", "vg-data")
    assert "vg-data" in _refusal(kernel)


def test_a_disk_behind_a_loop_device(kernel: Kernel, tmp_path: Path) -> None:
    _block_node(tmp_path / "sdq2", 2)
    kernel.disk()
    kernel.loop(str(tmp_path / "sdq2"))
    assert "loop3" in _refusal(kernel)


def test_a_partition_names_its_disk(kernel: Kernel) -> None:
    kernel.disk()
    with pytest.raises(flash.Refused) as refused:
        flash.disk_of("/dev/sdq1", "240:1", kernel.machine())
    assert "/dev/sdq" in refused.value.hint


@pytest.mark.parametrize(
    ("attribute", "value", "word"),
    [
        ("ro", "1", "read-only"),
        ("size", "0", "medium"),
        ("queue/logical_block_size", "4096", "4096"),
        ("dm/name", "vg-x", "mapped"),
    ],
)
def test_a_disk_that_cannot_take_an_image(kernel: Kernel, attribute: str, value: str, word: str) -> None:
    _put(kernel.disk() / attribute, value)
    assert word in _refusal(kernel)


def test_a_machine_that_lists_no_mounts_is_not_trusted(image: Path, device: Path, kernel: Kernel) -> None:
    kernel.mounts.clear()
    assert run(image, device, "--yes", machine=kernel.machine()) == 8


def test_a_device_node_is_looked_up_by_its_number(
    image: Path, kernel: Kernel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = _block_node(tmp_path / "sdq", 0)
    kernel.disk()
    kernel.mount("240:1", "/media/stick")
    assert run(image, node, "--yes", machine=kernel.machine()) == 6
    assert "/media/stick" in capsys.readouterr().err


def test_what_is_on_a_disk_is_shown_without_control_characters(kernel: Kernel, tmp_path: Path) -> None:
    node = _block_node(tmp_path / "sdq", 0)
    kernel.disk()
    target = flash.inspect(str(node), kernel.machine())
    out = io.StringIO()
    flash.show(target, flash.Report(out))
    assert "old2" in out.getvalue()
    assert "Stick" in out.getvalue()
    assert "\x1b" not in out.getvalue()


# Real block devices, where this machine lends one.


@pytest.fixture
def loop(device: Path) -> Iterator[str]:
    losetup = _need("losetup")
    attached = subprocess.run(
        [losetup, "-f", "--show", str(device)], capture_output=True, text=True, timeout=60, check=False
    )
    if attached.returncode != 0:
        pytest.skip(f"no loop device here: {attached.stderr.strip()}")
    name = attached.stdout.strip()
    yield name
    subprocess.run([losetup, "-d", name], check=True, timeout=60)


def test_a_real_block_device_takes_image_and_configuration(
    image: Path, device: Path, loop: str, config: Path
) -> None:
    assert run(image, loop, "--yes", "--config", config) == 0
    assert device.read_bytes()[:MIB] == image.read_bytes()[:MIB]
    assert device.read_bytes()[9 * MIB : IMAGE_SIZE] == image.read_bytes()[9 * MIB :]
    assert placed(device) == CONFIG


def test_a_file_that_is_really_a_loop_devices(image: Path, device: Path, loop: str) -> None:
    before = device.read_bytes()
    assert run(image, device, "--yes") == 6
    assert device.read_bytes() == before


def test_a_device_that_is_really_mounted(
    image: Path, loop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Kernels for containers often know no FAT.
    subprocess.run([_need("mkfs.ext4"), "-qF", loop], check=True, capture_output=True, timeout=60)
    where = tmp_path / "mounted"
    where.mkdir()
    mounted = subprocess.run(["mount", loop, where], capture_output=True, text=True, timeout=60, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mounting does not work here: {mounted.stderr.strip()}")
    try:
        assert run(image, loop, "--yes") == 6
        assert str(where) in capsys.readouterr().err
    finally:
        subprocess.run(["umount", where], check=True, timeout=60)


def test_a_device_that_the_kernel_gives_to_somebody_else(image: Path, loop: str, device: Path) -> None:
    before = device.read_bytes()
    taken = os.open(loop, os.O_RDONLY | os.O_EXCL)
    try:
        assert run(image, loop, "--yes") == 6
    finally:
        os.close(taken)
    assert device.read_bytes() == before


# What a failure leaves.


PAUSED_IN_A_WRITE = """
import os, runpy, sys, time
real, calls = os.pwrite, 0
def slow(fd, data, offset):
    global calls
    calls += 1
    if calls == 5:
        print("in a write", flush=True)
        time.sleep(60)
    return real(fd, data, offset)
os.pwrite = slow
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_signal_amid_writing_leaves_no_table(
    packed: Path, image: Path, device: Path, number: signal.Signals, status: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PAUSED_IN_A_WRITE, SCRIPT, packed, device, "--yes"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert any("in a write" in line for line in process.stdout), "it ended before the write"
        process.send_signal(number)
        _, complaint = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == status
    assert not has_table(device)
    if status == 130:
        assert f"{device} is incomplete" in complaint


@pytest.mark.parametrize("cut", range(3, WRITES + 1))
def test_a_device_that_goes_away_at_any_write_has_no_table(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    writes = _count_writes(monkeypatch, cut)
    assert run(image, device, "--yes", machine=idle) == 8
    assert len(writes) >= cut
    assert not has_table(device)


def test_the_table_is_the_last_thing_written(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = _count_writes(monkeypatch, None)
    assert run(image, device, "--yes", machine=idle) == 0
    assert len(writes) == WRITES
    assert writes[-1] == 0


def _count_writes(monkeypatch: pytest.MonkeyPatch, cut: int | None) -> list[int]:
    """Offsets of all writes; from the write number `cut` on the device is gone."""
    real, writes = flash.write_at, list[int]()

    def write_at(fd: int, data: bytes, offset: int) -> None:
        writes.append(offset)
        if cut is not None and len(writes) >= cut:
            raise flash.Failed("the device is gone")
        real(fd, data, offset)

    monkeypatch.setattr(flash, "write_at", write_at)
    return writes


@pytest.mark.parametrize("damaged", [700, MIB, 5 * MIB + 12345, IMAGE_SIZE - 1])
def test_a_byte_that_comes_back_different_is_named(
    image: Path,
    device: Path,
    idle: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damaged: int,
) -> None:
    os.truncate(device, IMAGE_SIZE)
    monkeypatch.setattr(flash, "write_at", _worn(damaged))
    assert run(image, device, "--yes", machine=idle) == 9
    assert f"first at byte {damaged}\n" in capsys.readouterr().err.replace(".", "\n")
    assert not has_table(device)


def test_without_reading_back_a_worn_device_is_not_noticed(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flash, "write_at", _worn(5 * MIB))
    assert run(image, device, "--yes", "--no-verify", machine=idle) == 0
    assert not starts_with(device, image)


def _worn(damaged: int) -> Callable[[int, bytes, int], None]:
    """A `write_at` to a device whose byte at `damaged` has one bit that flips."""
    real = flash.write_at

    def write_at(fd: int, data: bytes, offset: int) -> None:
        # Zeros in such a piece only take away what was there.
        if data != bytes(MIB) and offset <= damaged < offset + len(data):
            changed = bytearray(data)
            changed[damaged - offset] ^= 0x10
            data = bytes(changed)
        real(fd, data, offset)

    return write_at


@pytest.mark.parametrize("damage", ["cut off", "one byte", "checksum", "longer than its table says"])
def test_a_damaged_zstd_image_leaves_no_table(
    packed: Path, device: Path, idle: Any, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    content = bytearray(packed.read_bytes())
    if damage == "cut off":
        del content[-MIB:]
    elif damage == "one byte":
        content[-MIB] ^= 1
    elif damage == "checksum":
        # Every block unpacks; only zstd's last word says that something is wrong.
        content[-1] ^= 1
    else:
        more = subprocess.run([_need("zstd"), "-c"], input=b"more", capture_output=True, check=True)
        content += more.stdout
    packed.write_bytes(content)
    assert run(packed, device, "--yes", machine=idle) == 7
    assert "incomplete" in capsys.readouterr().err
    assert not has_table(device)


def test_an_image_that_changes_between_two_readings(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = flash.write_at

    def write_at(fd: int, data: bytes, offset: int) -> None:
        if offset == 4 * MIB:
            with image.open("r+b") as file:
                file.seek(2 * MIB)
                file.write(b"changed")
        real(fd, data, offset)

    monkeypatch.setattr(flash, "write_at", write_at)
    assert run(image, device, "--yes", "--no-verify", machine=idle) == 7
    assert not has_table(device)


def test_a_device_may_take_less_than_it_is_given(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[:1000000], offset))
    assert run(image, device, "--yes", "--no-verify", machine=idle) == 0
    assert starts_with(device, image)


def test_a_write_that_fails_says_where(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = os.pwrite

    def pwrite(fd: int, data: Any, offset: int) -> int:
        if 8 * MIB <= offset < IMAGE_SIZE:
            raise OSError(5, "Input/output error")
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    assert run(image, device, "--yes", machine=idle) == 8
    complaint = capsys.readouterr().err
    assert "Input/output error" in complaint
    assert "incomplete" in complaint


# sotto.toml.


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_bytes(CONFIG)
    return path


def placed(device: Path) -> bytes:
    return subprocess.run(
        ["mtype", "-i", f"{device}@@{ESP_AT}", "::sotto.toml"],
        env={**os.environ, "MTOOLS_SKIP_CHECK": "1"},
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout


def test_a_configuration_is_on_the_esp(image: Path, device: Path, config: Path, idle: Any) -> None:
    assert run(image, device, "--yes", "--config", config, machine=idle) == 0
    assert placed(device) == CONFIG


def test_a_configuration_alone_replaces_the_one_before(
    image: Path, device: Path, config: Path, idle: Any
) -> None:
    assert run(image, device, "--yes", "--config", config, machine=idle) == 0
    slot = device.read_bytes()[ESP_AT + ESP_SIZE :]
    config.write_bytes(b'name = "Hall"\n')
    assert run("--config-only", device, "--config", config, machine=idle) == 0
    assert placed(device) == b'name = "Hall"\n'
    assert device.read_bytes()[ESP_AT + ESP_SIZE :] == slot


@pytest.mark.parametrize("label", ["", "other_1"])
def test_a_configuration_alone_for_a_disk_that_is_not_ours(
    device: Path, config: Path, idle: Any, label: str
) -> None:
    os.truncate(device, 0)
    os.truncate(device, IMAGE_SIZE)
    if label:
        _partition(device, label)
    before = device.read_bytes()
    assert run("--config-only", device, "--config", config, machine=idle) == 6
    assert device.read_bytes() == before


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("content", "status", "word"),
    [
        (b'name = "Kitchen', 2, "valid TOML"),
        ("name = “Kitchen”".encode(), 2, "straight quotes"),
        (b"name = \xff", 2, "byte 7"),
        (b"\xef\xbb\xbfname = 1", 2, "byte order mark"),
        (b"x = " + b"[" * 30000, 2, "nested"),
        (b"#" * (64 * 1024 + 1), 4, "64 KiB"),
    ],
    ids=["open text", "curly quotes", "not UTF-8", "byte order mark", "deep", "large"],
)
def test_a_configuration_that_cannot_be_used(
    image: Path,
    device: Path,
    config: Path,
    idle: Any,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    status: int,
    word: str,
) -> None:
    config.write_bytes(content)
    assert run(image, device, "--yes", "--config", config, machine=idle) == status
    assert word in capsys.readouterr().err


@pytest.mark.usefixtures("untouched")
def test_a_configuration_that_is_missing(image: Path, device: Path, tmp_path: Path, idle: Any) -> None:
    assert run(image, device, "--yes", "--config", tmp_path / "none.toml", machine=idle) == 3


@pytest.mark.usefixtures("untouched")
def test_a_password_is_not_in_the_complaint(
    image: Path, device: Path, config: Path, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_bytes(b'[wifi]\npassword = "hunter2 is secret\n')
    assert run(image, device, "--yes", "--config", config, machine=idle) == 2
    assert "hunter2" not in "".join(capsys.readouterr())


@pytest.mark.usefixtures("untouched")
def test_without_mtools(
    image: Path, device: Path, config: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(image, device, "--yes", "--config", config, machine=idle) == 5


def test_an_esp_that_mtools_cannot_use_leaves_a_whole_image_and_says_so(
    image: Path, device: Path, config: Path, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with image.open("r+b") as file:
        file.seek(ESP_AT)
        file.write(bytes(MIB))
    assert run(image, device, "--yes", "--config", config, machine=idle) == 8
    assert starts_with(device, image)
    assert "--config-only" in capsys.readouterr().err


# Pure parts.


@given(st.binary(max_size=4096))
def test_any_bytes_are_a_table_or_none(content: bytes) -> None:
    assert flash.read_table(content) is None
    assert flash.read_table(bytes(512) + b"EFI PART" + content) is None


@given(st.integers(0, 1 << 40), st.integers(1, 1 << 40), st.floats(0, 1e6))
def test_a_progress_line_is_one_line(done: int, total: int, elapsed_s: float) -> None:
    line = flash.progress_line("writing", min(done, total), total, elapsed_s)
    assert "\n" not in line
    assert f"{100 * min(done, total) // total} %" in line


def _shown(out: io.StringIO) -> str:
    clock = iter(range(0, 10_000, 1))
    report = flash.Report(out, lambda: float(next(clock)))
    for done in range(101):
        report.progress("writing", done * MIB, 100 * MIB)
    return out.getvalue()


def test_progress_without_a_terminal_is_a_few_plain_lines() -> None:
    text = _shown(io.StringIO())
    assert text.count("\n") == 10
    assert "\r" not in text
    assert text.splitlines()[-1].startswith("writing: 105 of 105 MB, 100 %, 1.0 MB/s, 0:00")


def test_progress_on_a_terminal_is_one_line_that_changes() -> None:
    text = _shown(Terminal())
    assert text.count("\n") == 1
    assert text.count("\r") == 100

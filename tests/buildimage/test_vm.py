"""The command line of the emulator as data, and a disk for it that is whole or not there."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from buildimage import vm
from buildimage.vm import Machine, newest_image, unpack
from common.errors import InvalidInput, NotFound, StorageError, Unavailable


def _machine(arch: str) -> Machine:
    return Machine(
        arch,
        disk=Path("/vm/disk.raw"),
        variables=Path("/vm/variables.fd"),
        serial=Path("/vm/serial.log"),
        monitor=Path("/vm/monitor"),
        ssh_port=2222,
    )


def _option(line: list[str], name: str) -> list[str]:
    """The values of an option, in order."""
    return [value for option, value in pairwise(line) if option == name]


def test_an_x86_64_machine() -> None:
    line = _machine("x86-64").command()
    model = line.index("-cpu")
    assert line[:model] + line[model + 2 :] == [
        "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi",
        "-m", "2048", "-smp", "2",
        "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd",
        "-drive", "if=pflash,format=raw,unit=1,file=/vm/variables.fd",
        "-drive", "file=/vm/disk.raw,format=raw,if=none,id=disk,cache=writeback",
        "-device", "virtio-blk-pci,drive=disk,bootindex=1", "-device", "virtio-rng-pci",
        "-vga", "none", "-display", "none", "-serial", "file:/vm/serial.log",
        "-qmp", "unix:/vm/monitor,server=on,wait=off",
        "-smbios", "type=11,value=io.systemd.stub.kernel-cmdline-extra=console=ttyS0",
        "-netdev", "user,id=net,hostfwd=tcp:127.0.0.1:2222-:22",
        "-device", "virtio-net-pci,netdev=net,romfile=",
    ]  # fmt: skip


def test_an_arm64_machine() -> None:
    line = _machine("arm64").command()
    assert line[:7] == [
        "qemu-system-aarch64", "-machine", "virt", "-accel", "tcg,thread=multi", "-cpu", "cortex-a72",
    ]  # fmt: skip
    assert "/usr/share/AAVMF/AAVMF_CODE.fd" in _option(line, "-drive")[0]
    assert _option(line, "-smbios")[0].endswith("=console=ttyAMA0")


def test_the_box_is_reached_from_this_machine_alone() -> None:
    for arch in ("x86-64", "arm64"):
        forwards = [value for value in _machine(arch).command() if "hostfwd" in value]
        assert forwards == ["user,id=net,hostfwd=tcp:127.0.0.1:2222-:22"]


def test_secure_boot_has_its_own_firmware_and_protects_its_variables() -> None:
    line = replace(_machine("x86-64"), secure_boot=True).command()
    assert _option(line, "-machine") == ["q35,smm=on"]
    assert "OVMF_CODE_4M.secboot.fd" in _option(line, "-drive")[0]
    assert _option(line, "-global") == ["driver=cfi.pflash01,property=secure,value=on"]


def test_a_pulled_cable_is_no_card() -> None:
    line = replace(_machine("x86-64"), network=False).command()
    assert _option(line, "-nic") == ["none"]
    assert "-netdev" not in line


def test_kvm_is_asked_for_only() -> None:
    assert _option(_machine("x86-64").command(), "-accel") == ["tcg,thread=multi"]
    assert _option(replace(_machine("x86-64"), kvm=True).command(), "-accel") == ["kvm"]


def test_a_grown_disk_is_qcow2() -> None:
    line = replace(_machine("x86-64"), disk=Path("/vm/disk.qcow2")).command()
    assert _option(line, "-drive")[2].startswith("file=/vm/disk.qcow2,format=qcow2,")


def test_more_arguments_come_last() -> None:
    assert replace(_machine("x86-64"), extra=("-audiodev", "none,id=a")).command()[-2:] == [
        "-audiodev",
        "none,id=a",
    ]


def test_a_comma_begins_no_option() -> None:
    machine = replace(_machine("x86-64"), disk=Path("/a,b/disk.raw"), kernel_words="console=ttyS1,115200")
    line = machine.command()
    assert _option(line, "-drive")[2].startswith("file=/a,,b/disk.raw,format=raw")
    assert _option(line, "-smbios")[0].endswith("=console=ttyS0 console=ttyS1,,115200")


@pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="needs qemu-system-x86_64")
def test_the_emulator_takes_the_command_line(tmp_path: Path) -> None:
    """It is started on an empty disk, without a processor running, and told to leave."""
    disk, variables = tmp_path / "a,b.raw", tmp_path / "variables.fd"
    disk.write_bytes(bytes(1 << 20))
    try:
        vm.new_variables("x86-64", variables)
    except Unavailable as error:
        pytest.skip(error.message)
    machine = Machine("x86-64", disk, variables, tmp_path / "serial", tmp_path / "monitor", 0, memory_mb=64)
    line = [*replace(machine, network=False).command(), "-S", "-monitor", "stdio"]
    done = subprocess.run(line, input="quit\n", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_newest_disk_is_found_among_the_artefacts(tmp_path: Path) -> None:
    for name, age in (("sotto_1.raw.zst", 20), ("sotto_2.raw.zst", 10), ("sotto_2.root-x_ab.raw.zst", 0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1_700_000_000 - age, 1_700_000_000 - age))
    assert newest_image(tmp_path) == tmp_path / "sotto_2.raw.zst"


def test_no_image_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        newest_image(tmp_path / "nowhere")
    assert "make image" in caught.value.hint


def test_missing_firmware_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vm.FIRMWARE, "arm64", ("/nowhere/code.fd", "/nowhere/variables.fd"))
    with pytest.raises(Unavailable, match=r"/nowhere/variables\.fd is missing"):
        vm.new_variables("arm64", tmp_path / "variables.fd")


def _packed(folder: Path) -> Path:
    """A disk image of three mebibytes, compressed."""
    folder.mkdir(parents=True)
    (folder / "sotto_1.raw").write_bytes(os.urandom(1000) + bytes(3 << 20))
    subprocess.run(["zstd", "-q", "--rm", str(folder / "sotto_1.raw")], check=True)
    return folder / "sotto_1.raw.zst"


needs_zstd = pytest.mark.skipif(not shutil.which("zstd"), reason="needs zstd")
needs_firmware = pytest.mark.skipif(
    not all(Path(file).exists() for file in vm.FIRMWARE["x86-64"]), reason="needs UEFI firmware (apt: ovmf)"
)


@needs_zstd
def test_a_disk_is_as_large_as_asked(tmp_path: Path) -> None:
    unpack(_packed(tmp_path / "x86-64"), tmp_path / "disk.raw", "8M")
    assert (tmp_path / "disk.raw").stat().st_size == 8 << 20


@needs_zstd
def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    image = _packed(tmp_path / "x86-64")
    image.write_bytes(image.read_bytes()[:-200])
    with pytest.raises(StorageError, match=r"sotto_1\.raw\.zst cannot be unpacked"):
        unpack(image, tmp_path / "disk.raw")


def _options(build: Path, **changes: object) -> argparse.Namespace:
    plain = {"build": build, "arch": "x86-64", "port": 2222, "fresh": False, "kvm": False, "config": None}
    return argparse.Namespace(**{**plain, **changes})


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH that has everything; the emulator says what it was given, the others are real or do nothing."""
    folder = tmp_path / "path"
    folder.mkdir()
    for name in ("qemu-system-x86_64", "mcopy"):
        (folder / name).write_text('#!/bin/sh\necho "$@" > "${0%/*}/called"\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"arch": "riscv"}, InvalidInput, "ARCH=riscv"),
        ({"arch": "../x86-64"}, InvalidInput, "is not known"),
        ({"port": 0}, InvalidInput, "PORT=0"),
        ({"port": 70000}, InvalidInput, "PORT=70000"),
        ({"config": Path("/nowhere/sotto.toml")}, NotFound, "/nowhere/sotto.toml"),
        ({}, NotFound, "there is no image"),
    ],
)
def test_a_wrong_option_is_named_before_the_disk_is_touched(
    tools: Path, tmp_path: Path, changes: dict[str, object], kind: type[Exception], words: str
) -> None:
    disk = tmp_path / "build/vm/x86-64/disk.raw"
    disk.parent.mkdir(parents=True)
    disk.write_text("state of an earlier run")
    with pytest.raises(kind, match=words):
        vm.run(_options(tmp_path / "build", fresh=True, **changes), tmp_path)
    assert disk.read_text() == "state of an earlier run"


def test_the_emulator_of_the_architecture_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="qemu-system-aarch64"):
        vm.run(_options(tmp_path, arch="arm64"), tmp_path)


@needs_zstd
@needs_firmware
def test_a_half_made_disk_is_not_booted(tools: Path, tmp_path: Path) -> None:
    image = _packed(tmp_path / "build/x86-64")
    # flash is not there, so the disk cannot be finished.
    with pytest.raises(InvalidInput, match="could not be placed"):
        vm.run(_options(tmp_path / "build"), tmp_path)
    assert not (tmp_path / "build/vm/x86-64/disk.raw").exists()
    _flash(tmp_path)
    vm.run(_options(tmp_path / "build"), tmp_path)
    assert (tools / "called").exists()
    assert image.exists()


def _flash(repository: Path) -> None:
    (repository / "buildimage").mkdir()
    (repository / "buildimage/flash").write_text("")


@needs_zstd
@needs_firmware
def test_state_is_kept_until_asked_otherwise(tools: Path, tmp_path: Path) -> None:
    _packed(tmp_path / "build/x86-64")
    _flash(tmp_path)
    disk = tmp_path / "build/vm/x86-64/disk.raw"
    vm.run(_options(tmp_path / "build"), tmp_path)
    disk.write_text("state")
    vm.run(_options(tmp_path / "build"), tmp_path)
    assert disk.read_text() == "state"
    vm.run(_options(tmp_path / "build", fresh=True), tmp_path)
    assert disk.stat().st_size > 1 << 20


@needs_zstd
@needs_firmware
@pytest.mark.parametrize("own", [True, False])
def test_the_key_that_is_named_opens_the_box(
    tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], own: bool
) -> None:
    _packed(tmp_path / "build/x86-64")
    _flash(tmp_path)
    config = tmp_path / "mine.toml"
    config.write_text('[access]\nssh_keys = ["ssh-ed25519 AAAA me"]\n')
    vm.run(_options(tmp_path / "build", config=config if own else None), tmp_path)
    told = capsys.readouterr().out
    assert (" -i " in told) is not own

"""The initial RAM disk of the emulated machine: this Python, its libraries, our code, kernel modules."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from tests.conftest import REPOSITORY

#: In the order in which they are loaded; what a kernel has built in is passed over.
MODULES = ("cpufreq_ondemand", "cpufreq_powersave", "acpi-cpufreq", "ac", "battery")
_PROGRAMS = ("dbus-daemon",)
#: Parts of the standard library that a daemon never needs, and that are large.
_LEFT_OUT = (
    "test",
    "idlelib",
    "ensurepip",
    "tkinter",
    "lib2to3",
    "turtledemo",
    "site-packages",
    "__pycache__",
)
#: Prints name and file of every module that powerd loads and that the standard library does not have.
_IMPORTED = """
import sys
sys.modules["ssl"] = None  # as in services.powerd.main
import services.powerd.main, services.powerd.daemon, services.powerd.restore
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] in ("assistant", "common", "dbus_next", "power", "services"):
        print(name, module.__file__, sep="\\t")
"""


def build(target: Path, modules: Path, version: str) -> None:
    """Write the compressed archive for the kernel `version` whose modules lie in `modules`."""
    root = target.parent / "ramdisk"
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("dev", "proc", "sys", "run", "tmp", "bin", "modules", "app", "etc"):
        (root / folder).mkdir(parents=True)
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = Path(sysconfig.get_path("stdlib"))
    _copy(root, python)
    for source in _library_files(library):
        _copy(root, source)
    programs = [Path(found) for name in _PROGRAMS if (found := shutil.which(name))]
    natives = [python, *programs, *(library / "lib-dynload").glob("*.so")]
    for program in programs:
        _copy(root, program)
    for needed in _shared(natives):
        _copy(root, needed)
    _code(root / "app")
    for name in MODULES:
        _module(modules / version, name, root / "modules")
    people = {"root": 0, "sotto": 900, "other": 901, "messagebus": 902}
    lines = [f"{name}:x:{number}:{number}::/:/bin/sh\n" for name, number in people.items()]
    (root / "etc/passwd").write_text("".join(lines))
    (root / "etc/group").write_text("".join(f"{name}:x:{number}:\n" for name, number in people.items()))
    _copy(root, Path("/usr/share/dbus-1/system.conf"))
    policy = Path("usr/share/dbus-1/system.d/org.sotto.Power1.conf")
    (root / policy).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "rootfs" / policy, root / policy)
    shutil.copy(Path(__file__).with_name("guest.py"), root / "app/guest.py")
    (root / "init").write_text(
        f"#!{python} -B\nimport runpy\nrunpy.run_path('/app/guest.py', run_name='__main__')\n"
    )
    (root / "init").chmod(0o755)
    target.write_bytes(gzip.compress(_archive(root), 1))


def _library_files(library: Path) -> Iterable[Path]:
    for source in sorted(library.rglob("*")):
        inside = source.relative_to(library).parts
        if source.is_file() and not any(part in _LEFT_OUT for part in inside) and "config-" not in inside[0]:
            yield source


def _code(app: Path) -> None:
    """Whatever powerd and its restore program import, of ours and of dbus-next."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for line in done.stdout.splitlines():
        name, file = line.split("\t")
        place = app.joinpath(*name.split("."))
        place = place / "__init__.py" if Path(file).name == "__init__.py" else place.with_suffix(".py")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
        if place.name == "__init__.py":
            # Profiles are data beside the modules that read them.
            for data in Path(file).parent.glob("*.toml"):
                shutil.copy(data, place.parent)


def _module(folder: Path, name: str, target: Path) -> None:
    found = next(folder.rglob(f"{name}.ko*"), None)
    if found is None:
        return
    data = found.read_bytes()
    (target / f"{name}.ko").write_bytes(lzma.decompress(data) if found.suffix == ".xz" else data)


def _shared(natives: list[Path]) -> list[Path]:
    """Shared libraries that programs and extensions need, by ldd."""
    needed: set[Path] = set()
    for native in natives:
        done = subprocess.run(["ldd", str(native)], capture_output=True, text=True, timeout=30)
        for line in done.stdout.splitlines():
            words = line.split()
            path = words[2] if "=>" in words and len(words) > 2 else words[0] if words else ""
            if path.startswith("/"):
                needed.add(Path(path))
    return sorted(needed)


def _copy(root: Path, source: Path) -> None:
    target = root / str(source).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copyfile(source, target)
        target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _archive(root: Path) -> bytes:
    """A cpio archive in the format "newc" (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    parts: list[bytes] = []
    for number, path in enumerate(sorted(root.rglob("*")), 1):
        status = path.lstat()
        data = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        parts.append(_entry(str(path.relative_to(root)), number, status.st_mode, data))
    parts.append(_entry("dev/console", 0x7FFFFFFF, stat.S_IFCHR | 0o600, b"", device=(5, 1)))
    # Python asks for random numbers before anything is mounted.
    parts.append(_entry("dev/urandom", 0x7FFFFFFE, stat.S_IFCHR | 0o444, b"", device=(1, 9)))
    parts.append(_entry("TRAILER!!!", 0, 0, b""))
    return b"".join(parts)


def _entry(name: str, number: int, mode: int, data: bytes, device: tuple[int, int] = (0, 0)) -> bytes:
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + "".join(f"{value:08x}" for value in fields).encode() + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)

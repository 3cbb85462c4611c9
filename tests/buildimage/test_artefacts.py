"""The last step: names, sums that sha256sum accepts, and a folder that never holds half of two versions."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from buildimage.artefacts import LIMITS, finish, summary, write_sums
from buildimage.inputs import Locks
from common.errors import SottoError
from tests.buildimage.host_tools import HostTools, host_tools

_ROOT = "root-x86-64_a2d5ad95a715704dfa2c556693ab3c5d.raw"
_VERITY = "root-x86-64-verity_5e830adef17b931d01948510f41db77b.raw"


@pytest.fixture
def tools(tmp_path: Path) -> HostTools:
    return host_tools(tmp_path / "root", "zstd", "xz")


@pytest.fixture
def locks(tmp_path: Path) -> Locks:
    (tmp_path / "locks").mkdir()
    for name in ("debs-x86-64", "wheels-x86-64", "models"):
        (tmp_path / f"locks/{name}.lock").write_text("# nothing\n")
    return Locks(tmp_path / "locks")


def _made(folder: Path, version: str) -> Path:
    """What mkosi leaves, in small."""
    folder.mkdir(parents=True)
    stem = f"sotto_{version}"
    for name in (f"{stem}.raw", f"{stem}.efi", f"{stem}.esp.raw", f"{stem}.{_ROOT}", f"{stem}.{_VERITY}"):
        (folder / name).write_bytes(f"{name} ".encode() * 1000)
    package = {"type": "deb", "name": "bash", "version": "5-1", "architecture": "amd64"}
    for name in (stem, "initrd"):
        (folder / f"{name}.manifest").write_text(json.dumps({"manifest_version": 1, "packages": [package]}))
    return folder


@pytest.fixture
def built(tmp_path: Path, tools: HostTools, locks: Locks) -> Path:
    """A folder of artefacts of version 1."""
    out = tmp_path / "build/x86-64"
    finish(_made(tmp_path / "made-1", "1"), out, "1", "x86-64", tools, locks, None, {"packing": 61.5})
    return out


def _names(out: Path) -> set[str]:
    return {path.name for path in out.iterdir()}


def _contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_the_artefacts_have_the_names_of_updates(built: Path) -> None:
    assert _names(built) == {
        "SHA256SUMS", "report.json", "sotto_1.efi", "sotto_1.raw.zst", "sotto_1.manifest.json",
        "sotto_1.spdx.json", f"sotto_1.{_ROOT}.xz", f"sotto_1.{_VERITY}.xz",
    }  # fmt: skip


def test_sha256sum_accepts_the_sums(built: Path) -> None:
    command = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    checked = subprocess.run(command, cwd=built, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert len(checked.stdout.splitlines()) == len(_names(built)) - 2


def test_sha256sum_sees_a_changed_artefact(built: Path) -> None:
    with (built / "sotto_1.efi").open("ab") as stream:
        stream.write(b"x")
    command = ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"]
    checked = subprocess.run(command, cwd=built, capture_output=True, text=True, check=False)
    assert checked.stdout == "sotto_1.efi: FAILED\n"


def test_sums_are_of_artefacts_alone_and_sorted(tmp_path: Path) -> None:
    for name in ("sotto_2.efi", "sotto_1.efi", "report.json", "SHA256SUMS.gpg"):
        (tmp_path / name).write_text(name)
    write_sums(tmp_path)
    assert (tmp_path / "SHA256SUMS").read_text() == "".join(
        f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in ("sotto_1.efi", "sotto_2.efi")
    )


@pytest.mark.parametrize(
    ("packed", "made", "unpack"),
    [("sotto_1.raw.zst", "sotto_1.raw", "zstd"), (f"sotto_1.{_ROOT}.xz", f"sotto_1.{_ROOT}", "xz")],
)
def test_what_was_packed_unpacks_to_the_same(
    built: Path, tmp_path: Path, packed: str, made: str, unpack: str
) -> None:
    bytes_ = subprocess.run([unpack, "-dc", str(built / packed)], check=True, capture_output=True).stdout
    assert bytes_ == (tmp_path / "made-1" / made).read_bytes()


def test_the_same_input_gives_the_same_bytes(
    built: Path, tmp_path: Path, tools: HostTools, locks: Locks
) -> None:
    again = tmp_path / "elsewhere/x86-64"
    finish(_made(tmp_path / "made-again", "1"), again, "1", "x86-64", tools, locks, None, {"packing": 7.0})
    first, second = _contents(built), _contents(again)
    assert {name for name in first if first[name] != second[name]} == {"report.json"}


def test_a_package_of_image_and_initrd_is_listed_for_both(built: Path) -> None:
    manifest = json.loads((built / "sotto_1.manifest.json").read_text())
    assert [package["in"] for package in manifest["packages"]] == ["image", "initrd"]


def test_a_new_version_takes_the_place_of_the_old(
    built: Path, tmp_path: Path, tools: HostTools, locks: Locks
) -> None:
    finish(_made(tmp_path / "made-2", "2"), built, "2", "x86-64", tools, locks, None, {})
    assert not [name for name in _names(built) if name.startswith("sotto_1.")]
    assert sorted(path.name for path in (built.parent / "work/x86-64").iterdir()) == ["logs"]


class _Failing(HostTools):
    """xz fails, as on a full disk, when half of the artefacts are there."""

    def run(
        self,
        command: Sequence[str],
        *,
        binds: Mapping[Path, str],
        cwd: str = "/",
        environment: Mapping[str, str] | None = None,
        log: Path,
    ) -> None:
        if "xz" in command[-1]:
            command = ["sh", "-c", "echo No space left on device >&2; exit 1"]
        super().run(command, binds=binds, cwd=cwd, environment=environment, log=log)


def test_an_interrupted_step_leaves_the_old_version_whole(
    built: Path, tmp_path: Path, tools: HostTools, locks: Locks
) -> None:
    before = _contents(built)
    made = _made(tmp_path / "made-2", "2")
    with pytest.raises(SottoError):
        finish(made, built, "2", "x86-64", _Failing(tools.root), locks, None, {})
    assert _contents(built) == before


def test_what_an_interrupted_step_left_is_not_in_the_next(
    built: Path, tmp_path: Path, tools: HostTools, locks: Locks
) -> None:
    left = built.parent / "work/x86-64/finished"
    left.mkdir()
    (left / "sotto_0.efi").touch()
    finish(_made(tmp_path / "made-2", "2"), built, "2", "x86-64", tools, locks, None, {})
    assert "sotto_0.efi" not in _names(built)


@pytest.mark.parametrize("lost", ["sotto_1.efi", "sotto_1.raw", f"sotto_1.{_VERITY}", "initrd.manifest"])
def test_what_mkosi_left_out_is_named(tmp_path: Path, tools: HostTools, locks: Locks, lost: str) -> None:
    made = _made(tmp_path / "made", "1")
    (made / lost).unlink()
    with pytest.raises(SottoError, match="verity" if "verity" in lost else lost.replace(".", r"\.")):
        finish(made, tmp_path / "build/x86-64", "1", "x86-64", tools, locks, None, {})
    assert not (tmp_path / "build/x86-64").exists()


def test_the_report_has_sizes_and_times(built: Path) -> None:
    report = json.loads((built / "report.json").read_text())
    sizes = {path.name: path.stat().st_size for path in built.iterdir()}
    update = sum(size for name, size in sizes.items() if name.endswith((".xz", ".efi")))
    assert (report["bytes"]["disk"], report["bytes"]["update"]) == (sizes["sotto_1.raw.zst"], update)
    assert (report["limits"], report["seconds"], report["signed"]) == (LIMITS, {"packing": 61.5}, False)


def test_the_summary_is_for_people(tmp_path: Path) -> None:
    size = {"disk": 423_825_374, "slot": 392_310_784, "kernel": 34_265_176, "update": 413_310_716}
    report = {"version": "1.2.0", "architecture": "x86-64", "bytes": size, "signed": True}
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert summary(tmp_path, {"a": 100.2, "b": 49.9}).splitlines() == [
        f"sotto: image 1.2.0 for x86-64 is in {tmp_path}",
        "  disk image, compressed     423.8 MB (limit 450)",
        "  content of a slot          392.3 MB (limit 700)",
        "  kernel image                34.3 MB (limit 40)",
        "  a whole update             413.3 MB",
        "  built in                     150 s",
        "  signed with the owner's keys",
    ]

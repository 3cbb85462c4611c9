"""The last step of a build: artefacts under their names, checksums, signature, bill of materials, report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from buildimage import sbom
from buildimage.download import digest_of
from buildimage.inputs import Locks
from buildimage.keys import sign_sums
from buildimage.tools import Tools
from common.errors import SottoError

#: Kept small enough to send, made quickly enough to wait for.
_ZSTD = ("zstd", "-q", "-10", "-T2", "--no-progress", "--force")
#: systemd 257 unpacks slots of an update itself, and knows xz but not zstd. Their content is packed already,
#: so the least effort does; two threads make the same bytes everywhere, one or "all" do not.
_XZ = "xz -0 --threads=2 --stdout"
#: What the numbers of the project say, bytes; the report shows both.
LIMITS = {"disk": 450_000_000, "slot": 700_000_000, "kernel": 40_000_000}


def finish(
    made: Path,
    out: Path,
    version: str,
    arch: str,
    tools: Tools,
    locks: Locks,
    keys: Path | None,
    seconds: Mapping[str, float],
) -> None:
    """Bring what mkosi made into `out`, which then holds exactly this version.

    Args:
        made: mkosi's output folder.
        out: exchanged for the new folder when all is in that; until then it keeps the version before.
        version: of the image.
        arch: "x86-64" or "arm64".
        tools: brings zstd and gpg.
        locks: name the parts of the bill of materials.
        keys: the owner's keys, or None.
        seconds: of each step so far, for the report.

    Raises:
        SottoError: mkosi left something out, or a tool failed.
    """
    work = out.parent / "work" / arch
    stem = f"sotto_{version}"
    disk = made / f"{stem}.raw"
    kernel = made / f"{stem}.efi"
    slots = sorted(made.glob(f"{stem}.root-*_*.raw"))
    manifests = (made / f"{stem}.manifest", made / "initrd.manifest")
    missing = [path.name for path in (disk, kernel, *manifests) if not path.is_file()]
    if missing or len(slots) != 2:
        raise SottoError(
            f"mkosi made no {', '.join(missing) or 'pair of root and verity'} in {made}",
            hint=f"See {work / 'logs/mkosi.log'}",
            code="build.output",
        )
    log = work / "logs" / "finish.log"
    with _exchanged(out, work) as new:
        shutil.copyfile(kernel, new / kernel.name)
        binds = {made: "/made", new: "/out"}
        tools.run([*_ZSTD, f"/made/{disk.name}", "-o", f"/out/{disk.name}.zst"], binds=binds, log=log)
        for raw in slots:
            tools.run(["sh", "-c", f"{_XZ} < /made/{raw.name} > /out/{raw.name}.xz"], binds=binds, log=log)
        manifest = _merge(*manifests)
        (new / f"{stem}.manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        document = sbom.spdx(manifest["packages"], locks, version, arch)
        (new / f"{stem}.spdx.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
        write_sums(new)
        if keys:
            sign_sums(new, keys, tools, log)
        # What is used of the fixed partition: the file system and its hashes, without the zeros behind.
        slot = sum(raw.stat().st_blocks * 512 for raw in slots)
        packed = sum((new / f"{raw.name}.xz").stat().st_size for raw in slots)
        report = {
            "version": version,
            "architecture": arch,
            "bytes": {
                "disk": (new / f"{disk.name}.zst").stat().st_size,
                "slot": slot,
                "kernel": kernel.stat().st_size,
                "update": packed + kernel.stat().st_size,
            },
            "limits": LIMITS,
            "seconds": dict(seconds),
            "signed": keys is not None,
        }
        (new / "report.json").write_text(json.dumps(report, indent=1) + "\n")


@contextmanager
def _exchanged(out: Path, work: Path) -> Iterator[Path]:
    """A new folder that takes the place of `out` when the block ends well: `out` is never half of two.

    Args:
        out: may be absent.
        work: on the same file system; what an interrupted build left in it is removed.
    """
    new, old = work / "finished", work / "superseded"
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir(parents=True)
    yield new
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def write_sums(folder: Path) -> None:
    """SHA256SUMS of every artefact in `folder`, as sha256sum writes and systemd-sysupdate reads it."""
    files = sorted(path for path in folder.iterdir() if path.name.startswith("sotto_"))
    lines = [f"{digest_of(path)}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def summary(out: Path, seconds: Mapping[str, float]) -> str:
    """What was built, for people."""
    report = json.loads((out / "report.json").read_text())
    lines = [f"sotto: image {report['version']} for {report['architecture']} is in {out}"]
    for name, what in (
        ("disk", "disk image, compressed"),
        ("slot", "content of a slot"),
        ("kernel", "kernel image"),
        ("update", "a whole update"),
    ):
        size = report["bytes"][name] / 1e6
        limit = f" (limit {LIMITS[name] / 1e6:.0f})" if name in LIMITS else ""
        lines.append(f"  {what:<24} {size:7.1f} MB{limit}")
    lines.append(f"  {'built in':<24} {sum(seconds.values()):7.0f} s")
    lines.append(
        "  signed with the owner's keys" if report["signed"] else "  not signed: no keys (make keys)"
    )
    return "\n".join(lines)


def _merge(image: Path, initrd: Path) -> dict[str, Any]:
    """One manifest: the packages of the image and of its initrd, each saying where it lies."""
    packages = []
    for where, path in (("image", image), ("initrd", initrd)):
        for package in json.loads(path.read_text())["packages"]:
            packages.append({**package, "in": where})
    packages.sort(key=lambda package: (package["name"], package["architecture"], package["in"]))
    return {"manifest_version": 1, "packages": packages}

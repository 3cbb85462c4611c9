"""`make bench-image`: sizes, build time, boot split by stage, idle memory, update download; JSON and picture.

The image is booted twice in emulation, on whatever else this machine does: figures of a boot are those of the
second one, when the models are laid out already. Needs a built image (`make image`).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from buildimage.vm import newest_image
from tests.system.box import Box
from tests.system.conftest import flash
from tests.system.images import REPOSITORY

#: What was promised: megabytes and seconds.
PROMISED = {
    "disk_mb": 450,
    "slot_mb": 700,
    "kernel_mb": 40,
    "build_s": 600,
    "ready_s": 90,
    "memory_mb": 450,
}
_SPLIT = re.compile(r"(?:(\d+)min )?([\d.]+)s \((firmware|loader|kernel|initrd|userspace)\)")


def main() -> int:
    """Measure and write build/bench/image.json and image.png."""
    folder = REPOSITORY / "build/image/x86-64"
    report = json.loads((folder / "report.json").read_text())
    figures: dict[str, object] = {
        "disk_mb": report["bytes"]["disk"] / 1e6,
        "slot_mb": report["bytes"]["slot"] / 1e6,
        "kernel_mb": report["bytes"]["kernel"] / 1e6,
        "update_mb": report["bytes"]["update"] / 1e6,
        "build_s": sum(report["seconds"].values()),
        "build_steps_s": report["seconds"],
    }
    figures.update(_boot(newest_image(folder)))
    out = REPOSITORY / "build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "image.json").write_text(json.dumps({"figures": figures, "promised": PROMISED}, indent=1) + "\n")
    _picture(figures, out / "image.png")
    for name, limit in PROMISED.items():
        value = figures[name]
        assert isinstance(value, int | float)
        print(f"  {name:<12} {value:8.1f}  promised at most {limit}{'' if value <= limit else '  MISSED'}")
    print(f"sotto: {out / 'image.json'} and image.png")
    return 0


def _boot(image: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        key, setup = work / "key", work / "sotto.toml"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        setup.write_text(f'[access]\nssh_keys = ["{key.with_suffix(".pub").read_text().strip()}"]\n')
        flash(image, work / "disk.raw", setup)
        box = Box(work, work / "disk.raw", key)
        try:
            box.start()
            box.wait_until_up()
            box.power_button()
            begun = time.monotonic()
            box.start()
            box.wait_until_active("sotto-assistantd")
            outside = time.monotonic() - begun
            ready = box.ssh("systemctl show -p ActiveEnterTimestampMonotonic --value sotto-assistantd")
            box.wait_until_up()
            split = {
                stage: 60 * int(minutes or 0) + float(seconds)
                for minutes, seconds, stage in _SPLIT.findall(box.ssh("systemd-analyze time"))
            }
            used = box.ssh("free -m").splitlines()[1].split()
            blame = box.ssh("systemd-analyze blame --no-pager").splitlines()[:12]
        finally:
            box.pull_the_plug()
    return {
        "ready_s": int(ready) / 1e6,
        "ready_seen_from_outside_s": outside,
        "boot_split_s": split,
        "memory_mb": int(used[2]),
        "slowest_units": [line.strip() for line in blame],
    }


def _picture(figures: dict[str, object], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.5), layout="constrained")
    axes = figure.subplots()
    shares = [float(figures[name]) / limit for name, limit in PROMISED.items()]  # type: ignore[arg-type]
    axes.barh(list(PROMISED), shares, color=["#4a7" if share <= 1 else "#c54" for share in shares])
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("share of what was promised")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    sys.exit(main())

"""An update whose kernel panics uses up its tries, and the version before is there again by itself."""

from __future__ import annotations

from pathlib import Path

from tests.system.conftest import BoxMaker
from tests.system.images import Images
from tests.system.releases import offer, panicking, served
from tests.system.updating import apply_update, fallback, looking_at, wait_for_fallback


def test_an_update_whose_kernel_panics_falls_back(
    make_box: BoxMaker, images: Images, version_2: Path, tmp_path: Path
) -> None:
    offer(tmp_path / "offered", panicking(version_2, "2", "4", tmp_path / "4", images.keys))
    with served(tmp_path / "offered") as port:
        box = looking_at(make_box, port)
        assert apply_update(box, reboot=True) == 0
        wait_for_fallback(box, "4", kept="1")
        assert "Kernel panic" in box.serial
        status = box.status()
        assert (status["running"], status["boot"]) == ("1", "blessed"), status
        assert "did not start" in fallback(box)["text"], status
        assert "pizza" in box.ssh("sotto ask how much time is left").lower()
        # Nor is it tried again.
        assert apply_update(box) != 0 or box.status()["staged"] in ("", None)

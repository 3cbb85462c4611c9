"""An update is kept when the box can still hear, and undone by itself when it cannot.

One box goes through its life in order: 1, then 2 (blessed), then 3 (fails the health check); in between it is
offered what it must refuse.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.box import Box
from tests.system.conftest import BoxMaker
from tests.system.disk import esp_names, flip_byte
from tests.system.images import REPOSITORY, Images
from tests.system.releases import deaf_overlay, offer, served, sign
from tests.system.updating import (
    APPLY_S,
    FALLBACK_S,
    apply_update,
    fallback,
    looking_at,
    wait_for_fallback,
)


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the box looks for updates in."""
    folder = tmp_path_factory.mktemp("offered") / "now"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def box(make_box: BoxMaker, offered: Path) -> Iterator[Box]:
    """A box that has run version 1 once and looks for updates on our server."""
    with served(offered) as port:
        box = looking_at(make_box, port)
        yield box
        box.pull_the_plug()


def test_a_damaged_update_is_refused(box: Box, offered: Path, version_2: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    subprocess.run(["cp", "-r", str(version_2), str(damaged)], check=True)
    root = next(path for path in damaged.glob("*.xz") if "verity" not in path.name)
    flip_byte(root, root.stat().st_size // 2)
    offer(offered, damaged)
    assert apply_update(box) != 0
    assert box.status()["staged"] in ("", None)


def test_a_wrongly_signed_update_is_refused(
    box: Box, offered: Path, version_2: Path, images: Images, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    (stranger / "update-key").mkdir(parents=True, mode=0o700)
    gpg = ["gpg", "--homedir", str(stranger / "update-key"), "--batch", "--no-tty", "--passphrase", ""]
    generate = [*gpg, "--quick-generate-key", "stranger@sotto.invalid", "ed25519", "sign", "0"]
    subprocess.run(generate, check=True, capture_output=True)
    folder = tmp_path / "wrong"
    subprocess.run(["cp", "-r", str(version_2), str(folder)], check=True)
    sign(folder, stranger)
    offer(offered, folder)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        box.ssh("sotto update check", APPLY_S)
    assert b"sign" in refused.value.stderr + refused.value.output


def test_an_update_that_hears_is_kept(box: Box, offered: Path, version_2: Path) -> None:
    offer(offered, version_2)
    assert apply_update(box, reboot=True) == 0
    box.wait_for_version("2", FALLBACK_S)
    status = box.status()
    assert (status["running"], status["slot"], status["boot"]) == ("2", "B", "blessed"), status
    assert "pizza" in box.ssh("sotto ask how much time is left").lower()
    assert "sotto_2.efi" in esp_names(box.disk)


def test_an_older_version_is_refused(box: Box, offered: Path, version_1: Path) -> None:
    offer(offered, version_1)
    assert apply_update(box, "--version 1") != 0
    assert box.status()["staged"] in ("", None)


def test_an_update_that_does_not_hear_falls_back(
    box: Box, offered: Path, images: Images, tmp_path: Path
) -> None:
    offer(offered, images.build("3", deaf_overlay(REPOSITORY, tmp_path / "deaf")))
    assert apply_update(box, reboot=True) == 0
    wait_for_fallback(box, "3", kept="2")
    status = box.status()
    assert (status["running"], status["boot"]) == ("2", "blessed"), status
    # For being deaf and nothing else: a slow machine is no reason this test is about.
    assert "understood as" in fallback(box)["text"], status
    assert "pizza" in box.ssh("sotto ask how much time is left").lower()


def test_a_version_that_failed_is_not_offered_again(box: Box) -> None:
    assert apply_update(box) != 0 or box.status()["staged"] in ("", None)

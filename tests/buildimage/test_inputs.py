"""Locks that no longer fit the lists, or that cannot be read, are seen before anything is fetched."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

import pytest

from buildimage.inputs import CONVERTER, Locks, fill_all, lock_python, package_sets
from buildimage.locks import read_wheels, write_debs, write_wheels
from buildimage.store import ContentStore
from common.errors import InvalidInput, NotFound
from tests.buildimage.archive import deb_of

_REPOSITORY = Path(__file__).resolve().parents[2]


def _wheel(folder: Path, name: str) -> str:
    filename = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    with zipfile.ZipFile(folder / filename, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256((folder / filename).read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose locks fit beside a store that has all of it; pip takes seconds to make the locks."""
    folder = tmp_path_factory.mktemp("locked")
    index = folder / "index"
    index.mkdir()
    root = folder / "checkout"
    for name in ("image", "firmware", "x86-64", "arm64", "initrd"):
        path = root / "rootfs/packages" / f"{name}.list"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("bash\n")
    (root / "buildimage/mkosi").mkdir(parents=True)
    (root / "buildimage/mkosi/tools.list").write_text("bash\n")
    (root / "requirements").mkdir()
    for lock, names in {
        "run": ("numpy", "hassil"),
        "models": ("voice",),
        "dev": (*CONVERTER, "ruff"),
    }.items():
        lines = [f"{name}==1.0 --hash=sha256:{_wheel(index, name)}\n" for name in names]
        (root / f"requirements/{lock}.lock").write_text("".join(lines))
    store = ContentStore(folder / "store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_CONFIG_FILE", "/dev/null")
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(index))
        made = lock_python(root, store)
    for path, wheels in made.items():
        write_wheels(path, wheels)
    locks = Locks.of(root)
    for path in (locks.tools, locks.debs("x86-64"), locks.debs("arm64")):
        write_debs(path, [deb_of(b"bash")])
    deb = deb_of(b"bash")
    (folder / "bash.deb").write_bytes(b"bash")
    store.put(folder / "bash.deb", deb.sha256)
    return folder


@pytest.fixture
def checkout(locked: Path, tmp_path: Path) -> Path:
    """A checkout and a store of the test's own, to be changed."""
    shutil.copytree(locked, tmp_path, dirs_exist_ok=True)
    return tmp_path / "checkout"


def _fill(checkout: Path, architecture: str = "x86-64") -> tuple[str, ...]:
    store = ContentStore(checkout.parent / "store")
    return fill_all(checkout, store, architecture, environment={}, offline=True, pip=["/nonexistent"])


def test_a_full_store_needs_no_mirror_no_pip_and_no_network(checkout: Path) -> None:
    assert _fill(checkout) == ()
    assert _fill(checkout, "arm64") == ()


def test_the_converters_wheels_are_those_it_needs(checkout: Path) -> None:
    assert [wheel.name for wheel in read_wheels(Locks.of(checkout).converter)] == sorted(CONVERTER)


def test_a_package_that_was_listed_since_is_named(checkout: Path) -> None:
    (checkout / "rootfs/packages/initrd.list").write_text("bash\nkmod\n")
    with pytest.raises(InvalidInput, match=r"debs-x86-64\.lock is not up to date: .* kmod") as caught:
        _fill(checkout)
    assert "make image-lock" in caught.value.hint


def test_a_tool_that_was_listed_since_is_named(checkout: Path) -> None:
    (checkout / "buildimage/mkosi/tools.list").write_text("bash\nmkosi\n")
    with pytest.raises(InvalidInput, match=r"tools\.lock is not up to date: .* mkosi"):
        _fill(checkout)


@pytest.mark.parametrize("lock", ["run", "models"])
def test_wheels_of_an_older_lock_are_named(checkout: Path, lock: str) -> None:
    path = checkout / f"requirements/{lock}.lock"
    name = path.read_text().partition("==")[0]
    path.write_text(f"{name}==1.1 --hash=sha256:{'ab' * 32}\n")
    with pytest.raises(InvalidInput, match=f"is not up to date: .*{name}"):
        _fill(checkout)


def test_a_wheel_that_is_no_longer_wanted_is_named(checkout: Path) -> None:
    path = checkout / "requirements/run.lock"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "hassil" not in line))
    with pytest.raises(InvalidInput, match="hassil"):
        _fill(checkout)


def test_offline_a_missing_wheel_is_named(checkout: Path) -> None:
    (wheel,) = read_wheels(Locks.of(checkout).models)
    ContentStore(checkout.parent / "store").remove(wheel.sha256)
    with pytest.raises(NotFound, match=r"OFFLINE=1.*voice-1\.0"):
        _fill(checkout)


@pytest.mark.parametrize("architecture", ["riscv64", "", "../x86-64", "amd64"])
def test_an_unknown_architecture_is_named(checkout: Path, architecture: str) -> None:
    with pytest.raises(InvalidInput, match="ARCH="):
        _fill(checkout, architecture)


@pytest.mark.parametrize("architecture", ["x86-64", "arm64"])
def test_this_checkouts_locks_fit_its_lists(architecture: str, tmp_path: Path) -> None:
    if not Locks.of(_REPOSITORY).tools.exists():
        pytest.skip("no locks yet; make image-lock")
    with pytest.raises(NotFound) as caught:
        fill_all(_REPOSITORY, ContentStore(tmp_path), architecture, environment={}, offline=True)
    assert caught.value.code == "store.offline"
    assert package_sets(_REPOSITORY, architecture)["image"]


def test_locks_have_no_address() -> None:
    for path in Locks.of(_REPOSITORY).folder.glob("*.lock"):
        assert "://" not in path.read_text()

"""Wheels are chosen for the image's Python by pip itself, from a folder of small ones."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildimage.errors import Damaged
from buildimage.locks import Wheel
from buildimage.markers import applies, environment
from buildimage.requirements import Requirement, for_image, read_requirements
from buildimage.store import ContentStore
from buildimage.wheels import architecture_of, fetch, lock_wheels, platforms
from common.errors import InvalidInput, NotFound, SottoError, Unavailable

_HASH = "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all that pip sees."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def _wheel(folder: Path, filename: str) -> str:
    """Make a wheel and give its hash."""
    name, version, *tags = filename.removesuffix(".whl").split("-")
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / filename, "w") as wheel:
        wheel.writestr(f"{name}.py", f"tags = {tags!r}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {'-'.join(tags)}\n")
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256((folder / filename).read_bytes()).hexdigest()


def _native(folder: Path) -> dict[str, str]:
    names = [
        "my_lib-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
        "my_lib-1.0-cp313-cp313-manylinux_2_28_aarch64.whl",
        "my_lib-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "my_lib-1.0-cp313-cp313-macosx_14_0_arm64.whl",
    ]
    return {name: _wheel(folder, name) for name in names}


@pytest.mark.parametrize(("architecture", "machine"), [("x86-64", "x86_64"), ("arm64", "aarch64")])
def test_each_architecture_gets_its_own_wheel(
    store: ContentStore, index: Path, architecture: str, machine: str
) -> None:
    hashes = _native(index)
    (found,) = lock_wheels(store, [Requirement("my-lib", "1.0", "", tuple(hashes.values()))], architecture)
    name = f"my_lib-1.0-cp313-cp313-manylinux_2_28_{machine}.whl"
    assert found == Wheel(name, hashes[name])
    assert store.get(found.sha256, full=True) is not None


@pytest.mark.parametrize(
    "tags",
    [
        "cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "py3-none-any",
        "py2.py3-none-manylinux1_x86_64",
    ],
)
def test_wheels_for_more_than_one_python_are_taken(store: ContentStore, index: Path, tags: str) -> None:
    sha256 = _wheel(index, f"lib-1.0-{tags}.whl")
    (found,) = lock_wheels(store, [Requirement("lib", "1.0", "", (sha256,))], "x86-64")
    assert found.sha256 == sha256


@pytest.mark.parametrize(
    "tags",
    ["cp312-cp312-manylinux_2_17_x86_64", "cp313-cp313-manylinux_2_42_x86_64", "cp313-cp313t-linux_x86_64"],
)
def test_a_wheel_that_does_not_run_on_the_image_is_not_found(
    store: ContentStore, index: Path, tags: str
) -> None:
    sha256 = _wheel(index, f"lib-1.0-{tags}.whl")
    with pytest.raises(NotFound, match=r"lib==1\.0"):
        lock_wheels(store, [Requirement("lib", "1.0", "", (sha256,))], "x86-64")


def test_a_wheel_with_another_hash_is_refused(store: ContentStore, index: Path) -> None:
    _wheel(index, "lib-1.0-py3-none-any.whl")
    with pytest.raises(Damaged, match="other bytes"):
        lock_wheels(store, [Requirement("lib", "1.0", "", (_HASH,))], "x86-64")


def test_missing_wheels_are_fetched_for_their_architecture(store: ContentStore, index: Path) -> None:
    hashes = _native(index)
    wanted = [Wheel(name, sha256) for name, sha256 in hashes.items() if "cp313-cp313-many" in name]
    fetch(store, wanted)
    assert all(store.get(wheel.sha256, full=True) for wheel in wanted)


def test_what_is_there_is_not_asked_for(store: ContentStore, index: Path) -> None:
    wheel = Wheel("lib-1.0-py3-none-any.whl", _wheel(index, "lib-1.0-py3-none-any.whl"))
    fetch(store, [wheel])
    fetch(store, [wheel], pip=["/nonexistent"])


def test_a_damaged_wheel_is_named_and_fetched_again(store: ContentStore, index: Path) -> None:
    wheel = Wheel("lib-1.0-py3-none-any.whl", _wheel(index, "lib-1.0-py3-none-any.whl"))
    fetch(store, [wheel])
    store.path(wheel.sha256).chmod(0o644)
    store.path(wheel.sha256).write_bytes(b"rot")
    assert fetch(store, [wheel]) == (f"the store's copy of {wheel} was damaged and is removed",)
    assert store.get(wheel.sha256, full=True)


def test_offline_all_missing_wheels_are_named_and_pip_is_not_run(store: ContentStore) -> None:
    wheels = [Wheel(f"{name}-1-py3-none-any.whl", name * 32) for name in ("aa", "bb")]
    with pytest.raises(NotFound, match=r"2 locked wheels.*aa-1.*bb-1") as caught:
        fetch(store, wheels, offline=True, pip=["/nonexistent"])
    assert caught.value.code == "store.offline"


def test_a_version_that_is_gone_is_named(store: ContentStore, index: Path) -> None:
    with pytest.raises(NotFound, match=r"lib==1\.0"):
        fetch(store, [Wheel("lib-1.0-py3-none-any.whl", _HASH)])


def test_an_index_that_is_gone_is_unavailable(
    store: ContentStore, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(Unavailable, match="does not answer"):
        fetch(store, [Wheel("lib-1.0-py3-none-any.whl", _HASH)])


def test_a_python_without_pip_is_named(store: ContentStore, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no pip") as caught:
        fetch(store, [Wheel("lib-1.0-py3-none-any.whl", _HASH)], pip=[sys.executable, "-S", "-m", "pip"])
    assert "python3-pip" in caught.value.hint


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(InvalidInput, match="riscv64"):
        platforms("riscv64")


def test_a_wheel_for_all_machines_counts_as_one_of_x86() -> None:
    assert architecture_of(Wheel("a-1-py3-none-any.whl", _HASH)) == "x86-64"
    assert architecture_of(Wheel("a-1-cp313-cp313-manylinux_2_28_aarch64.whl", _HASH)) == "arm64"


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("python_full_version < '3.12'", False),
        ("python_full_version >= '3.12'", True),
        ("python_version == '3.13'", True),
        ("python_version != '3.1'", True),
        ("python_version == '3.*'", True),
        ("'3.9' < python_version", True),
        ("sys_platform == 'win32'", False),
        ("implementation_name != 'PyPy'", True),
        ('platform_python_implementation != "PyPy"', True),
        ("sys_platform == 'win32' or os_name == 'posix' and python_version > '3.0'", True),
        ("(sys_platform == 'win32' or os_name == 'posix') and python_version < '3.0'", False),
        ("platform_machine == 'x86_64'", True),
        ("'linux' in sys_platform", True),
        ("sys_platform not in 'darwin win32'", True),
    ],
)
def test_markers_are_judged_for_the_image(marker: str, holds: bool) -> None:
    assert applies(marker, environment("x86-64")) is holds


@pytest.mark.parametrize(
    "marker",
    ["", "python_version", "python_version <", "(os_name == 'nt'", "os_name == 'nt')", "planet == 'earth'",
     "os_name < 'nt'", "python_version < 'three'", "os_name ~ 'nt'", "os_name == 'nt' os_name", "os_name in"],
)  # fmt: skip
def test_a_marker_that_cannot_be_judged_is_refused(marker: str) -> None:
    with pytest.raises(InvalidInput, match="marker"):
        applies(marker, environment("arm64"))


@given(st.text(alphabet="osname_=<>!'\"() 3.andrt*", max_size=40))
def test_no_marker_breaks_the_reader(marker: str) -> None:
    with contextlib.suppress(InvalidInput):
        applies(marker, environment("x86-64"))


def _lock(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.lock"
    path.write_text(text)
    return path


def test_requirements_are_read_with_hashes_and_markers(tmp_path: Path) -> None:
    path = _lock(
        tmp_path,
        f"# head\nMy_Lib==1.0 \\\n    --hash=sha256:{_HASH} \\\n    --hash=sha256:{'cd' * 32}\n"
        f"other==2 ; os_name == 'nt' \\\n    --hash=sha256:{_HASH}\n",
    )
    assert read_requirements(path) == (
        Requirement("my-lib", "1.0", "", (_HASH, "cd" * 32)),
        Requirement("other", "2", "os_name == 'nt'", (_HASH,)),
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("lib==1.0\n", 1),
        ("# head\nlib>=1.0 --hash=sha256:" + _HASH, 2),
        ("lib==1.0 --hash=md5:abc\n", 1),
        ("https://a.invalid/lib.whl --hash=sha256:" + _HASH, 1),
        ("-r other.txt\n", 1),
        ("--index-url http://a.invalid\n", 1),
        (f"a==1 --hash=sha256:{_HASH}\n\nlib==1.0 \\\n", 3),
    ],
)
def test_a_requirement_without_version_or_hash_is_named(tmp_path: Path, text: str, line: int) -> None:
    path = _lock(tmp_path, text)
    with pytest.raises(InvalidInput, match=rf"run\.lock:{line}: "):
        read_requirements(path)


def test_a_missing_requirements_lock_is_named(tmp_path: Path) -> None:
    with pytest.raises(SottoError, match="no lock"):
        read_requirements(tmp_path / "none.lock")


def test_only_one_version_of_a_name_holds_on_the_image() -> None:
    old = Requirement("lib", "1", "python_version < '3.12'", (_HASH,))
    new = Requirement("lib", "2", "python_version >= '3.12'", (_HASH,))
    assert for_image((old, new), "arm64") == (new,)
    with pytest.raises(InvalidInput, match="twice"):
        for_image((new, Requirement("lib", "3", "", (_HASH,))), "arm64")


def test_chosen_names_must_be_locked() -> None:
    with pytest.raises(InvalidInput, match="not locked for x86-64: onnx"):
        for_image((Requirement("numpy", "1", "", (_HASH,)),), "x86-64", ["numpy", "onnx"])

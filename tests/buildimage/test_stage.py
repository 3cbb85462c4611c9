"""What is laid over the packages depends on the commit alone: not on umask, dates, editors or caches."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from buildimage.stage import (
    DOCS,
    MODELS,
    PYTHON,
    WORKBENCH,
    copy_tree,
    drop_other_languages,
    drop_superfluous,
    stage_code,
    stage_models,
    stage_tree,
)
from tests.buildimage.host_tools import private_umask
from tests.conftest import REPOSITORY


def _write(path: Path, text: str = "", mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _checkout(root: Path) -> Path:
    _write(root / "rootfs/usr/bin/sotto", "#!/bin/sh\n", 0o755)
    _write(root / "rootfs/packages/image.list", "bash\n")
    link = root / "rootfs/etc/systemd/system/sockets.target.wants/x.socket"
    link.parent.mkdir(parents=True)
    link.symlink_to("/usr/lib/systemd/system/x.socket")
    for package in ("assistant", "power", "services"):
        _write(root / package / "__init__.py")
        _write(root / package / "inner" / "code.py", "x = 1\n")
    _write(root / "requirements/models.lock", "lock\n")
    _write(root / "LICENSE", "licence\n")
    _write(root / "README.md", "read me\n")
    _write(root / "docs/settings.md", "settings\n")
    return root


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return _checkout(tmp_path / "checkout")


def _listing(tree: Path) -> dict[str, tuple[str, str]]:
    """Path -> mode and content or target."""
    found = {}
    for path in tree.rglob("*"):
        mode = path.lstat().st_mode
        content = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else ""
        found[str(path.relative_to(tree))] = (stat.filemode(mode), content)
    return found


def _staged(checkout: Path, target: Path) -> dict[str, tuple[str, str]]:
    stage_tree(checkout, target)
    return _listing(target)


def test_files_keep_being_programs_and_nothing_else_is_one(checkout: Path, tmp_path: Path) -> None:
    staged = _staged(checkout, tmp_path / "tree")
    assert staged["usr/bin/sotto"][0] == "-rwxr-xr-x"
    programs = [name for name, (mode, _) in staged.items() if mode == "-rwxr-xr-x"]
    assert programs == ["usr/bin/sotto"]


def test_a_link_stays_a_link(checkout: Path, tmp_path: Path) -> None:
    staged = _staged(checkout, tmp_path / "tree")
    mode, target = staged["etc/systemd/system/sockets.target.wants/x.socket"]
    assert (mode[0], target) == ("l", "/usr/lib/systemd/system/x.socket")


def test_code_pages_and_the_lock_of_the_models_are_there(checkout: Path, tmp_path: Path) -> None:
    staged = _staged(checkout, tmp_path / "tree")
    wanted = [PYTHON / package / "inner/code.py" for package in ("assistant", "power", "services")]
    wanted += [PYTHON / "models.lock", DOCS / "LICENSE", DOCS / "README.md", DOCS / "settings.md"]
    assert {str(path) for path in wanted} <= staged.keys()


def test_the_package_lists_stay_behind(checkout: Path, tmp_path: Path) -> None:
    assert not [name for name in _staged(checkout, tmp_path / "tree") if "packages" in name]


def test_a_careful_umask_leaves_no_trace(checkout: Path, tmp_path: Path) -> None:
    usual = _staged(checkout, tmp_path / "usual")
    with private_umask():
        careful = _staged(_checkout(tmp_path / "clone"), tmp_path / "careful" / "tree")
    assert careful == usual
    assert {mode for mode, _ in usual.values() if mode[0] == "d"} == {"drwxr-xr-x"}


def test_modes_of_a_private_checkout_leave_no_trace(checkout: Path, tmp_path: Path) -> None:
    usual = _staged(checkout, tmp_path / "usual")
    for path in checkout.rglob("*"):
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
    assert _staged(checkout, tmp_path / "private") == usual


@pytest.mark.parametrize(
    "left",
    [
        "assistant/__pycache__/code.cpython-311.pyc",
        "services/inner/code.py~",
        "services/inner/.code.py.swp",
        "services/inner/.#code.py",
        "services/inner/code.py.orig",
        "services/proto/sotto_pb2.py",
        "rootfs/usr/.DS_Store",
        "rootfs/usr/lib/__pycache__/x.pyc",
        "assistant/removed/__pycache__/x.pyc",
    ],
)
def test_what_another_clone_would_not_have_is_left_out(checkout: Path, tmp_path: Path, left: str) -> None:
    usual = _staged(checkout, tmp_path / "usual")
    _write(checkout / left, "something")
    # The generated contract has a folder of its own here, which alone is of no account.
    assert _staged(checkout, tmp_path / "again") == usual


def test_configuration_is_copied_with_plain_modes(tmp_path: Path) -> None:
    with private_umask():
        _write(tmp_path / "conf/mkosi.extra/usr/unit", "unit", 0o600)
        _write(tmp_path / "conf/script", "#!/bin/sh", 0o700)
        copy_tree(tmp_path / "conf", tmp_path / "copy")
    modes = {name: mode for name, (mode, _) in _listing(tmp_path / "copy").items()}
    assert modes == {
        "mkosi.extra": "drwxr-xr-x",
        "mkosi.extra/usr": "drwxr-xr-x",
        "mkosi.extra/usr/unit": "-rw-r--r--",
        "script": "-rwxr-xr-x",
    }
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o755


def test_code_is_staged_without_the_rest(checkout: Path, tmp_path: Path) -> None:
    stage_code(checkout, tmp_path / "code")
    assert sorted(path.name for path in (tmp_path / "code").iterdir()) == [
        "assistant", "models.lock", "power", "services",
    ]  # fmt: skip


def test_what_is_for_a_workbench_stays_behind(checkout: Path, tmp_path: Path) -> None:
    for part in WORKBENCH:
        assert (REPOSITORY / part).exists(), part
        _write(checkout / part if part.suffix else checkout / part / "tool.py")
    stage_code(checkout, tmp_path / "code")
    assert not any((tmp_path / "code" / part).exists() for part in WORKBENCH)


def test_models_come_without_what_was_only_converted(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(
        '[[model]]\nname = "vad"\n[[model.file]]\npath = "data/big.onnx"\nbuild_only = true\n'
        '[[model.file]]\npath = "data/tokens.txt"\n'
    )
    models = tmp_path / "models"
    for name in ("vad/big.onnx", "vad/tokens.txt", "converted/vad/small.onnx", "prepared/x", ".lock"):
        _write(models / name)
    stage_models(models, tmp_path / "tree", catalogue)
    staged = tmp_path / "tree" / MODELS
    files = sorted(str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file())
    assert files == ["converted/vad/small.onnx", "vad/tokens.txt"]


def test_superfluous_parts_go_and_their_bytes_are_counted(tmp_path: Path) -> None:
    _write(tmp_path / "numpy/core/tests/test_a.py", "12345")
    _write(tmp_path / "numpy/core/array.py", "kept")
    _write(tmp_path / "bin/f2py", "123")
    assert drop_superfluous(tmp_path) == 8
    files = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    assert files == ["numpy/core/array.py"]


def test_superfluous_links_go_and_what_they_point_at_stays(tmp_path: Path) -> None:
    precious = tmp_path / "elsewhere"
    _write(precious / "file", "kept")
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "bin").symlink_to(precious)
    drop_superfluous(folder)
    assert list(folder.iterdir()) == []
    assert (precious / "file").read_text() == "kept"


def test_only_the_languages_that_have_sentences_stay(tmp_path: Path) -> None:
    _write(tmp_path / "assistant/skills/sentences/en/clock.yaml")
    kept = ("babel/locale-data/en.dat", "babel/locale-data/en_GB.dat", "babel/locale-data/root.dat")
    for name in (*kept, "home_assistant_intents/data/en.json"):
        _write(tmp_path / name)
    for name in (
        "babel/locale-data/eo.dat",
        "babel/locale-data/de_AT.dat",
        "home_assistant_intents/data/de-CH.json",
    ):
        _write(tmp_path / name, "123")
    assert drop_other_languages(tmp_path) == 9
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {*kept, "home_assistant_intents/data/en.json", "assistant/skills/sentences/en/clock.yaml"}


def test_nothing_superfluous_is_no_error(tmp_path: Path) -> None:
    assert drop_superfluous(tmp_path) == 0

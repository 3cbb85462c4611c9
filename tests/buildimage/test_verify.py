"""Two copies of a real checkout, built by a small stand-in for the builder, and compared."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from buildimage import verify
from common.errors import InvalidInput, Unavailable

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")

#: Writes two artefacts and a report, as a build does; `{secret}` is what it builds in.
_BUILDER = """
import os, sys
from pathlib import Path
words = sys.argv
assert "--offline" in words, "a compared build opens no socket"
out = Path(words[words.index("--build") + 1]) / words[words.index("--arch") + 1]
out.mkdir(parents=True)
(out / "sotto_1.efi").write_text("kernel")
(out / "sotto_1.raw.zst").write_text({secret})
(out / "report.json").write_text(os.getcwd())
"""


def _git(checkout: Path, *words: str) -> None:
    who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.invalid"]
    subprocess.run(["git", *who, *words], cwd=checkout, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed checkout with the stand-in; nothing is to be fetched."""
    monkeypatch.setattr(verify, "fill_all", lambda *_, **__: ())
    root = tmp_path / "checkout"
    for name in ("buildimage/__init__.py", "buildimage/locks/tools.lock", "buildimage/mkosi/tools.list"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / ".gitignore").write_text("build/\nkeys/\n")
    _builder(root, "'the same'")
    _git(root, "init", "-q")
    _git(root, "add", ".")
    _git(root, "commit", "-q", "-m", "all")
    return root


def _builder(root: Path, secret: str) -> None:
    (root / "buildimage/__main__.py").write_text(_BUILDER.format(secret=secret))


def _verify(checkout: Path, build: Path) -> int:
    return verify.verify(checkout, build, build / "store", "x86-64", "1")


def test_equal_builds_are_equal_and_leave_nothing(
    checkout: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _verify(checkout, tmp_path / "build") == 0
    assert "both builds gave the same 2 files" in capfd.readouterr().out
    assert list((tmp_path / "build").iterdir()) == []


@pytest.mark.parametrize("secret", ["os.getcwd()", "str(os.getpid())"])
def test_a_difference_is_named_and_both_are_kept(
    checkout: Path, tmp_path: Path, secret: str, capfd: pytest.CaptureFixture[str]
) -> None:
    _builder(checkout, secret)
    assert _verify(checkout, tmp_path / "build") == 1
    said = capfd.readouterr().out
    assert "DIFFERENT  sotto_1.raw.zst" in said
    assert "same       sotto_1.efi" in said
    assert len(list((tmp_path / "build/verify").rglob("sotto_1.raw.zst"))) == 2


def test_an_artefact_of_one_build_alone_is_a_difference(
    checkout: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (checkout / "buildimage/__main__.py").open("a") as stream:
        stream.write('if "first" in str(out):\n    (out / "sotto_1.extra").touch()\n')
    assert _verify(checkout, tmp_path / "build") == 1
    assert "DIFFERENT  sotto_1.extra" in capfd.readouterr().out


def test_a_failed_build_is_no_comparison(checkout: Path, tmp_path: Path) -> None:
    (checkout / "buildimage/__main__.py").write_text("raise SystemExit(8)")
    with pytest.raises(Unavailable, match="nothing to compare"):
        _verify(checkout, tmp_path / "build")


def test_what_an_earlier_comparison_kept_is_not_compared(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "build/verify/first/build/x86-64").mkdir(parents=True)
    (tmp_path / "build/verify/first/build/x86-64/sotto_0.efi").touch()
    assert _verify(checkout, tmp_path / "build") == 0


def _copied(checkout: Path, target: Path, build: Path) -> set[str]:
    verify._copy_checkout(checkout, target, build)
    return {
        str(path.relative_to(target)) for path in target.rglob("*") if path.is_file() or path.is_symlink()
    }


def test_a_copy_has_what_a_clone_with_the_changes_has(checkout: Path, tmp_path: Path) -> None:
    committed = _copied(checkout, tmp_path / "before", tmp_path / "build")
    (checkout / "new").write_text("not added yet")
    (checkout / "link").symlink_to("nowhere")
    (checkout / "keys").mkdir()
    (checkout / "keys/secret").touch()
    (checkout / "buildimage/mkosi/tools.list").unlink()
    changed = _copied(checkout, tmp_path / "after", tmp_path / "build")
    assert changed == (committed | {"new", "link"}) - {"buildimage/mkosi/tools.list"}


def test_names_that_are_no_text_are_copied(checkout: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (checkout / name).touch()
    assert name in _copied(checkout, tmp_path / "copy", tmp_path / "build")


def test_a_build_folder_in_the_checkout_is_not_copied_into_itself(checkout: Path, tmp_path: Path) -> None:
    (checkout / "image/store").mkdir(parents=True)
    (checkout / "image/store/object").touch()
    assert not [
        name for name in _copied(checkout, tmp_path / "copy", checkout / "image") if "image/" in name[:6]
    ]


def test_a_folder_that_is_no_checkout_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not a git repository") as caught:
        verify._copy_checkout(tmp_path, tmp_path / "copy", tmp_path / "build")
    assert "clone" in caught.value.hint


def test_missing_git_is_told(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="git is missing"):
        verify._copy_checkout(checkout, tmp_path / "copy", tmp_path / "build")


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a checkout away needs root")
def test_root_may_compare_a_checkout_of_its_owner(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SUDO_UID", raising=False)
    for path in (checkout, *checkout.rglob("*")):
        os.lchown(path, 1000, 1000)
    assert "buildimage/__init__.py" in _copied(checkout, tmp_path / "copy", tmp_path / "build")


def test_an_unknown_architecture_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    with pytest.raises(InvalidInput, match="ARCH=riscv"):
        verify.verify(root, tmp_path / "build", tmp_path / "store", "riscv", "1")
    assert not (tmp_path / "build").exists()

"""Versions that fit where they go, and what makes a kept result stale."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buildimage import build, host
from buildimage.build import Plan, check_version, models_key
from buildimage.tools import Tools
from common.errors import InvalidInput, Unavailable

#: GPT, UEFI specification 2.10 table 5.6: 72 bytes of UTF-16.
_LABEL_UNITS = 36
#: Windows and the FAT of the boot partition take none of these in a name.
_UNFIT = set('"*/:<>?\\|+,;=[]\0\n\r\t _%')


def _accepted(version: str) -> bool:
    try:
        check_version(version)
    except InvalidInput:
        return False
    return True


@given(
    st.text(max_size=24) | st.text("0123456789abcxyz.~^-+_/ A", max_size=40) | st.from_regex(r"\d[\da-z.]*")
)
@example("9" * 20)
@example("9" * 24)
@example("1~rc1^2-3.4")
def test_an_accepted_version_fits_every_name_it_goes_into(version: str) -> None:
    if not _accepted(version):
        return
    label = f"sotto_{version}_verity"
    assert len(label.encode("utf-16-le")) // 2 <= _LABEL_UNITS
    for name in (f"sotto_{version}.efi", f"sotto_{version}+3-0.efi", f"sotto_{version}.raw.zst"):
        assert PurePosixPath(name).name == name
        assert name.isascii()
        assert name.lower() == name, "a FAT does not keep the case apart"
        assert not set(version) & _UNFIT
    # What the box reads back from the names, systemd-sysupdate's @v and the boot counters.
    assert re.fullmatch(r"sotto_([^_]+)_verity", label)[1] == version  # type: ignore[index]
    assert re.fullmatch(r"sotto_([^+]+)\+3-0\.efi", f"sotto_{version}+3-0.efi")[1] == version  # type: ignore[index]


@pytest.mark.parametrize("version", ["0.1.0", "1", "1.2.0~rc1", "2026.11.24-5", "1.2^git3"])
def test_usual_versions_are_accepted(version: str) -> None:
    check_version(version)


@pytest.mark.parametrize(
    "version",
    [
        "",
        "../x",
        "1/2",
        "1_0",
        "1" * 60,
        "1" * 21,
        "v1",
        ".1",
        "-1",
        "1 0",
        "1+1",
        "1A",
        "1\n",
        "²",
        "1é",
        "1%",
        "1\0",
    ],
)
def test_others_are_refused_with_an_example(version: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_version(version)
    assert repr(version) in caught.value.message
    assert "1.2.0" in caught.value.hint


def _plan(tmp_path: Path, **changes: object) -> Plan:
    plain: dict[str, object] = {
        "repository": tmp_path,
        "build": tmp_path / "build",
        "store": tmp_path / "store",
        "arch": "x86-64",
        "version": "1",
    }
    return Plan(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes", [{"arch": "riscv"}, {"version": "../x"}, {"overlays": (Path("/nowhere"),)}]
)
def test_a_wrong_plan_makes_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        build.build(_plan(tmp_path, **changes))
    assert list(tmp_path.iterdir()) == []


def test_a_second_build_in_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "prepare_host", lambda *_: None)
    with host.claim(tmp_path / "build"), pytest.raises(Unavailable, match="another build"):
        build.build(_plan(tmp_path))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (
        "buildimage/locks/models.lock",
        "buildimage/locks/convert.lock",
        "requirements/models.lock",
        "assistant/models/prepare.py",
        "assistant/models/catalogue.toml",
        "services/cli/main.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        ("buildimage/locks/models.lock", True),
        ("buildimage/locks/convert.lock", True),
        ("requirements/models.lock", True),
        ("assistant/models/prepare.py", True),
        ("assistant/models/catalogue.toml", True),
        ("services/cli/main.py", False),
    ],
)
def test_models_are_converted_anew_when_what_makes_them_changed(
    checkout: Path, name: str, stale: bool
) -> None:
    tools = Tools(Path("/tools/abc"))
    before = models_key(checkout, tools)
    (checkout / name).write_text("two\n")
    assert (models_key(checkout, tools) != before) is stale


def test_models_are_converted_anew_by_other_tools(checkout: Path) -> None:
    keys = {models_key(checkout, Tools(Path(f"/tools/{name}"))) for name in ("abc", "def")}
    assert len(keys) == 2


def test_a_moved_checkout_keeps_its_models(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tools = Tools(Path("/tools/abc"))
    before = models_key(checkout, tools)
    elsewhere = checkout.rename(tmp_path_factory.mktemp("elsewhere") / "checkout")
    assert models_key(elsewhere, tools) == before

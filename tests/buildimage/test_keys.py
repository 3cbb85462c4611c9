"""An owner's keys: whole or not at all, never replaced, and a box can check what they sign."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from buildimage.errors import Damaged
from buildimage.keys import (
    BOOT_CERTIFICATE,
    BOOT_KEY,
    UPDATE_HOME,
    UPDATE_KEYRING,
    check_keys,
    make_keys,
    place_public_keys,
    secure_boot_options,
    sign_sums,
)
from common.errors import InvalidInput, NotFound, SottoError
from tests.buildimage.host_tools import HostTools, host_tools, private_umask

_PARTS = (BOOT_KEY, BOOT_CERTIFICATE, UPDATE_HOME, UPDATE_KEYRING)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> HostTools:
    return host_tools(tmp_path_factory.mktemp("tools") / "root", "openssl", "gpg", "gpgv")


@pytest.fixture(scope="module")
def made(tools: HostTools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_keys(folder / "keys", tools, folder / "log")
    return folder / "keys"


@pytest.fixture
def keys(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy to be spoilt."""
    for part in _PARTS:
        source = made / part
        if source.is_dir():
            shutil.copytree(source, tmp_path / "keys" / part, ignore=shutil.ignore_patterns("S.*"))
        else:
            (tmp_path / "keys").mkdir(exist_ok=True)
            shutil.copy2(source, tmp_path / "keys" / part)
    (tmp_path / "keys" / UPDATE_HOME).chmod(0o700)
    yield tmp_path / "keys"


def test_a_set_is_whole(made: Path) -> None:
    assert {path.name for path in made.iterdir()} == set(_PARTS)
    assert check_keys(made) == made


def test_nobody_else_can_read_the_secrets(made: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (made, *made.iterdir())}
    assert (modes[made.name], modes[BOOT_KEY], modes[UPDATE_HOME]) == (0o700, 0o600, 0o700)


def test_the_certificate_is_that_of_the_key(made: Path) -> None:
    def public(*command: str) -> bytes:
        return subprocess.run(["openssl", *command], check=True, capture_output=True).stdout

    of_key = public("pkey", "-in", str(made / BOOT_KEY), "-pubout")
    assert of_key == public("x509", "-in", str(made / BOOT_CERTIFICATE), "-noout", "-pubkey")
    text = public("x509", "-in", str(made / BOOT_CERTIFICATE), "-noout", "-text")
    assert b"Public-Key: (2048 bit)" in text


def _verify(keyring: Path, folder: Path) -> int:
    command = ["gpgv", "--keyring", str(keyring), str(folder / "SHA256SUMS.gpg"), str(folder / "SHA256SUMS")]
    return subprocess.run(command, check=False, capture_output=True).returncode


def test_a_box_accepts_what_was_signed_and_no_other_byte(
    tools: HostTools, keys: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "SHA256SUMS").write_text("ab  sotto_1.efi\n")
    sign_sums(out, keys, tools, tmp_path / "log")
    assert _verify(keys / UPDATE_KEYRING, out) == 0
    (out / "SHA256SUMS").write_text("ab  sotto_2.efi\n")
    assert _verify(keys / UPDATE_KEYRING, out) == 1


def test_signing_again_replaces_the_signature(tools: HostTools, keys: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for text in ("one\n", "two\n"):
        (out / "SHA256SUMS").write_text(text)
        sign_sums(out, keys, tools, tmp_path / "log")
    assert _verify(keys / UPDATE_KEYRING, out) == 0


def test_keys_are_never_replaced(tools: HostTools, keys: Path, tmp_path: Path) -> None:
    before = (keys / BOOT_KEY).read_bytes()
    with pytest.raises(InvalidInput, match="has keys already"):
        make_keys(keys, tools, tmp_path / "log")
    assert (keys / BOOT_KEY).read_bytes() == before


def test_a_file_is_no_folder_of_keys(tools: HostTools, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="is not a folder"):
        make_keys(tmp_path / "file", tools, tmp_path / "log")


class _Interrupted(HostTools):
    """gpg does not run any more."""

    def run(
        self,
        command: Sequence[str],
        *,
        binds: Mapping[Path, str],
        cwd: str = "/",
        environment: Mapping[str, str] | None = None,
        log: Path,
    ) -> None:
        if command[0] == "gpg":
            raise SottoError("gone")
        super().run(command, binds=binds, cwd=cwd, environment=environment, log=log)


def test_an_interrupted_run_leaves_no_half_set_and_no_obstacle(tools: HostTools, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    with pytest.raises(SottoError, match="gone"):
        make_keys(keys, _Interrupted(tools.root), tmp_path / "log")
    assert not [part for part in _PARTS if (keys / part).exists()]
    make_keys(keys, tools, tmp_path / "log")
    assert {path.name for path in keys.iterdir()} == set(_PARTS)


def test_keys_are_the_owners_whatever_the_umask(tools: HostTools, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    make_keys(tmp_path / "keys", tools, tmp_path / "log")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def _lose(name: str) -> Callable[[Path], object]:
    return lambda keys: shutil.rmtree(keys / name) if (keys / name).is_dir() else (keys / name).unlink()


@pytest.mark.parametrize("part", [*_PARTS, f"{UPDATE_HOME}/private-keys-v1.d"])
def test_a_missing_part_is_named(keys: Path, part: str) -> None:
    _lose(part)(keys)
    with pytest.raises(NotFound, match=part.rpartition("/")[2].replace(".", r"\.")) as caught:
        check_keys(keys)
    assert "make keys" in caught.value.hint


@pytest.mark.parametrize("part", [BOOT_KEY, BOOT_CERTIFICATE, UPDATE_KEYRING])
def test_an_empty_part_is_named(keys: Path, part: str) -> None:
    (keys / part).write_bytes(b"")
    with pytest.raises(Damaged, match="is empty"):
        check_keys(keys)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_a_folder_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotFound, match=str(tmp_path / name)):
        check_keys(tmp_path / name)


def test_the_box_gets_the_public_half_alone(keys: Path, tmp_path: Path) -> None:
    with private_umask():
        place_public_keys(keys, tmp_path / "tree")
    files = [path for path in (tmp_path / "tree").rglob("*") if path.is_file()]
    assert files == [tmp_path / "tree/usr/lib/sotto" / UPDATE_KEYRING]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o644
    listed = subprocess.run(
        ["gpg", "--show-keys", "--with-colons", str(files[0])], check=True, capture_output=True, text=True
    ).stdout
    assert next(line.split(":")[0] for line in listed.splitlines()) == "pub"


def test_without_keys_nothing_is_signed() -> None:
    assert secure_boot_options(None) == []


def test_with_keys_the_kernel_image_is_signed_and_enrolment_offered() -> None:
    assert secure_boot_options(Path("/somewhere")) == [
        "--secure-boot=yes",
        "--secure-boot-auto-enroll=yes",
        "--secure-boot-key=/keys/secure-boot.key",
        "--secure-boot-certificate=/keys/secure-boot.crt",
    ]

"""Boards: which one is meant, what a table may say, and what lands on the boot partition."""

from __future__ import annotations

import contextlib
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildimage import bootfiles
from buildimage.boards.board import Board, BootFile, BootText, choose
from buildimage.boards.read import read_board, read_boards
from buildimage.download import digest_of
from buildimage.errors import Damaged
from buildimage.inputs import package_sets
from buildimage.locks import Deb, read_debs
from buildimage.store import ContentStore
from common.errors import InvalidInput, NotFound, SottoError, StorageError, TooLarge

_REPOSITORY = Path(__file__).resolve().parents[2]
_BOARDS = read_boards()


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store")


def _deb(store: ContentStore, folder: Path, name: str, files: dict[str, bytes]) -> Deb:
    """A real package with these files, in the store."""
    tree = folder / name
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 1\nArchitecture: arm64\nMaintainer: nobody\nDescription: for a test\n"
    )
    for path, content in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(content)
    package = folder / f"{name}.deb"
    subprocess.run(
        ["dpkg-deb", "--build", "-Znone", str(tree), str(package)], check=True, capture_output=True
    )
    deb = Deb(name, "1", "arm64", digest_of(package), package.stat().st_size, name, "main")
    store.put(package, deb.sha256)
    return deb


def _board(*files: tuple[str, str, str], texts: tuple[BootText, ...] = ()) -> Board:
    return Board("toy", "a toy", "arm64", tuple(BootFile(*file) for file in files), texts)


def _file(tmp_path: Path, text: str, name: str = "a") -> Path:
    path = tmp_path / f"{name}.toml"
    path.write_text(text)
    return path


# Which board is meant


def test_a_board_implies_its_architecture() -> None:
    assert choose(_BOARDS, "rpi", "", "x86-64").arch == "arm64"


@pytest.mark.parametrize(
    ("arch", "native", "name"),
    [("", "x86-64", "pc"), ("", "arm64", "edk2"), ("arm64", "x86-64", "edk2"), ("x86-64", "arm64", "pc")],
)
def test_without_a_board_the_architectures_first_is_meant(arch: str, native: str, name: str) -> None:
    assert choose(_BOARDS, "", arch, native).name == name


def test_an_unknown_board_is_told_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="BOARD=rpi6 is not known") as caught:
        choose(_BOARDS, "rpi6", "", "x86-64")
    assert caught.value.hint == "It is one of pc (x86-64), edk2 (arm64), rpi (arm64)."


def test_a_board_of_another_architecture_is_refused() -> None:
    with pytest.raises(InvalidInput, match="BOARD=rpi is arm64, and ARCH=x86-64 is asked for") as caught:
        choose(_BOARDS, "rpi", "x86-64", "x86-64")
    assert "edk2 (arm64)" in caught.value.hint


def test_an_unknown_architecture_is_refused_even_with_a_known_board() -> None:
    with pytest.raises(InvalidInput, match="ARCH=riscv is not known"):
        choose(_BOARDS, "rpi", "riscv", "x86-64")


@given(st.text(max_size=8), st.text(max_size=8), st.sampled_from(["x86-64", "arm64"]))
def test_the_choice_fits_what_was_asked_or_is_refused(board: str, arch: str, native: str) -> None:
    try:
        chosen = choose(_BOARDS, board, arch, native)
    except InvalidInput:
        assert (board and board not in _BOARDS) or (arch and arch not in ("x86-64", "arm64"))
    else:
        assert board in ("", chosen.name)
        assert chosen.arch == (arch or (chosen.arch if board else native))


def test_only_a_board_with_files_of_its_own_has_a_folder_of_its_own() -> None:
    assert {name: board.folder for name, board in _BOARDS.items()} == {
        "pc": "x86-64",
        "edk2": "arm64",
        "rpi": "rpi",
    }


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["image", "--board", "nosuch"], "BOARD=nosuch is not known"),
        (["image", "--board", "rpi", "--arch", "x86-64"], "BOARD=rpi is arm64"),
        (["newest", "--board", "nosuch"], "BOARD=nosuch is not known"),
    ],
)
def test_the_command_refuses_a_wrong_board_before_it_does_anything(
    words: list[str], complaint: str, tmp_path: Path
) -> None:
    command = ["python3", "-m", "buildimage", "--build", str(tmp_path / "build"), *words]
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, complaint in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "build").exists()


# The files


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[a\n", "a.toml"),
        ('a = "b"\n', "unknown key a"),
        ('about = "x"\n', "a.toml: arch is missing or unknown"),
        ('arch = "riscv"\n', "a.toml: arch is missing or unknown"),
        ('arch = "arm64"\ncolour = "red"\n', "unknown key colour"),
        ('arch = "arm64"\nabout = 3\n', "about is not a text"),
        ('arch = "arm64"\ndefault = 1\n', "default is not true or false"),
        ('arch = "arm64"\npackages = "x"\n', "packages is not a list of texts"),
        ('arch = "arm64"\npackages = ["x=1"]\n', "'x=1' is not the name of a package"),
        ('arch = "arm64"\npackages = ["xx", "xx"]\n', "'xx' is not the name of a package, or is there twice"),
        ('arch = "arm64"\nfile = "x"\n', "file is not a list of tables"),
        ('arch = "arm64"\n[[file]]\npackage = "p"\nto = "t"\n', "missing or unknown: from"),
        ('arch = "arm64"\n[[text]]\nto = "/etc/x"\ncontent = "c"\n', "'/etc/x' cannot be a place"),
        ('arch = "arm64"\n[[text]]\nto = "x/../../y"\ncontent = "c"\n', "cannot be a place"),
        ('arch = "arm64"\n' + '[[text]]\nto = "x"\ncontent = "c"\n' * 2, "'x' cannot be a place"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place(
    text: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_boards(_file(tmp_path, text).parent)
    assert complaint in caught.value.message
    assert "a.toml" in caught.value.message


@pytest.mark.parametrize("name", ["arm64", "work", "image", "Pi", "a b", "-a", "x" * 40])
def test_a_board_cannot_have_such_a_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="a board cannot be called"):
        read_boards(_file(tmp_path, 'arch = "arm64"\n', name).parent)


def test_an_architecture_has_one_default(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _file(tmp_path, 'arch = "arm64"\ndefault = true\n', name)
    _file(tmp_path, 'arch = "x86-64"\ndefault = true\n', "c")
    with pytest.raises(InvalidInput, match="a and b are both the default for arm64"):
        read_boards(tmp_path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"absent\.toml cannot be read"):
        read_board(tmp_path / "absent.toml")


def test_a_file_of_a_million_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        read_board(_file(tmp_path, "#" * (1 << 20) + "\n"))


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("boards") / "a.toml"


@given(text=st.text(max_size=200))
def test_no_text_makes_the_reader_fail_otherwise(text: str, scratch: Path) -> None:
    scratch.write_text(text, newline="")
    with contextlib.suppress(SottoError):
        read_board(scratch)


# The lock and the lists


@pytest.mark.parametrize("board", [board for board in _BOARDS.values() if board.files])
def test_every_file_of_a_board_comes_from_one_locked_package(board: Board) -> None:
    debs = read_debs(_REPOSITORY / f"buildimage/locks/debs-{board.arch}.lock")
    for file in board.files:
        fitting = [deb.name for deb in debs if fnmatchcase(deb.name, file.package)]
        assert len(fitting) == 1, (file.package, fitting)


def test_a_boards_packages_are_locked_and_not_installed() -> None:
    sets = package_sets(_REPOSITORY, "arm64")
    assert sets["rpi"] == ("raspi-firmware", "u-boot-rpi")
    assert not set(sets["rpi"]) & set(sets["image"])


def test_the_other_architecture_does_not_lock_them() -> None:
    assert set(package_sets(_REPOSITORY, "x86-64")) == {"image", "initrd"}


def test_a_raspberry_pi_is_told_to_start_what_lies_beside() -> None:
    board = _BOARDS["rpi"]
    config = next(text.content for text in board.texts if text.to == "config.txt")
    settings = dict(line.split("=", 1) for line in config.split("\n") if "=" in line)
    assert settings["kernel"] in {file.to for file in board.files}
    assert settings["arm_64bit"] == "1"
    assert max(map(len, config.splitlines())) <= 98  # the firmware ignores what is behind


# Placing


def test_files_and_texts_are_placed(store: ContentStore, tmp_path: Path) -> None:
    deb = _deb(store, tmp_path, "firmware", {"usr/lib/a.bin": b"A", "usr/lib/b.bin": b"B"})
    board = _board(("firmware", "usr/lib/a.bin", "sub/start"), texts=(BootText("config.txt", "\nx=1\n"),))
    used = bootfiles.place(board, [deb], store, tmp_path / "efi")
    placed = {path.relative_to(tmp_path / "efi").as_posix() for path in (tmp_path / "efi").rglob("*.*")}
    assert used == (deb,)
    assert (tmp_path / "efi/sub/start").read_bytes() == b"A"
    assert (tmp_path / "efi/config.txt").read_text() == "x=1\n"
    assert placed == {"config.txt"}


def test_a_pattern_finds_the_package_and_the_file_whatever_the_version(
    store: ContentStore, tmp_path: Path
) -> None:
    debs = [
        _deb(store, tmp_path, "linux-image-arm64", {"usr/share/doc/x": b"meta"}),
        _deb(store, tmp_path, "linux-image-6.12.1-arm64", {"usr/lib/linux-image-6.12.1/v/pi.dtb": b"tree"}),
    ]
    board = _board(("linux-image-[0-9]*-arm64", "usr/lib/linux-image-*/v/pi.dtb", "pi.dtb"))
    bootfiles.place(board, debs, store, tmp_path / "efi")
    assert (tmp_path / "efi/pi.dtb").read_bytes() == b"tree"


def test_modes_do_not_depend_on_the_package(store: ContentStore, tmp_path: Path) -> None:
    deb = _deb(store, tmp_path, "firmware", {"a": b"A"})
    bootfiles.place(_board(("firmware", "a", "a")), [deb], store, tmp_path / "efi")
    assert (tmp_path / "efi/a").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("package", "source", "kind", "complaint"),
    [
        ("nosuch", "a1", NotFound, "locked packages called nosuch: none"),
        ("*", "a1", InvalidInput, "locked packages called *: firmware, other"),
        ("firmware", "nosuch", NotFound, "files nosuch in firmware 1 (arm64): none"),
        ("firmware", "a*", InvalidInput, "files a* in firmware 1 (arm64): a1, a2"),
    ],
)
def test_what_fits_none_or_several_is_named(
    package: str, source: str, kind: type[SottoError], complaint: str, store: ContentStore, tmp_path: Path
) -> None:
    debs = [
        _deb(store, tmp_path, "firmware", {"a1": b"", "a2": b""}),
        _deb(store, tmp_path, "other", {"b": b""}),
    ]
    with pytest.raises(kind) as caught:
        bootfiles.place(_board((package, source, "x")), debs, store, tmp_path / "efi")
    assert complaint in caught.value.message


def test_nothing_is_written_over(store: ContentStore, tmp_path: Path) -> None:
    (tmp_path / "efi/loader").mkdir(parents=True)
    (tmp_path / "efi/loader/loader.conf").write_text("timeout 0\n")
    board = _board(texts=(BootText("loader/loader.conf", "timeout 9\n"),))
    with pytest.raises(InvalidInput, match=r"loader\.conf lies on the boot partition already"):
        bootfiles.place(board, [], store, tmp_path / "efi")


def test_a_package_that_the_store_lacks_is_named(store: ContentStore, tmp_path: Path) -> None:
    deb = Deb("firmware", "1", "arm64", "0" * 64, 1, "firmware", "main")
    with pytest.raises(NotFound, match="firmware 1"):
        bootfiles.place(_board(("firmware", "a", "a")), [deb], store, tmp_path / "efi")


def test_a_package_that_is_none_is_named(store: ContentStore, tmp_path: Path) -> None:
    file = tmp_path / "firmware.deb"
    file.write_bytes(b"no package at all")
    deb = Deb("firmware", "1", "arm64", digest_of(file), file.stat().st_size, "firmware", "main")
    store.put(file, deb.sha256)
    with pytest.raises(Damaged, match="firmware 1"):
        bootfiles.place(_board(("firmware", "a", "a")), [deb], store, tmp_path / "efi")


def test_a_file_beyond_the_limit_is_not_read(
    store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootfiles, "MAX_FILE_BYTES", 3)
    deb = _deb(store, tmp_path, "firmware", {"a": b"four"})
    with pytest.raises(TooLarge, match="a in firmware 1"):
        bootfiles.place(_board(("firmware", "a", "a")), [deb], store, tmp_path / "efi")
    assert not (tmp_path / "efi/a").exists()


def test_a_folder_that_fits_is_no_file(store: ContentStore, tmp_path: Path) -> None:
    deb = _deb(store, tmp_path, "firmware", {"usr/lib/a/b": b""})
    with pytest.raises(NotFound, match="usr/lib/a in firmware"):
        bootfiles.place(_board(("firmware", "usr/lib/a", "a")), [deb], store, tmp_path / "efi")

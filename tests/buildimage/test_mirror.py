"""Where packages come from follows from settings, apt's configuration and the locks."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from buildimage import mirror
from buildimage.mirror import (
    Folder,
    Mirrors,
    Pool,
    archive_sources,
    chosen_mirrors,
    find_mirrors,
    mirrors_of_targets,
    pool_path,
    proxies,
)
from common.errors import InvalidInput, NotFound
from tests.buildimage.archive import deb_of

_BASH = deb_of(b"bash")
_MINE = Mirrors("http://a.invalid/debian", "http://a.invalid/debian-security")
_TARGETS = """\
http://x.invalid/other|http://x.invalid/other/|stable|Other|Other
http://a.invalid/debian|http://a.invalid/debian/|bookworm|Debian|Debian
http://b.invalid/sec|http://b.invalid/sec/|bookworm-security|Debian|Debian-Security
http://c.invalid/debian|http://c.invalid/debian/|bookworm|Debian|Debian
cdrom://[x]|cdrom://[x]/|bookworm|Debian|Debian Backports
"""


def test_a_setting_wins_over_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "tool_output", lambda command: _TARGETS)
    assert find_mirrors({"MIRROR": "https://m.invalid/debian/"}) == Mirrors(
        "https://m.invalid/debian", "https://m.invalid/debian-security"
    )


def test_apts_first_mirror_of_each_kind_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "tool_output", lambda command: _TARGETS)
    assert find_mirrors({}) == Mirrors("http://a.invalid/debian", "http://b.invalid/sec")


def test_the_security_setting_alone_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "tool_output", lambda command: _TARGETS)
    assert find_mirrors({"SECURITY_MIRROR": "http://s.invalid/s"}).security == "http://s.invalid/s"


def test_without_any_mirror_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "tool_output", lambda command: "")
    with pytest.raises(NotFound, match="MIRROR="):
        find_mirrors({})


def test_a_machine_without_a_security_source_gets_the_one_beside() -> None:
    assert mirrors_of_targets("s|http://a.invalid/debian/|trixie|Debian|Debian") == _MINE


def test_a_password_among_apts_addresses_is_not_used() -> None:
    with pytest.raises(InvalidInput) as caught:
        mirrors_of_targets("s|http://me:s3cret@a.invalid/debian/|trixie|Debian|Debian")
    assert "s3cret" not in str(caught.value)


def test_another_distribution_is_not_debian() -> None:
    assert mirrors_of_targets("s|http://a.invalid/ubuntu/|noble|Ubuntu|Ubuntu\nnonsense") is None


def test_a_tool_that_is_missing_says_nothing() -> None:
    assert mirror.tool_output(["/nonexistent/apt-get"]) == ""


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("debian.invalid", "is not an http"),
        ("ftp://a.invalid/debian", "is not an http"),
        ("http:///debian", "names no host"),
        ("http://a.invalid/de bian", "blanks"),
        ("http://a.invalid/debian\nX: y", "blanks"),
        ("http://a.invalid/debian?x=1", "query"),
        ("http://a.invalid:99999/debian", "out of range"),
        ("http://[::1/debian", "IPv6"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(address: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        chosen_mirrors(address)
    assert caught.value.hint


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        chosen_mirrors("http://me:s3cret@a.invalid/debian")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "prefix"),
    [("bash", "b"), ("libc", "libc"), ("lib", "lib"), ("libreoffice", "libr"), ("zlib", "z")],
)
def test_pool_paths_have_debians_prefix(source: str, prefix: str) -> None:
    deb = dataclasses.replace(_BASH, source=source, version="2:1.0-1", component="non-free-firmware")
    assert pool_path(deb) == f"pool/non-free-firmware/{prefix}/{source}/bash_1.0-1_amd64.deb"


def test_an_archive_may_be_an_address() -> None:
    (found,) = archive_sources("http://old.invalid/debian/")
    assert list(found.places(_BASH)) == [
        "http://old.invalid/debian/pool/main/b/bash/bash_5.2-1_amd64.deb",
        "http://old.invalid/debian/pool/updates/main/b/bash/bash_5.2-1_amd64.deb",
    ]


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="ARCHIVE="):
        archive_sources(str(tmp_path / "no"))


@pytest.mark.parametrize(
    "name", ["bash_5.2-1_amd64.deb", "bash_1%3a5.2-1_amd64.deb", "bash_1:5.2-1_amd64.deb"]
)
def test_a_folder_knows_the_names_of_apt_and_of_pools(tmp_path: Path, name: str) -> None:
    deb = dataclasses.replace(_BASH, version="1:5.2-1")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_bytes(b"bash")
    assert list(Folder.scan(tmp_path).places(deb)) == [tmp_path / "sub" / name]


def test_a_file_of_another_size_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / _BASH.filename).write_bytes(b"longer than bash")
    assert list(Folder.scan(tmp_path).places(_BASH)) == []


def test_a_file_address_gives_the_files_that_exist(tmp_path: Path) -> None:
    place = tmp_path / "my mirror" / pool_path(_BASH)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"bash")
    address = f"file://{tmp_path}/my%20mirror"
    assert list(Pool(address).places(_BASH)) == [place]


def test_apts_proxy_comes_first() -> None:
    dump = 'Acquire::http::Proxy "http://p.invalid:3142";\nAcquire::http::Timeout "30";\n'
    environment = {"http_proxy": "http://e.invalid", "https_proxy": "http://e.invalid"}
    assert proxies(dump, environment) == {"http": "http://p.invalid:3142", "https": "http://p.invalid:3142"}


def test_without_apts_the_environments_proxies_count() -> None:
    assert proxies("", {"https_proxy": "http://e.invalid"}) == {"https": "http://e.invalid"}


def test_direct_means_no_proxy() -> None:
    assert proxies('Acquire::http::Proxy "DIRECT";\n', {"http_proxy": "http://e.invalid"}) == {}

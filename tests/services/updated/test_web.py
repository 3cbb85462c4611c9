"""A server of updates that drops, stalls and lies."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.updated.errors import SourceFailed
from services.updated.web import WebSource
from tests.services.updated.server import Manners, serving

SHA = "0" * 64
SIZE = 500_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Manners]:
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "big").write_bytes(os.urandom(SIZE))
    (folder / "SHA256SUMS").write_bytes(b"x" * 100)
    with serving(Manners(folder)) as manners:
        yield manners


def _source(server: Manners, stall_s: float = 10.0) -> WebSource:
    return WebSource(server.url, stall_s=stall_s, pause_s=0.0)


def _fetch(server: Manners, target: Path, stall_s: float = 10.0) -> list[int]:
    seen: list[int] = []
    _source(server, stall_s).fetch("big", SIZE, SHA, target, seen.append)
    assert target.read_bytes() == (server.folder / "big").read_bytes()
    return seen


@pytest.mark.parametrize(("port", "told"), [("", False), (":1", True)])
def test_a_port_that_is_not_the_web_s_is_told_of(port: str, told: bool) -> None:
    with pytest.raises(SourceFailed) as caught:
        WebSource(f"https://127.0.0.1{port}/", stall_s=1.0, pause_s=0.0).small("SHA256SUMS", 1000)
    assert ("opens this port" in caught.value.hint) is told


def test_a_file_is_fetched(server: Manners, tmp_path: Path) -> None:
    seen = _fetch(server, tmp_path / "big.part")
    assert seen[-1] == SIZE and seen == sorted(seen)


def test_a_dropped_download_goes_on_where_it_was(server: Manners, tmp_path: Path) -> None:
    server.drop_after, server.drops = 150_000, 3
    _fetch(server, tmp_path / "big.part")
    assert [asked for _, _, asked in server.asked] == [
        None,
        *(f"bytes={n}-" for n in (150_000, 300_000, 450_000)),
    ]


def test_a_download_goes_on_in_another_process(server: Manners, tmp_path: Path) -> None:
    server.drop_after = 100_000
    server.ranges = True
    target = tmp_path / "big.part"
    server.drops = 1
    source = WebSource(server.url, pause_s=0.0)
    with pytest.raises(KeyboardInterrupt):
        source.fetch("big", SIZE, SHA, target, _interrupt)
    there = target.stat().st_size
    _fetch(server, target)
    assert 0 < there < SIZE and server.asked[-1][2] == f"bytes={there}-"


def _interrupt(_done: int) -> None:
    raise KeyboardInterrupt


def test_a_server_without_ranges_is_asked_from_the_start(server: Manners, tmp_path: Path) -> None:
    server.ranges = False
    server.drop_after, server.drops = 400_000, 2
    _fetch(server, tmp_path / "big.part")
    assert [asked for _, _, asked in server.asked] == [None] * 3


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Manners, tmp_path: Path) -> None:
    server.drop_after, server.drops = 100_000, 1
    target = tmp_path / "big.part"
    with pytest.raises(KeyboardInterrupt):
        _source(server).fetch("big", SIZE, SHA, target, _interrupt)
    (server.folder / "big").write_bytes(os.urandom(SIZE))
    _fetch(server, target)


def test_a_download_for_another_hash_is_begun_anew(server: Manners, tmp_path: Path) -> None:
    target = tmp_path / "big.part"
    _source(server).fetch("big", SIZE, "1" * 64, target, lambda _n: None)
    _fetch(server, target)
    assert [asked for _, _, asked in server.asked] == [None, None]


def test_another_part_than_asked_for_is_not_used(server: Manners, tmp_path: Path) -> None:
    server.drop_after, server.drops, server.wrong_range = 100_000, 1, True
    _fetch(server, tmp_path / "big.part")
    assert server.asked[-1][2] is None


def test_a_server_that_stalls_is_given_up(server: Manners, tmp_path: Path) -> None:
    server.stall_after = 0
    with pytest.raises(SourceFailed, match="no byte came") as caught:
        _fetch(server, tmp_path / "big.part", stall_s=0.2)
    assert caught.value.code == "update.dropped"


def test_a_server_that_always_drops_is_given_up(server: Manners, tmp_path: Path) -> None:
    server.drop_after = 0
    with pytest.raises(SourceFailed):
        _fetch(server, tmp_path / "big.part")
    assert len(server.asked) == 3


def test_another_length_than_announced_is_refused(server: Manners, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed) as caught:
        _source(server).fetch("big", SIZE - 1, SHA, tmp_path / "big.part", lambda _n: None)
    assert caught.value.code == "update.size"


def test_a_body_without_end_is_cut_at_the_size(server: Manners, tmp_path: Path) -> None:
    server.endless = {"big"}
    _source(server).fetch("big", SIZE, SHA, tmp_path / "big.part", lambda _n: None)
    assert (tmp_path / "big.part").stat().st_size == SIZE


def test_a_small_file_without_end_is_refused(server: Manners) -> None:
    server.endless = {"SHA256SUMS"}
    with pytest.raises(SourceFailed) as caught:
        _source(server).small("SHA256SUMS", 1024 * 1024)
    assert caught.value.code == "update.too-large"


def test_a_small_file_that_ends_early_is_refused(server: Manners) -> None:
    server.announce["SHA256SUMS"] = 200
    with pytest.raises(SourceFailed) as caught:
        _source(server, stall_s=1.0).small("SHA256SUMS", 1000)
    assert caught.value.code == "update.short"


def test_a_server_that_tells_no_size_is_refused(server: Manners) -> None:
    server.endless = {"big"}
    with pytest.raises(SourceFailed) as caught:
        _source(server).size("big")
    assert caught.value.code == "update.no-size"


def test_an_absent_file_is_named_with_the_answer(server: Manners) -> None:
    with pytest.raises(SourceFailed, match="404"):
        _source(server).small("SHA256SUMS.gpg", 1000)


@pytest.mark.parametrize("target", ["http://192.0.2.1/x", "file:///etc/passwd", "https://a:b@192.0.2.1/"])
def test_a_redirection_to_elsewhere_is_not_followed(server: Manners, target: str) -> None:
    server.redirect = target
    with pytest.raises(SourceFailed) as caught:
        _source(server).small("SHA256SUMS", 1000)
    assert caught.value.code == "update.redirection"


def test_a_redirection_in_circles_ends(server: Manners) -> None:
    server.redirect = "/SHA256SUMS"
    with pytest.raises(SourceFailed, match="circles"):
        _source(server).small("SHA256SUMS", 1000)


def test_nobody_listening_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed) as caught:
        WebSource("http://127.0.0.1:1/", pause_s=0.0).small("SHA256SUMS", 1000)
    assert caught.value.code == "update.dropped"


def test_a_server_that_cannot_prove_who_it_is_gets_nothing_through(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = str(tmp_path / "key"), str(tmp_path / "certificate")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, *named, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    (tmp_path / "SHA256SUMS").write_bytes(b"x")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(Manners(tmp_path), context) as server, pytest.raises(SourceFailed) as caught:
        WebSource(server.url.replace("127.0.0.1", "localhost")).small("SHA256SUMS", 1000)
    assert caught.value.code == "update.certificate"
    assert server.asked == []

"""A machine that refuses a box, or that is none: the box recognises by itself, and its owner learns why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.gatewayd.identity import Identity, make_identity
from tests.services.conftest import Box
from tests.services.connectord.conftest import until
from tests.services.remoted.conftest import SCOPE, Borrower, Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Borrower]:
    """A running box; the tests of this module pair it anew."""
    borrower = Borrower(Box(tmp_path_factory.mktemp("box")))
    borrower.start(server.remote("sotto_wrong"))
    yield borrower
    borrower.stop()


def test_a_wrong_token_and_a_revoked_one(server: Server, box: Borrower, wav: Callable[..., Path]) -> None:
    box.pair(server.remote("sotto_wrong"))
    box.until_refused("access.token")
    until(lambda: "access.token" in box.faults(), "the owner is told")
    told = json.loads(box.box.run("doctor", "--json", check=False).stdout)
    assert [fault["code"] for fault in told["faults"]] == ["access.token"]
    assert told["faults"][0]["effect"] == "The box recognises by itself."
    assert "kitchen light" in box.transcribe(wav("turn on the kitchen light")).text

    box.pair(server.remote(server.gate.pair("to be revoked", SCOPE)))
    box.until_chosen()
    assert box.faults() == []
    server.box.run("tokens", "revoke", "to be revoked")
    box.until_refused("access.token")
    before = box.remote_results()
    assert "kitchen light" in box.transcribe(wav("turn on the kitchen light")).text
    assert box.remote_results() == before
    assert "not used" in box.box.run("remote").stdout


def test_a_token_for_talking_is_not_one_for_recognising(server: Server, box: Borrower) -> None:
    box.pair(server.remote(server.gate.pair("talker")))
    box.until_refused("access.scope")


def test_another_machine_at_that_address_hears_nothing(server: Server, box: Borrower, tmp_path: Path) -> None:
    other = Identity(tmp_path / "k", tmp_path / "c")
    make_identity(other, "Kitchen", "sotto")
    box.pair(replace(server.remote(server.token), certificate=other.certificate.read_text()))
    box.until_refused("remote.certificate")


def test_nobody_at_that_address(server: Server, box: Borrower) -> None:
    box.pair(replace(server.remote(server.token), port=9))
    box.until_refused("remote.unreachable")
    assert box.faults() == [], "a machine that is switched off is no fault"


def test_a_file_that_cannot_be_used(server: Server, box: Borrower) -> None:
    (box.config / "remote.toml").write_text("address = ")
    until(lambda: box.faults() == ["settings.syntax"], "the owner is told")
    (box.config / "remote.toml").chmod(0o644)
    box.pair(server.remote(server.token))
    box.until_chosen()


def test_a_machine_that_would_find_other_words_and_one_that_recognises_for_nobody(
    box: Borrower, tmp_path: Path
) -> None:
    server = Server.at(tmp_path / "server", "boxes = 1\n[recogniser]\nbias = 3.0")
    server.start()
    try:
        token = server.gate.pair("kitchen", SCOPE)
        box.pair(server.remote(token))
        box.until_refused("recognise.settings")
        assert "its settings of the recogniser are others" in box.box.run("doctor", check=False).stdout
        server.kill()
        (server.box.folder / "config" / "assistant.toml").write_text("")
        server.again()
        (box.config / "remote.toml").touch()
        box.until_refused("recognise.off")
    finally:
        server.stop()

"""Public keys as ssh-keygen makes them are taken; damaged ones are not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.provision.sshkey import check_key
from tests.services.provision.test_config import ED25519


@pytest.mark.parametrize(
    "kind", [("ed25519",), ("rsa", "-b", "2048"), ("ecdsa", "-b", "256"), ("ecdsa", "-b", "521")]
)
def test_real_keys_are_taken(tmp_path: Path, kind: tuple[str, ...]) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(
        ["ssh-keygen", "-q", "-N", "", "-C", "me at home", "-f", str(tmp_path / "key"), "-t", *kind],
        check=True,
    )
    line = (tmp_path / "key.pub").read_text()
    assert check_key(line) == line.strip()


def test_a_weak_rsa_key_is_refused(tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    command = ["ssh-keygen", "-q", "-N", "", "-t", "rsa", "-b", "1024", "-f", str(tmp_path / "key")]
    subprocess.run(command, check=True)
    with pytest.raises(ValueError, match="1024 bits"):
        check_key((tmp_path / "key.pub").read_text())


@given(st.integers(12, len(ED25519) - 4), st.sampled_from(["", "A", "*", " "]))
def test_a_key_with_a_changed_length_is_refused(at: int, instead: str) -> None:
    damaged = ED25519[:at] + instead + ED25519[at + 2 :]
    with pytest.raises(ValueError, match=r"\|"):
        check_key(damaged)


@pytest.mark.parametrize("prefix", ['command="sh" ', "no-pty ", "ssh-dss "])
def test_options_before_a_key_are_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match=r"\|"):
        check_key(prefix + ED25519)


@given(st.text(max_size=200))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        assert check_key(text).isprintable()
    except ValueError as error:
        assert "|" in str(error)

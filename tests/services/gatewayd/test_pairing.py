"""The pairing code and how often it may be tried."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Denied, InvalidInput, SottoError, Unavailable
from services.gatewayd.pairing import FIRST_WAIT_S, FREE_TRIES, LONGEST_WAIT_S, PairingGuard, load_code

CODE = "12345678"


def _wrong(guard: PairingGuard, now: float, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Denied):
            guard.check("00000000", now)


@pytest.mark.parametrize("code", [CODE, "1234 5678", "1234-5678", " 12345678 "])
def test_the_right_code_pairs(code: str) -> None:
    PairingGuard(CODE).check(code, 0.0)


@pytest.mark.parametrize(
    "code",
    ["", "1234567", "123456789", "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "\ud800", "12345678\n"],
)
def test_another_one_does_not(code: str) -> None:
    with pytest.raises(Denied):
        PairingGuard(CODE).check(code, 0.0)


def test_after_some_wrong_codes_the_right_one_waits_too() -> None:
    guard = PairingGuard(CODE)
    _wrong(guard, 0.0, FREE_TRIES)
    with pytest.raises(Unavailable):
        guard.check(CODE, FIRST_WAIT_S - 0.1)
    guard.check(CODE, FIRST_WAIT_S)


def test_the_wait_doubles() -> None:
    guard = PairingGuard(CODE)
    _wrong(guard, 0.0, FREE_TRIES)
    _wrong(guard, FIRST_WAIT_S, 1)
    with pytest.raises(Unavailable):
        guard.check(CODE, FIRST_WAIT_S + 2 * FIRST_WAIT_S - 0.1)
    guard.check(CODE, FIRST_WAIT_S + 2 * FIRST_WAIT_S)


def test_the_right_code_forgives() -> None:
    guard = PairingGuard(CODE)
    _wrong(guard, 0.0, FREE_TRIES - 1)
    guard.check(CODE, 0.0)
    _wrong(guard, 0.0, FREE_TRIES - 1)
    guard.check(CODE, 0.0)


@given(st.lists(st.floats(0, 600), min_size=1, max_size=400))
def test_who_guesses_gets_few_tries(gaps: list[float]) -> None:
    guard = PairingGuard(CODE)
    now, tries = 0.0, 0
    for gap in gaps:
        now += gap
        try:
            guard.check("00000000", now)
        except Denied:
            tries += 1
        except SottoError:
            pass
    # The free ones, the doubling ones, and one an hour.
    assert tries <= FREE_TRIES + 8 + now / LONGEST_WAIT_S


def test_a_code_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "state" / "pairing-code"
    code = load_code(path)
    assert len(code) == 8 and code.isdigit()
    assert load_code(path) == code
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["1234\n", "abcdefgh", "123456789"])
def test_a_file_with_something_else_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pairing-code"
    path.write_text(content)
    with pytest.raises(InvalidInput, match="pairing-code"):
        load_code(path)

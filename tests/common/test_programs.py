"""Other programs answer within their time and their limit, or the caller's own error says why not."""

from __future__ import annotations

import subprocess

import pytest

from common import programs
from common.errors import Unavailable


def failed(why: str) -> Unavailable:
    return Unavailable(f"no answer: {why}")


def test_what_a_program_prints_is_returned() -> None:
    assert programs.output_of(["printf", "a\\377"], 10, failed) == b"a\xff"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["/nowhere/at-all"], "No such file"),
        (["sh", "-c", "echo broken >&2; exit 3"], "broken"),
        (["sleep", "20"], "timed out"),
    ],
)
def test_a_program_that_fails_is_the_callers_error(command: list[str], why: str) -> None:
    with pytest.raises(Unavailable, match=why):
        programs.output_of(command, 0.5, failed)


def test_a_program_that_says_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "MOST_BYTES", 2**20)
    with pytest.raises(Unavailable, match="more than 1 MiB"):
        programs.output_of(["head", "-c", str(2**20 + 1), "/dev/zero"], 10, failed)


def test_status_and_words_of_a_program_are_told() -> None:
    done = programs.run(["sh", "-c", "echo out; echo why >&2; exit 4"], 10)
    assert (done.status, done.output, done.errors, done.last_words) == (4, "out\n", "why\n", "why")
    assert programs.run(["false"], 10).last_words == "exit status 1"


def test_a_program_gets_the_environment_that_is_given_and_nothing_to_read() -> None:
    done = programs.run(
        ["/bin/sh", "-c", "cat; echo $OWN$HOME"], 10, {"OWN": "mine", "PATH": "/usr/bin:/bin"}
    )
    assert done.output == "mine\n"


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run(["sleep", "20"], 0.2)

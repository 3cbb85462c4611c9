"""What is said of faults: short, with file and key, and without paths and signs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.discovery import skill_modules
from assistant.skills.fault_lines import fault_text
from assistant.skills.language import load_language
from common.faults import STATE_LOST, Fault

REPLIES = load_language("en", skill_modules()).replies
_MORE = "The command sotto doctor tells more."


def said(*faults: Fault) -> str:
    return fault_text(REPLIES, faults)


def test_one_fault_is_named_with_file_and_key() -> None:
    fault = Fault("a", "/etc/sotto/assistant.toml: ...", file="assistant.toml", key="microphone.queue_ms")
    assert said(fault) == (
        f"microphone queue ms in the file assistant toml cannot be used, so I left it out. {_MORE}"
    )


def test_a_fault_of_a_whole_file_names_the_file() -> None:
    assert said(Fault("a", "", file="home.toml")) == (
        f"The file home toml cannot be used, or not all of it. {_MORE}"
    )


def test_a_file_is_found_in_a_message() -> None:
    fault = Fault("a", "/var/lib/sotto/config/sentences/tea.yaml:2: nothing answers BrewTea")
    assert "The file tea yaml cannot" in said(fault)


def test_several_faults_are_one_sentence() -> None:
    faults = [Fault("a", str(n), file=f"{name}.toml") for n, name in enumerate(("home", "gateway", "home"))]
    assert said(*faults) == f"three things cannot be used, in home toml and gateway toml. {_MORE}"


def test_without_a_file_the_number_is_said() -> None:
    assert said(Fault("a", "x"), Fault("a", "y")) == f"two things on this box cannot be used. {_MORE}"
    assert said(Fault("a", "x")) == f"Something on this box cannot be used. {_MORE}"


_NAMES = st.text(max_size=300)


@given(st.lists(st.builds(Fault, _NAMES, _NAMES, file=_NAMES, key=_NAMES), min_size=1, max_size=50))
def test_whatever_a_fault_says_the_text_is_short_and_has_no_signs(faults: list[Fault]) -> None:
    text = said(*faults)
    assert len(text) < 300
    assert not set(text) & set("/\\[]{}()_\"'\n\0=")


def test_what_is_lost_is_said_to_be_lost() -> None:
    lost = Fault(STATE_LOST, "the timers are lost", file="timers.json")
    assert said(lost) == f"The file timers json was damaged, and what was in it is lost. {_MORE}"
    assert said(lost, Fault("a", "", file="home.toml")) == (
        "The file timers json was damaged, and what was in it is lost. "
        f"The file home toml cannot be used, or not all of it. {_MORE}"
    )

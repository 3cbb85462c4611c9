"""The figures in one sentence, in a table and for programs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.traffic.accounting import Account, parse_show
from services.traffic.report import ASSISTANT, as_json, described, size, verdict, warning
from tests.services.netcount.conftest import AT, counted, element


def test_the_sentence() -> None:
    assert verdict(counted(), AT) == (
        "Since the start, 3 h ago, only name look-ups (2 kB), addresses (1 kB), time (900 B) and "
        "neighbour discovery (224 B) left this box; the assistant sent nothing; 0 packets were denied."
    )


def test_the_sentence_of_a_silent_box() -> None:
    nothing: dict[str, Any] = {f"sent_{name}": (0, 0) for name in ("dhcp", "dns", "time", "local")}
    assert "ago, nothing left this box; the assistant sent nothing" in verdict(counted(**nothing), AT)


def test_the_sentence_names_who_was_denied() -> None:
    denied = [element(f"system.slice/{n}.service", packets, 60) for n, packets in (("a", 1), ("b", 5))]
    assert verdict(counted(denied=denied, denied_out=(6, 360)), AT).endswith(
        "; 6 packets were denied (b.service and a.service)."
    )


def test_the_sentence_tells_on_the_assistant() -> None:
    sent = [element(f"system.slice/{ASSISTANT}", 1, 1500)]
    assert "the assistant sent 2 kB" in verdict(counted(sent=sent), AT)


def test_old_figures_are_said_to_be_old() -> None:
    assert warning(counted(), AT + 60) == ""
    assert warning(counted(), AT + 200).startswith("The figures are 200 s old.")


SHOW = """\
Id=sotto-assistantd.service
ActiveState=active
IPIngressBytes=1000
IPEgressBytes=2000

ActiveState=inactive
Id=emergency.service
IPIngressBytes=[no data]
IPEgressBytes=18446744073709551615

Id=quiet.service
ActiveState=active
IPIngressBytes=0
IPEgressBytes=0
"""


def test_systemds_accounts() -> None:
    assert parse_show(SHOW) == {
        ASSISTANT: Account(True, 2000, 1000),
        "emergency.service": Account(False, None, None),
        "quiet.service": Account(True, 0, 0),
    }


@given(st.text(max_size=200))
def test_any_text_of_systemctl_is_read(text: str) -> None:
    parse_show(text)
    parse_show(f"Id=a.service\nIPEgressBytes={text}\n")


def test_the_whole_report() -> None:
    text = described(counted(), AT + 5, parse_show(SHOW))
    assert "systemd-resolved.service" in text
    assert "2 more services run: they sent nothing" in text
    assert "eth0: 9 kB sent, 70 kB received in all" in text
    assert text.endswith("Packets from outside that were not let in: 4. The figures are 5 s old.")


def test_the_report_for_programs() -> None:
    value = as_json(counted(), AT + 5, parse_show(SHOW))
    by_name = {unit["name"]: unit for unit in value["units"]}
    assert by_name[ASSISTANT]["sent"] == {"packets": 0, "bytes": 0}
    assert by_name[ASSISTANT]["sent_with_loopback_bytes"] == 2000
    assert by_name["systemd-resolved.service"]["may"] == ["dns", "mdns"]
    assert value["no_unit"]["sent"] == {"packets": 5, "bytes": 1224}
    assert (value["age_s"], value["denied"]["packets"]) == (5.0, 0)


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "0 B"), (999, "999 B"), (1500, "2 kB"), (999_600, "1.0 MB"), (5_000_000_000, "5.0 GB")],
)
def test_sizes(amount: int, words: str) -> None:
    assert size(amount) == words

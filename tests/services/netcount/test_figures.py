"""Figures: summed by unit, kept over runs, told in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from services.netcount.accounting import Account, parse_show
from services.netcount.figures import Figures, Link, figures, from_json, to_json, unit_name
from services.netcount.firewall import parse_table
from services.netcount.report import ASSISTANT, as_json, described, size, verdict, warning
from services.netcount.traffic import Traffic
from tests.services.netcount.conftest import element, table

AT = 3 * 3600.0 + 60
ETH = (Link("eth0", 9000, 70_000),)


def _figures(before: Figures | None = None, at_s: float = AT, **changes: Any) -> Figures:
    return figures(parse_table(table(**changes)), {"40": "systemd-resolved.service"}, ETH, at_s, before)


def test_the_sentence() -> None:
    assert verdict(_figures(), AT) == (
        "Since the start, 3 h ago, only name look-ups (2 kB), addresses (1 kB), time (900 B) and "
        "neighbour discovery (224 B) left this box; the assistant sent nothing; 0 packets were denied."
    )


def test_the_sentence_of_a_silent_box() -> None:
    nothing: dict[str, Any] = {f"sent_{name}": (0, 0) for name in ("dhcp", "dns", "time", "local")}
    assert "ago, nothing left this box; the assistant sent nothing" in verdict(_figures(**nothing), AT)


def test_the_sentence_names_who_was_denied() -> None:
    denied = [element(f"system.slice/{n}.service", packets, 60) for n, packets in (("a", 1), ("b", 5))]
    assert verdict(_figures(denied=denied, denied_out=(6, 360)), AT).endswith(
        "; 6 packets were denied (b.service and a.service)."
    )


def test_the_sentence_tells_on_the_assistant() -> None:
    sent = [element(f"system.slice/{ASSISTANT}", 1, 1500)]
    assert "the assistant sent 2 kB" in verdict(_figures(sent=sent), AT)


def test_a_unit_that_was_started_again_is_one_unit() -> None:
    sent = [element("system.slice/systemd-resolved.service", 1, 100), element("40", 2, 200)]
    (unit,) = [unit for unit in _figures(sent=sent).units if unit.name == "systemd-resolved.service"]
    assert unit.sent == Traffic(3, 300)


def test_a_name_is_kept_while_the_counter_is_there_and_no_longer() -> None:
    first = figures(parse_table(table()), {"77": "brief.service", "78": "silent.service"}, (), 1.0, None)
    second = figures(parse_table(table(denied=[element("77", 1, 60)])), {}, (), 2.0, first)
    assert second.names == {"77": "brief.service"}
    assert "brief.service" in [unit.name for unit in second.units]


def test_counters_that_began_again_are_not_told_as_from_the_start() -> None:
    first = _figures(at_s=600.0)
    again = _figures(first, at_s=660.0, sent_dns=(1, 60))
    assert again.since_s == 600.0
    assert verdict(again, 720.0).startswith("Since the rules were loaded anew, 2 min ago, only")
    assert _figures(again, at_s=700.0, sent_dns=(2, 120)).since_s == 600.0


def test_figures_come_back_from_the_file() -> None:
    now = _figures(denied=[element("77", 1, 60)])
    assert from_json(json.loads(json.dumps(to_json(now)))) == now


@pytest.mark.parametrize("value", [None, 3, {}, {"format": 2}, {"format": 1, "taken_s": "x"}])
def test_a_damaged_file_is_an_error_of_ours(value: object) -> None:
    with pytest.raises(InvalidInput, match="damaged"):
        from_json(value)


def test_old_figures_are_said_to_be_old() -> None:
    assert warning(_figures(), AT + 60) == ""
    assert warning(_figures(), AT + 200).startswith("The figures are 200 s old.")


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
    text = described(_figures(), AT + 5, parse_show(SHOW))
    assert "systemd-resolved.service" in text
    assert "2 more services run: they sent nothing" in text
    assert "eth0: 9 kB sent, 70 kB received in all" in text
    assert text.endswith("Packets from outside that were not let in: 4. The figures are 5 s old.")


def test_the_report_for_programs() -> None:
    value = as_json(_figures(), AT + 5, parse_show(SHOW))
    by_name = {unit["name"]: unit for unit in value["units"]}
    assert by_name[ASSISTANT]["sent"] == {"packets": 0, "bytes": 0}
    assert by_name[ASSISTANT]["sent_with_loopback_bytes"] == 2000
    assert by_name["systemd-resolved.service"]["may"] == ["dns", "mdns"]
    assert value["no_unit"]["sent"] == {"packets": 5, "bytes": 1224}
    assert (value["age_s"], value["denied"]["packets"]) == (5.0, 0)


@given(st.text(alphabet="0123456789/ab.", max_size=12))
def test_every_cgroup_has_a_name(cgroup: str) -> None:
    assert unit_name(cgroup, {})


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "0 B"), (999, "999 B"), (1500, "2 kB"), (999_600, "1.0 MB"), (5_000_000_000, "5.0 GB")],
)
def test_sizes(amount: int, words: str) -> None:
    assert size(amount) == words

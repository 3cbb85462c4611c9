"""Figures: summed by unit, kept over runs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from services.netcount.figures import figures, unit_name
from services.netcount.firewall import parse_table
from services.traffic.amount import Traffic
from services.traffic.figures import from_json, to_json
from services.traffic.report import verdict
from tests.services.netcount.conftest import counted, element, table


def test_a_unit_that_was_started_again_is_one_unit() -> None:
    sent = [element("system.slice/systemd-resolved.service", 1, 100), element("40", 2, 200)]
    (unit,) = [unit for unit in counted(sent=sent).units if unit.name == "systemd-resolved.service"]
    assert unit.sent == Traffic(3, 300)


def test_a_name_is_kept_while_the_counter_is_there_and_no_longer() -> None:
    first = figures(parse_table(table()), {"77": "brief.service", "78": "silent.service"}, (), 1.0, None)
    second = figures(parse_table(table(denied=[element("77", 1, 60)])), {}, (), 2.0, first)
    assert second.names == {"77": "brief.service"}
    assert "brief.service" in [unit.name for unit in second.units]


def test_counters_that_began_again_are_not_told_as_from_the_start() -> None:
    first = counted(at_s=600.0)
    again = counted(first, at_s=660.0, sent_dns=(1, 60))
    assert again.since_s == 600.0
    assert verdict(again, 720.0).startswith("Since the rules were loaded anew, 2 min ago, only")
    assert counted(again, at_s=700.0, sent_dns=(2, 120)).since_s == 600.0


def test_figures_come_back_from_the_file() -> None:
    now = counted(denied=[element("77", 1, 60)])
    assert from_json(json.loads(json.dumps(to_json(now)))) == now


@pytest.mark.parametrize("value", [None, 3, {}, {"format": 2}, {"format": 1, "taken_s": "x"}])
def test_a_damaged_file_is_an_error_of_ours(value: object) -> None:
    with pytest.raises(InvalidInput, match="damaged"):
        from_json(value)


@given(st.text(alphabet="0123456789/ab.", max_size=12))
def test_every_cgroup_has_a_name(cgroup: str) -> None:
    assert unit_name(cgroup, {})

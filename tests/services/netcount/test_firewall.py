"""nft's JSON, read."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from services.netcount.firewall import parse_table
from services.provision.apply import WEB_PORTS
from services.traffic.amount import Traffic
from services.traffic.figures import PURPOSES
from tests.conftest import REPOSITORY
from tests.services.netcount.conftest import element, table


def test_counters_sets_and_who_may() -> None:
    read = parse_table(table(denied=[element("211", 3, 180)]))
    assert read.counters["sent_dns"] == Traffic(20, 2000)
    assert read.sent["system.slice/systemd-resolved.service"] == Traffic(20, 2000)
    assert read.denied == {"211": Traffic(3, 180)}
    assert read.may["dns"] == ("system.slice/systemd-resolved.service",)
    assert read.may["update"] == ()


@pytest.mark.parametrize("name", ["sent_dns", "denied_out", "received_in"])
def test_a_counter_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(InvalidInput, match=name) as caught:
        parse_table(table().replace(f'"{name}"', '"renamed"'))
    assert caught.value.code == "network.rules"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"nftables": 3}', "[" * 100_000, '{"nftables": [7]}']
)
def test_nonsense_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_table(text)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["elem", "val", "counter", "packets", "bytes"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_a_set_of_any_form_is_read_or_refused(value: object) -> None:
    text = json.loads(table())
    for entry in text["nftables"]:
        if entry.get("set", {}).get("name") in ("denied", "may_dns"):
            entry["set"]["elem"] = value
    with contextlib.suppress(InvalidInput):
        parse_table(json.dumps(text))


def test_the_rules_have_every_purpose() -> None:
    rules = (REPOSITORY / "rootfs/etc/nftables.conf").read_text("utf-8")
    counters = {line.split()[1] for line in rules.splitlines() if line.startswith("    counter ")}
    assert {name for name in counters if name.startswith("sent_")} == {f"sent_{name}" for name in PURPOSES}


def test_the_ports_that_are_always_open_to_updates_are_those_that_are_not_opened() -> None:
    rules = (REPOSITORY / "rootfs/etc/nftables.conf").read_text("utf-8")
    (line,) = (line for line in rules.splitlines() if line.startswith("    set update_tcp "))
    assert f"elements = {{ {', '.join(map(str, WEB_PORTS))} }}" in line


def test_units_enter_sets_there_are() -> None:
    rules = (REPOSITORY / "rootfs/etc/nftables.conf").read_text("utf-8")
    entered = set()
    for file in (REPOSITORY / "rootfs/usr/lib/systemd/system").rglob("*"):
        if file.is_file():
            for line in file.read_text("utf-8").splitlines():
                if line.startswith("NFTSet="):
                    entered |= {entry.rpartition(":")[2] for entry in line.split("=", 1)[1].split()}
    purposes = ("dhcp", "dns", "mdns", "time", "update", "hub", "remote")
    assert entered == {f"may_{purpose}" for purpose in purposes}
    assert all(f"    set {name} " in rules for name in entered)

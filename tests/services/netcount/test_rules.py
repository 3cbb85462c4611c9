"""The firewall, with real packets between two machines of the kernel's own."""

from __future__ import annotations

import json

import pytest

from services.netcount.figures import figures
from services.netcount.firewall import parse_table
from services.provision.hub import rules_to
from services.traffic.amount import Traffic
from services.traffic.figures import UNKNOWN
from tests.services.netcount.two_boxes import BOX, OTHER, RULES, TwoBoxes, remove_cgroup

UDP_ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", {port}))
print("ready", flush=True)
while True:
    data, sender = s.recvfrom(2000)
    s.sendto(data, sender)
"""
UDP_ASK = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
try:
    s.sendto(b"x" * 100, ("{host}", {port}))
    print(len(s.recv(2000)))
except OSError as error:
    print(type(error).__name__)
"""
# Answers, and closes a moment after the other side did.
TCP_ECHO = """
import socket, time
s = socket.create_server(("0.0.0.0", {port}))
print("ready", flush=True)
while True:
    c, _ = s.accept()
    c.sendall(c.recv(2000))
    c.recv(1)
    time.sleep(0.3)
    c.close()
"""
TCP_ASK = """
import socket
try:
    with socket.create_connection(("{host}", {port}), 2) as s:
        s.settimeout(2)
        s.sendall(b"x" * 100)
        print(len(s.recv(2000)))
except OSError as error:
    print("refused")
"""
#: nftables' answer to whom it does not let out.
REFUSED = "PermissionError\n"


def _ask_udp(boxes: TwoBoxes, unit: str, port: int = 53, host: str = OTHER) -> str:
    return boxes.python(UDP_ASK.format(host=host, port=port), unit)


def _ask_tcp(boxes: TwoBoxes, unit: str, port: int, host: str = OTHER) -> str:
    return boxes.python(TCP_ASK.format(host=host, port=port), unit)


def test_a_unit_in_no_set_sends_no_question_for_a_name(boxes: TwoBoxes) -> None:
    boxes.serve(UDP_ECHO.format(port=53), boxes.other)
    boxes.allow("may_dns", "resolved.service")
    assert _ask_udp(boxes, "other.service") == REFUSED
    assert _ask_udp(boxes, "resolved.service") == "100\n"


@pytest.mark.parametrize("set_", ["may_dns", "may_dhcp", "may_time", "may_mdns"])
def test_a_unit_in_another_set_fetches_nothing(boxes: TwoBoxes, set_: str) -> None:
    boxes.serve(TCP_ECHO.format(port=443), boxes.other)
    boxes.allow(set_, "some.service")
    assert _ask_tcp(boxes, "some.service", 443) == "refused\n"


def test_a_program_of_no_unit_sends_nothing(boxes: TwoBoxes) -> None:
    assert _ask_udp(boxes, "") == REFUSED
    assert boxes.counters()["denied_out"] == 1


def test_a_unit_has_its_own_ports_only(boxes: TwoBoxes) -> None:
    boxes.allow("may_dns", "resolved.service")
    assert _ask_udp(boxes, "resolved.service", 123) == REFUSED


def test_updates_go_to_a_port_of_their_own_once_it_is_set(boxes: TwoBoxes) -> None:
    boxes.serve(TCP_ECHO.format(port=9443), boxes.other)
    boxes.allow("may_update", "updated.service")
    assert _ask_tcp(boxes, "updated.service", 9443) == "refused\n"
    boxes.rules("add element inet sotto update_tcp { 9443 }")
    assert _ask_tcp(boxes, "updated.service", 9443) == "100\n"


def test_loopback_is_free_and_counted_nowhere(boxes: TwoBoxes) -> None:
    boxes.serve(UDP_ECHO.format(port=7000), boxes.box, "server.service")
    assert _ask_udp(boxes, "any.service", 7000, "127.0.0.1") == "100\n"
    table = parse_table(boxes.listed())
    assert not {**table.sent, **table.received, **table.denied}


def test_a_port_is_open_once_it_is_set(boxes: TwoBoxes) -> None:
    boxes.serve(TCP_ECHO.format(port=22), boxes.box, "ssh.service")
    ask = TCP_ASK.format(host=BOX, port=22)
    assert boxes.python(ask, where=boxes.other) == "refused\n"
    assert boxes.counters()["denied_in"] > 0
    boxes.rules("add element inet sotto open_tcp { 22 }")
    assert boxes.python(ask, where=boxes.other) == "100\n"
    assert boxes.counters()["denied_out"] == 0, "its answers went out, to the last packet"
    assert boxes.counters()["sent_answers"] > 0


def test_traffic_is_counted_by_purpose_and_unit(boxes: TwoBoxes) -> None:
    boxes.serve(UDP_ECHO.format(port=53), boxes.other)
    boxes.allow("may_dns", "resolved.service")
    _ask_udp(boxes, "resolved.service")
    table = parse_table(boxes.listed())
    now = figures(table, {}, (), 1.0, None)
    (unit,) = now.units
    once = Traffic(1, 128)  # 100 bytes in UDP in IPv4
    assert (unit.name, unit.sent, unit.received) == ("resolved.service", once, once)
    assert now.purposes["dns"] == once


def test_what_was_denied_is_told_by_unit(boxes: TwoBoxes) -> None:
    _ask_udp(boxes, "curious.service")
    now = figures(parse_table(boxes.listed()), {}, (), 1.0, None)
    assert [(unit.name, unit.denied) for unit in now.units] == [("curious.service", Traffic(1, 128))]


def test_what_a_unit_tried_beyond_its_ports_is_not_called_what_it_may(boxes: TwoBoxes) -> None:
    boxes.allow("may_dns", "resolved.service")
    _ask_udp(boxes, "resolved.service", 9999)
    now = figures(parse_table(boxes.listed()), {}, (), 1.0, None)
    assert now.purposes["dns"] == Traffic()
    assert now.units[0].sent == Traffic()


def test_a_unit_that_has_ended_keeps_its_name(boxes: TwoBoxes) -> None:
    _ask_udp(boxes, "brief.service")
    folder = boxes.unit("brief.service")
    living = {str(folder.stat().st_ino): "brief.service"}
    first = figures(parse_table(boxes.listed()), living, (), 1.0, None)
    remove_cgroup(folder)
    gone = parse_table(boxes.listed())
    assert [unit.name for unit in figures(gone, {}, (), 2.0, first).units] == ["brief.service"]
    assert [unit.name for unit in figures(gone, {}, (), 2.0, None).units] == [UNKNOWN]


def test_the_last_packet_of_a_connection_that_was_let_is_not_denied(boxes: TwoBoxes) -> None:
    boxes.serve(TCP_ECHO.format(port=443), boxes.other)
    boxes.allow("may_update", "updated.service")
    assert _ask_tcp(boxes, "updated.service", 443) == "100\n"
    # The other side closes when the program has long ended; the kernel answers without a socket.
    boxes.python("import time; time.sleep(1)")
    counters = boxes.counters()
    assert counters["denied_out"] == 0
    assert counters["sent_update"] > 0


def test_echo_requests_carry_nothing_out(boxes: TwoBoxes) -> None:
    boxes.python(
        'open("/proc/sys/net/ipv4/ping_group_range", "w").write("0 0")\n'  # systemd opens it to everybody
    )
    ping = """
import socket
for family, kind, host in ((socket.AF_INET, socket.IPPROTO_ICMP, "10.77.0.1"),
                           (socket.AF_INET6, socket.IPPROTO_ICMPV6, "fd77::1")):
    head = bytes((8 if family == socket.AF_INET else 128, 0, 0, 0, 0, 0, 0, 1))
    with socket.socket(family, socket.SOCK_DGRAM, kind) as s:
        try:
            s.sendto(head + b"secret", socket.getaddrinfo(host, 0, family)[0][4])
        except PermissionError:
            pass  # told by IPv4 only
"""
    boxes.python(ping, "curious.service")
    assert boxes.counters()["denied_out"] == 2


def test_rules_loaded_again_replace_the_old_ones(boxes: TwoBoxes) -> None:
    boxes.rules("add element inet sotto open_tcp { 22 }")
    boxes.rules(RULES.read_text().replace("include", "# include"))
    entries = json.loads(boxes.listed())["nftables"]
    (opened,) = [e["set"] for e in entries if e.get("set", {}).get("name") == "open_tcp"]
    assert "elem" not in opened


def test_the_neighbours_are_found_by_ipv6(boxes: TwoBoxes) -> None:
    boxes.serve(UDP_ECHO.replace("AF_INET", "AF_INET6").replace("0.0.0.0", "::").format(port=53), boxes.other)
    boxes.allow("may_dns", "resolved.service")
    ask = UDP_ASK.replace("AF_INET", "AF_INET6").format(host="fd77::1", port=53)
    assert boxes.python(ask, "resolved.service") == "100\n"


HUB = f"add element inet sotto hub4 {{ {OTHER} . 8123 }}"


def test_the_hub_is_talked_to_by_its_unit_alone(boxes: TwoBoxes) -> None:
    boxes.serve(TCP_ECHO.format(port=8123), boxes.other)
    boxes.rules(HUB)
    boxes.allow("may_hub", "sotto-connectord.service")
    assert _ask_tcp(boxes, "sotto-connectord.service", 8123) == "100\n"
    assert _ask_tcp(boxes, "other.service", 8123) == "refused\n"
    assert boxes.counters()["sent_hub"] > 0


def test_the_hub_s_unit_talks_to_nobody_else(boxes: TwoBoxes) -> None:
    boxes.serve(TCP_ECHO.format(port=8124), boxes.other)
    boxes.rules(HUB)
    boxes.allow("may_hub", "sotto-connectord.service")
    assert _ask_tcp(boxes, "sotto-connectord.service", 8124) == "refused\n"


def test_speech_goes_to_the_paired_machine_alone_and_is_counted(boxes: TwoBoxes) -> None:
    for port in (8444, 8445):
        boxes.serve(TCP_ECHO.format(port=port), boxes.other)
    boxes.rules("".join(rules_to("remote", OTHER, 8444)))
    boxes.allow("may_remote", "sotto-remoted.service")
    assert _ask_tcp(boxes, "sotto-remoted.service", 8444) == "100\n"
    assert _ask_tcp(boxes, "sotto-remoted.service", 8445) == "refused\n"
    assert _ask_tcp(boxes, "sotto-connectord.service", 8444) == "refused\n"
    assert boxes.counters()["sent_remote"] > 0


def test_a_hub_with_a_name_is_looked_for_on_the_local_network(boxes: TwoBoxes) -> None:
    boxes.serve(TCP_ECHO.format(port=1883), boxes.other)
    boxes.rules("".join(rules_to("hub", None, 1883)))
    boxes.allow("may_hub", "sotto-connectord.service")
    assert _ask_tcp(boxes, "sotto-connectord.service", 1883) == "100\n"

"""Without a cable and without a known Wi-Fi the box opens a network of its own, on a simulated radio.

The radio is the kernel's mac80211_hwsim: NetworkManager, wpa_supplicant, dnsmasq and the firewall do what
they do on a card. The cable is pulled from outside, and put back to look at what happened.
"""

from __future__ import annotations

import time

import pytest

from tests.system.box import Box
from tests.system.conftest import BoxMaker

#: A boot, the minute that the box waits for a network, and opening its own, on an emulated machine.
_ALONE_S = 420.0
_OPENED = "open the own network"
_CLOSED = "close it if it is open, and end"


@pytest.fixture(scope="module")
def box(make_box: BoxMaker) -> Box:
    box = make_box(kernel_words="modules_load=mac80211_hwsim")
    box.start()
    box.cable(plugged=False)
    time.sleep(_ALONE_S)
    box.cable(plugged=True)
    box.wait_for_ssh()
    return box


def test_it_opens_its_own_network_and_shows_the_page(box: Box) -> None:
    told = box.ssh("journalctl -b -o cat --no-pager -u sotto-setup")
    assert _OPENED in told, told
    assert "does not open" not in told, told
    page = box.ssh("journalctl -b -o cat --no-pager -u sotto-setup-page")
    assert "Started" in page, page
    manager = box.ssh("journalctl -b -o cat --no-pager -u NetworkManager")
    assert "'sotto-setup'" in manager and "Activation: successful" in manager, manager[-3000:]


def test_with_a_network_it_closes_it_again(box: Box) -> None:
    box.wait(
        lambda: _CLOSED in box.ssh("journalctl -b -o cat --no-pager -u sotto-setup"),
        "the end of the own network",
        120.0,
    )
    assert box.ssh("systemctl is-active sotto-setup-page || true").strip() == "inactive"
    assert box.ssh("ls /run/sotto-setup").split() == ["page.json", "state.json"]

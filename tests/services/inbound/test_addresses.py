"""What counts as one peer."""

from __future__ import annotations

import pytest

from services.inbound.addresses import network_of, plain


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_address_has_one_form() -> None:
    forms = ("::ffff:192.0.2.7", "2001:DB8:0::1", "fe80::1%eth0", "", "no address")
    assert [plain(form) for form in forms] == ["192.0.2.7", "2001:db8::1", "fe80::1", "", "no address"]

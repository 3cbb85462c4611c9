"""Which devices are accelerators, and which nodes are theirs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.hardware.devices import Device
from assistant.hardware.match import match
from assistant.hardware.table import load_table

TABLE = load_table()


def pci(name: str, vendor: str, product: str, kind: str = "0x120000") -> Device:
    ids = {"vendor": vendor, "device": product, "class": kind}
    return Device("pci", f"/sys/devices/pci0000:00/{name}", name, "intel_vpu", attributes=ids)


def accel(parent: Device, number: int) -> Device:
    name = f"accel{number}"
    return Device("accel", f"{parent.path}/accel/{name}", name, node=f"/dev/accel/{name}")


def test_each_of_two_cards_has_its_own_node() -> None:
    one, two = pci("0000:00:0b.0", "0x8086", "0x7d1d"), pci("0000:00:0b.01", "0x8086", "0x7D1D")
    found = match(TABLE, [accel(two, 1), one, accel(one, 0), two], 10)
    assert [(each.place, each.nodes) for each in found] == [
        ("0000:00:0b.0", ("/dev/accel/accel0",)),
        ("0000:00:0b.01", ("/dev/accel/accel1",)),
    ]


def test_three_cores_of_a_chip_are_one_accelerator() -> None:
    cores = [
        Device(
            "platform",
            f"/sys/devices/platform/{n}.npu",
            f"{n}.npu",
            compatible=("rockchip,rk3588-rknn-core",),
        )
        for n in range(3)
    ]
    (found,) = match(TABLE, cores, 10)
    assert (found.place, len(found.devices)) == ("", 3)


def test_a_card_of_the_right_maker_and_another_class_is_none() -> None:
    assert match(TABLE, [pci("0000:01:00.1", "0x10de", "0x22ba", "0x040300")], 10) == ()


def test_the_node_of_a_hailo_is_the_one_that_names_its_address() -> None:
    cards = [pci(f"0000:0{n}:00.0", "0x1e60", "0x2864") for n in (1, 2)]
    nodes = [
        Device(
            "hailo_chardev",
            f"/sys/c/hailo{n}",
            f"hailo{n}",
            node=f"/dev/hailo{n}",
            attributes={"board_location": c.name},
        )
        for n, c in zip((1, 0), cards, strict=True)
    ]
    assert [each.nodes for each in match(TABLE, [*nodes, *cards], 10)] == [("/dev/hailo1",), ("/dev/hailo0",)]


def test_no_more_than_asked_for() -> None:
    cards = [pci(f"0000:00:{n:02x}.0", "0x8086", "0x7d1d") for n in range(20)]
    assert len(match(TABLE, cards, 7)) == 7


texts = st.text(max_size=12) | st.sampled_from(
    ("0x8086", "0x7d1d", "pci", "usb", "platform", "vivante,gc", "1a6e")
)
devices = st.builds(
    Device,
    subsystem=texts,
    path=texts,
    name=texts,
    driver=texts,
    node=texts,
    compatible=st.lists(texts, max_size=2).map(tuple),
    attributes=st.dictionaries(
        st.sampled_from(("vendor", "device", "class", "idVendor", "idProduct")), texts
    ),
)


@given(st.lists(devices, max_size=8))
def test_whatever_the_kernel_says_is_judged(some: list[Device]) -> None:
    for each in match(TABLE, some, 5):
        assert all(device in some for device in each.devices)

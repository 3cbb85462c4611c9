from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.model import RANGED, Device, Domain, Home, Range
from common.errors import InvalidInput
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.home import home_from_wire, home_to_wire

ranges = st.builds(
    Range, st.integers(-50, 0), st.floats(0, 1e4), st.none() | st.floats(0.1, 10, allow_nan=False)
)
devices = st.builds(
    Device,
    st.just("x"),
    st.just("x"),
    st.sampled_from(Domain),
    ranges=st.dictionaries(st.sampled_from(RANGED), ranges, max_size=3),
)


@given(devices)
def test_a_device_survives_the_wire(device: Device) -> None:
    assert home_from_wire(home_to_wire(Home(devices=(device,)))).devices == (device,)


@pytest.mark.parametrize(
    "limit",
    [
        pb.ValueRange(minimum=2, maximum=1),
        pb.ValueRange(minimum=float("nan"), maximum=1),
        pb.ValueRange(maximum=1, step=0),
    ],
)
def test_a_range_that_no_value_fits_is_refused(limit: pb.ValueRange) -> None:
    device = pb.Device(id="x", name="x", domain="climate", ranges={"temperature": limit})
    with pytest.raises(InvalidInput, match="the device 'x'"):
        home_from_wire(pb.HomeDescription(devices=[device]))


def test_a_range_of_another_name_is_passed_over() -> None:
    device = pb.Device(id="x", name="x", domain="climate", ranges={"smell": pb.ValueRange(maximum=1)})
    assert home_from_wire(pb.HomeDescription(devices=[device])).devices[0].ranges == {}

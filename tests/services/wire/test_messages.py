from collections.abc import Mapping

import grpc
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import Event, EventKind
from assistant.turn.store import Clocks, Turn
from common.errors import ErrorKind
from services.wire.messages import event_to_wire, turn_from_wire, turn_to_wire, values_from
from services.wire.status import _CODES

_clock = st.none() | st.floats(-100, 10_000)
_value = st.text(max_size=20) | st.integers(-(2**40), 2**40) | st.booleans()
_turns = st.builds(
    Turn,
    id=st.text("abcdef0123456789", min_size=1, max_size=12),
    time=st.floats(0, 2e9),
    transcript=st.text(max_size=50),
    accepted=st.booleans(),
    intent=st.none() | st.text(min_size=1, max_size=20),
    slots=st.dictionaries(st.text(min_size=1, max_size=10), _value, max_size=4),
    reply=st.text(max_size=50),
    clocks_ms=st.builds(Clocks, decided=_clock, acted=_clock, heard=_clock, compute=_clock),
    stages_ms=st.dictionaries(st.text(min_size=1, max_size=10), st.floats(0, 1e5), max_size=4),
    label=st.text(max_size=10),
    interrupted=st.booleans(),
)


@given(_turns)
def test_a_turn_survives_the_wire(turn: Turn) -> None:
    assert turn_from_wire(turn_to_wire(turn)) == turn


def test_event_data_of_any_kind_can_be_sent() -> None:
    data: Mapping[str, object] = {"a": 1, "b": None, "c": ("x", 2), "d": {"e": 1.5}, "f": object()}
    wire = event_to_wire(Event(EventKind.STATE, 1.0, "t", data))
    assert wire.data["a"] == 1
    assert values_from(wire.data)["c"] == ["x", 2]


def test_every_kind_of_error_has_a_grpc_status_of_its_own() -> None:
    assert set(_CODES) == set(ErrorKind)
    assert len(set(_CODES.values())) == len(ErrorKind)
    known = {code.value[0] for code in grpc.StatusCode}
    assert set(_CODES.values()) <= known

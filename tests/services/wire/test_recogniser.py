"""Orders and answers between two machines as messages, and what a hostile one may send."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.names import home_names
from assistant.remote.identity import RecogniserIdentity
from assistant.remote.messages import (
    Answer,
    GiveUp,
    GrammarKnown,
    Order,
    Recognise,
    Refused,
    Result,
    Welcome,
)
from assistant.remote.port import GrammarName, RemoteBusy, Utterance
from assistant.speech.transcript import Transcript
from assistant.understanding.names import AreaName, DeviceName, HomeNames
from assistant.understanding.recipe import GrammarRecipe
from common.errors import InvalidInput, SottoError, TooLarge, Unavailable
from services.proto.sotto.v1 import recogniser_pb2 as pb
from services.wire.recogniser import answer_from_wire, answer_to_wire, order_from_wire, order_to_wire

NAMES = home_names(load_home(SAMPLE_HOME))


def carried(order: Order) -> Order:
    """As the other machine gets it."""
    return order_from_wire(pb.RecogniseRequest.FromString(order_to_wire(order).SerializeToString()))


def answered(answer: Answer) -> Answer:
    return answer_from_wire(pb.RecogniseResponse.FromString(answer_to_wire(answer).SerializeToString()))


@pytest.mark.parametrize(
    "order",
    [
        RecogniserIdentity("en", "a", "b", "c"),
        GiveUp(7),
        GrammarRecipe("key", "en", True, ("A", "B"), NAMES, ("{}",), ("[]",)),
        GrammarRecipe("key", "en", False, (), HomeNames()),
    ],
)
def test_orders_arrive_as_they_were(order: Order) -> None:
    assert carried(order) == order


@pytest.mark.parametrize("speech_s", [None, 0.0, 1.5])
def test_a_recording_arrives_as_it_was(speech_s: float | None) -> None:
    audio = np.array([0, 1, -1, 32767, -32768], np.int16)
    name = GrammarName("key", "okay nabu", ("WHICH",), HomeNames((DeviceName("0,1", ("pizza",), ""),)), True)
    order = carried(Recognise(3, 400, Utterance(audio, name, speech_s, search=True)))
    assert isinstance(order, Recognise)
    assert (order.id, order.keep, order.utterance.speech_s, order.utterance.search) == (
        3,
        400,
        speech_s,
        True,
    )
    assert order.utterance.grammar == name
    assert order.utterance.audio.dtype == np.int16
    assert np.array_equal(order.utterance.audio, audio)


@pytest.mark.parametrize(
    "answer",
    [
        Welcome(),
        GrammarKnown("key", True),
        GrammarKnown("key", False),
        Result(3, Transcript("Turn on.", -0.25, "bias", 1.5, 3.0, 4.0, {"bias.mean": -0.5}), False, True),
        Result(3, Transcript("", 0.0, "none", 0.0), True, False),
    ],
)
def test_answers_arrive_as_they_were(answer: Answer) -> None:
    assert answered(answer) == answer


def test_errors_arrive_with_code_message_and_hint() -> None:
    error = Unavailable("that cannot be", hint="try something else", code="recognise.x")
    for answer in (answered(Refused(3, error)), answered(GrammarKnown("key", False, error))):
        assert isinstance(answer, Refused | GrammarKnown)
        assert answer.error is not None
        assert (answer.error.code, answer.error.message) == ("recognise.x", "that cannot be")
        assert answer.error.hint == "try something else"
    busy = answered(Refused(3, RemoteBusy(2.5)))
    assert isinstance(busy, Refused) and isinstance(busy.error, RemoteBusy)
    assert busy.error.retry_s == 2.5


def _utterance(**values: object) -> pb.RecogniseRequest:
    return pb.RecogniseRequest(utterance=pb.Utterance(**values))  # type: ignore[arg-type]


def _names(**values: object) -> pb.RecogniseRequest:
    names = pb.HomeNames(**values)  # type: ignore[arg-type]
    return pb.RecogniseRequest(grammar=pb.GrammarRecipe(key="key", names=names))


def _lamp(**values: object) -> pb.RecogniseRequest:
    return _names(devices=[pb.DeviceNames(**{"value": "lamp", "spoken": ["lamp"], **values})])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "message",
    [
        pb.RecogniseRequest(),
        _utterance(wake_word="Okay (nabu|x)"),
        _utterance(wake_word="a" * 61),
        _utterance(grammar="k" * 101),
        _utterance(keep=2**32 - 1),
        _utterance(speech_s=-1.0),
        _utterance(speech_s=math.nan),
        _utterance(answers=["a"] * 21),
        _names(devices=[pb.DeviceNames(value="lamp")] * 501),
        _names(areas=[pb.PlaceNames(value="hall")] * 101),
        _names(here="x" * 122),
        _lamp(spoken=["lamp"] * 42),
        _lamp(spoken=["x" * 122]),
        _lamp(spoken=["\x1b[2J"]),
        _lamp(spoken=["(.)"]),
        _lamp(kinds=["a"] * 21),
        _lamp(domain="x" * 101),
        pb.RecogniseRequest(grammar=pb.GrammarRecipe(supported=["A"] * 501)),
    ],
)
def test_what_is_out_of_bounds_is_refused(message: pb.RecogniseRequest) -> None:
    with pytest.raises((InvalidInput, TooLarge)):
        order_from_wire(message)


def _recognised(**values: object) -> pb.RecogniseResponse:
    return pb.RecogniseResponse(result=pb.Recognised(**{"method": "free", **values}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "message",
    [
        pb.RecogniseResponse(),
        _recognised(method="magic"),
        _recognised(text="a" * 2001),
        _recognised(free_score=math.nan),
        _recognised(encode_ms=math.inf),
        _recognised(scores={"a": -math.inf}),
        _recognised(scores={str(n): 0.0 for n in range(21)}),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused(message: pb.RecogniseResponse) -> None:
    with pytest.raises(InvalidInput):
        answer_from_wire(message)


def test_words_of_another_machine_do_nothing_to_a_terminal() -> None:
    answer = answer_from_wire(_recognised(text="turn\x1b[2J on\n", id=1))
    assert isinstance(answer, Result)
    assert answer.transcript.text == "turn?[2J on?"
    refused = pb.RecogniseRefused(id=1, code="x\n", message="\x1b", hint="y" * 9999)
    told = answer_from_wire(pb.RecogniseResponse(refused=refused))
    assert isinstance(told, Refused)
    assert (told.error.code, told.error.message) == ("x?", "?")
    assert len(told.error.hint) <= 500


_NAME = st.text(st.characters(codec="utf-8"), max_size=130)
_DEVICE = st.builds(
    DeviceName,
    _NAME,
    st.lists(_NAME, max_size=3).map(tuple),
    st.sampled_from(["light", "cover"]),
    st.none() | _NAME.filter(bool),
    st.frozensets(st.sampled_from(["blind", "shade"])),
    st.frozensets(st.sampled_from(["cover", "sensor"])),
    _NAME,
    st.booleans(),
)
_AREA = st.builds(AreaName, _NAME, st.lists(_NAME, max_size=2).map(tuple), st.none() | _NAME.filter(bool))


@given(st.builds(HomeNames, st.lists(_DEVICE, max_size=3).map(tuple), st.lists(_AREA, max_size=2).map(tuple)))
def test_names_arrive_as_they_were_or_are_refused(names: HomeNames) -> None:
    recipe = GrammarRecipe("key", "en", True, (), names)
    try:
        there = carried(recipe)
    except InvalidInput:
        return
    assert isinstance(there, GrammarRecipe)
    assert there.names == names
    assert there.names.as_text() == names.as_text()


@pytest.mark.parametrize(
    ("kind", "read"), [(pb.RecogniseRequest, order_from_wire), (pb.RecogniseResponse, answer_from_wire)]
)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error_that_says_why(
    kind: type[pb.RecogniseRequest], read: Callable[[pb.RecogniseRequest], object], data: bytes
) -> None:
    with contextlib.suppress(SottoError, DecodeError):
        read(kind.FromString(data))

"""Choosing: a pure decision."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sound.choose import Choice, Device, Observations, Plug, Way, Wish, choose
from services.sound.reading import Health, MicReading, nothing_heard

ALIVE = MicReading(Health.ALIVE, "alive", noise_dbfs=-60, channels=2, distinct=1)
STUCK = MicReading(Health.STUCK, "silence")
FLAWED = MicReading(Health.FLAWED, "clipped", noise_dbfs=-20, distinct=1)


def device(name: str, card: str = "", way: Way = Way.PLAIN, plug: Plug = Plug.UNKNOWN) -> Device:
    return Device(name, name.title(), card or name, way, plug)


def chosen(
    microphones: dict[Device, MicReading | None],
    speakers: tuple[Device, ...] = (),
    wish: Wish | None = None,
) -> tuple[str, str]:
    choice = choose(Observations(tuple(microphones.items()), speakers), wish or Wish())
    return (
        choice.microphone.name if choice.microphone else "",
        choice.speaker.name if choice.speaker else "",
    )


def test_one_that_gives_sound_is_better_than_a_dead_one_on_usb() -> None:
    dead, alive = device("a", way=Way.USB), device("b")
    assert chosen({dead: STUCK, alive: ALIVE})[0] == "b"


def test_one_that_gives_sound_is_better_than_a_faulty_one() -> None:
    assert chosen({device("a", way=Way.USB): FLAWED, device("b"): ALIVE})[0] == "b"


@pytest.mark.parametrize("worse", [Way.PLAIN, Way.LINE, Way.DIGITAL])
def test_usb_is_better_than_what_the_board_has(worse: Way) -> None:
    assert chosen({device("a", way=worse): ALIVE, device("b", way=Way.USB): ALIVE})[0] == "b"


def test_an_array_is_better_than_a_line_input_and_a_plain_microphone() -> None:
    array = dataclasses.replace(ALIVE, channels=4, distinct=4)
    assert chosen({device("a"): ALIVE, device("b"): array, device("c", way=Way.LINE): array})[0] == "b"


def test_noise_of_an_empty_socket_does_not_count_as_alive() -> None:
    assert chosen({device("a", plug=Plug.NO): ALIVE, device("b"): STUCK})[0] == "b"


def test_both_on_one_card_where_the_kinds_are_equal() -> None:
    webcam, phone = device("a", way=Way.USB), device("b", "speakerphone", Way.USB)
    speaker = device("c", "speakerphone", Way.USB)
    others = (device("d", "other", Way.USB), speaker)
    assert chosen({webcam: ALIVE, phone: ALIVE}, others) == ("b", "c")


def test_a_line_input_beside_the_loudspeaker_does_not_beat_a_usb_microphone() -> None:
    line, stick = device("a", "board", Way.LINE), device("b", "stick", Way.USB)
    assert chosen({line: ALIVE, stick: ALIVE}, (device("c", "board"),)) == ("b", "c")


def test_a_screen_that_is_on_does_not_beat_a_loudspeaker_of_unknown_state() -> None:
    screen, box = device("a", way=Way.HDMI, plug=Plug.YES), device("b")
    assert chosen({}, (screen, box)) == ("", "b")


def test_a_screen_that_is_not_there_is_not_chosen() -> None:
    assert chosen({}, (device("a", way=Way.USB, plug=Plug.NO), device("b", way=Way.HDMI))) == ("", "b")


def test_the_quieter_of_two_equal_ones() -> None:
    loud = dataclasses.replace(ALIVE, noise_dbfs=-35)
    assert chosen({device("a"): loud, device("b"): ALIVE})[0] == "b"


def test_the_owner_wins_over_everything_else() -> None:
    dead = device("bad one", way=Way.DIGITAL, plug=Plug.NO)
    speakers = (device("good", way=Way.USB), device("old radio", way=Way.DIGITAL, plug=Plug.NO))
    wish = Wish(" BAD ", "radio")
    assert chosen({dead: STUCK, device("good", way=Way.USB): ALIVE}, speakers, wish) == (
        "bad one",
        "old radio",
    )


def test_a_wish_that_is_not_there_is_told_and_the_box_chooses() -> None:
    choice = choose(Observations(((device("a"), ALIVE),), ()), Wish("nirvana"))
    assert choice.microphone is not None
    assert "('nirvana') is not there" in choice.reason


def test_nothing_at_all_is_a_choice_too() -> None:
    choice = choose(Observations(), Wish("a", "b"))
    assert (choice.microphone, choice.speaker) == (None, None)
    assert "no microphone" in choice.reason
    assert "no loudspeaker" in choice.reason


def test_what_is_used_now_stays_among_equals() -> None:
    first, second = device("a"), device("b")
    seen = Observations(((first, ALIVE), (second, ALIVE)), (first, second))
    assert choose(seen, Wish()).microphone == first
    again = choose(seen, Wish(), Choice(second, second, ""))
    assert (again.microphone, again.speaker) == (second, second)


def test_a_silent_microphone_of_a_better_kind_is_worth_another_look() -> None:
    muted, plain = device("a", way=Way.USB), device("b")
    assert not choose(Observations(((muted, STUCK), (plain, ALIVE))), Wish()).settled
    assert choose(Observations(((plain, STUCK), (muted, ALIVE))), Wish()).settled
    assert not choose(Observations(((plain, STUCK),)), Wish()).settled
    assert not choose(Observations(((plain, FLAWED),)), Wish()).settled


WAYS, PLUGS = st.sampled_from(list(Way)), st.sampled_from(list(Plug))
HEARD = st.sampled_from([ALIVE, STUCK, FLAWED, nothing_heard("x"), None])
DEVICES = st.lists(
    st.builds(device, st.text("abcd", min_size=1, max_size=3), st.sampled_from("xyz"), WAYS, PLUGS),
    max_size=5,
    unique_by=lambda one: one.name,
)


@given(DEVICES, DEVICES, st.data(), st.sampled_from([None, "a", "b", "zzz"]))
def test_the_order_in_which_devices_are_told_does_not_matter(
    microphones: list[Device], speakers: list[Device], data: st.DataObject, wish: str | None
) -> None:
    heard = [(one, data.draw(HEARD)) for one in microphones]
    choice = choose(Observations(tuple(heard), tuple(speakers)), Wish(wish, wish))
    other = Observations(
        tuple(data.draw(st.permutations(heard))), tuple(data.draw(st.permutations(speakers)))
    )
    assert choose(other, Wish(wish, wish)) == choice


@given(DEVICES, DEVICES, st.data())
def test_there_is_a_choice_wherever_there_is_a_device(
    microphones: list[Device], speakers: list[Device], data: st.DataObject
) -> None:
    heard = tuple((one, data.draw(HEARD)) for one in microphones)
    choice = choose(Observations(heard, tuple(speakers)), Wish())
    assert (choice.microphone in microphones) if microphones else choice.microphone is None
    assert (choice.speaker in speakers) if speakers else choice.speaker is None
    if any(one.plug is not Plug.NO and result is ALIVE for one, result in heard):
        assert dict(heard)[choice.microphone] is ALIVE  # type: ignore[index]


@given(DEVICES, DEVICES, st.data())
def test_choosing_again_changes_nothing(
    microphones: list[Device], speakers: list[Device], data: st.DataObject
) -> None:
    seen = Observations(tuple((one, data.draw(HEARD)) for one in microphones), tuple(speakers))
    first = choose(seen, Wish())
    again = choose(seen, Wish(), first)
    assert (again.microphone, again.speaker) == (first.microphone, first.speaker)

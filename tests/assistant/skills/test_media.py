"""Music on the media players of the sample home: a speaker where the box stands, a radio in the kitchen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.home.executor import Action, Command
from assistant.home.model import DeviceState
from common.errors import Unavailable
from tests.assistant.skills.conftest import Box

SPEAKER, RADIO = "living_room_speaker", "kitchen_radio"


def play(box: Box, player: str, title: str = "blue in green") -> None:
    box.executor.act(Action(player, Command.PLAY_MEDIA, title))


@pytest.mark.parametrize(
    ("sentence", "title", "player"),
    [
        ("play some jazz", "jazz", SPEAKER),
        ("play jazz in the kitchen", "jazz", RADIO),
        ("play bohemian rhapsody by queen", "bohemian rhapsody by queen", SPEAKER),
        ("play music by queen on the kitchen radio", "queen", RADIO),
        ("i want to hear soft rock", "soft rock", SPEAKER),
        ("play music", "music", SPEAKER),
        ("turn on the radio", "radio", SPEAKER),
    ],
)
def test_what_is_asked_for_plays_here_or_where_it_is_said(
    box: Box, sentence: str, title: str, player: str
) -> None:
    (act,) = box.ask(sentence).acts
    assert (act.name, act.target, act.value) == ("media_player.play_media", player, title)
    assert box.executor.state(player).title == title


@pytest.mark.parametrize(
    ("sentence", "query", "kind"),
    [
        ("play the album kind of blue", "kind of blue", "album"),
        ("play my workout playlist", "workout", "playlist"),
        ("play the artist queen", "queen", "artist"),
        ("play the podcast hard fork", "hard fork", "podcast"),
    ],
)
def test_the_kind_of_media_is_known(box: Box, sentence: str, query: str, kind: str) -> None:
    box.ask(sentence)
    assert (box.slots["search_query"], box.slots["media_class"]) == (query, kind)


@pytest.mark.parametrize("sentence", ["play chess with me", "play a game", "play hide and seek"])
def test_what_is_no_music_is_not_understood(box: Box, sentence: str) -> None:
    plan = box.dialogue.plan(sentence)
    assert (plan.parse, plan.reply.ok) == (None, False)


@pytest.mark.parametrize(
    ("sentence", "command"),
    [
        ("pause", "pause"),
        ("stop the music", "pause"),
        ("turn off the music", "pause"),
        ("next song", "next"),
        ("skip this", "next"),
        ("play the previous song again", "previous"),
        ("mute the music", "mute"),
        ("shuffle", "set_shuffle"),
        ("repeat this song", "set_repeat"),
    ],
)
def test_what_plays_here_obeys(box: Box, sentence: str, command: str) -> None:
    play(box, SPEAKER)
    play(box, RADIO)
    acts = box.ask(sentence).acts
    assert [(act.name, act.target) for act in acts] == [(f"media_player.{command}", SPEAKER)]


def test_what_plays_elsewhere_obeys_where_nothing_plays_here(box: Box) -> None:
    play(box, RADIO)
    assert box.ask("pause the music").text == "Paused the kitchen radio."
    assert box.ask("resume").text == "Playing on the kitchen radio."


def test_music_that_was_paused_goes_on(box: Box) -> None:
    play(box, SPEAKER, "jazz")
    box.ask("pause")
    assert [act.name for act in box.ask("play some music").acts] == ["media_player.play"]
    assert box.executor.state(SPEAKER).title == "jazz"


@pytest.mark.parametrize(
    "sentence", ["pause the music", "next song", "what is playing", "move the music here"]
)
def test_nothing_plays(box: Box, sentence: str) -> None:
    reply = box.ask(sentence)
    assert (reply.text, reply.ok, reply.acts) == ("Nothing is playing.", False, ())


def test_a_room_without_a_player_says_so(box: Box) -> None:
    assert box.ask("play jazz in the bathroom").text == "There are no media players in the bathroom."


def test_what_plays_is_told(box: Box) -> None:
    play(box, SPEAKER, "blue in green")
    assert box.ask("what song is this").text == "The living room speaker is playing blue in green."


def test_music_moves_to_another_room(box: Box) -> None:
    play(box, SPEAKER, "jazz")
    assert box.ask("move the music to the kitchen").text == "Moved the music to the kitchen radio."
    playing = {id_: box.executor.state(id_).activity for id_ in (SPEAKER, RADIO)}
    assert playing == {SPEAKER: "idle", RADIO: "playing"}
    assert box.executor.state(RADIO).title == "jazz"


@pytest.mark.parametrize(
    ("sentence", "percent"),
    [
        ("louder", 40),
        ("turn it up a bit", 35),
        ("turn the volume down by 5 percent", 25),
        ("set the volume to half", 50),
        ("turn the music up", 40),
    ],
)
def test_the_loudness_is_that_of_what_plays_here(box: Box, sentence: str, percent: int) -> None:
    play(box, SPEAKER)
    box.ask(sentence)
    assert (box.executor.state(SPEAKER).volume, box.volume.get()) == (percent, 70)


def test_the_loudness_is_that_of_the_voice_where_nothing_plays_here(box: Box) -> None:
    play(box, RADIO)
    box.ask("louder")
    assert (box.executor.state(RADIO).volume, box.volume.get()) == (30, 80)


def test_the_loudness_of_a_player_that_is_named(box: Box) -> None:
    assert box.ask("set the kitchen radio volume to 60").text == "Set the kitchen radio to 60 percent."
    assert box.ask("turn down the stereo").text == "Set the living room speaker to 20 percent."


def test_the_voice_can_be_made_louder_while_the_hub_is_away(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_device: str) -> DeviceState:
        raise Unavailable("the hub is away")

    monkeypatch.setattr(box.executor, "state", away)
    assert box.ask("turn the volume up").text == "Volume 80 percent."


def test_a_command_to_a_player_is_taken_back(box: Box) -> None:
    play(box, SPEAKER)
    for sentence in ("pause", "louder", "mute"):
        before = box.executor.state(SPEAKER)
        box.skills.undo(box.ask(sentence).acts)
        assert box.executor.state(SPEAKER) == before


@pytest.mark.parametrize(
    ("sentence", "reply", "act"),
    [
        ("activate movie night", "Activated movie night.", ("scene.turn_on", "movie_night")),
        ("movie night scene please", "Activated movie night.", ("scene.turn_on", "movie_night")),
        ("it's time for movie night", "Activated movie night.", ("scene.turn_on", "movie_night")),
        ("run the bedtime script", "Started bedtime.", ("script.turn_on", "bedtime")),
        ("press the gate opener", "Pressed the gate opener.", ("button.press", "gate_opener")),
        ("turn off the stereo", "Turned off the living room speaker.", ("media_player.turn_off", SPEAKER)),
    ],
)
def test_scenes_scripts_and_buttons(box: Box, sentence: str, reply: str, act: tuple[str, str]) -> None:
    said = box.ask(sentence)
    assert (said.text, [(each.name, each.target) for each in said.acts]) == (reply, [act])


def test_the_name_of_a_scene_alone_is_no_sentence(box: Box) -> None:
    assert not box.grammar.parses("movie night")


def test_a_player_that_cannot_be_turned_off_is_stopped(new_box: Callable[[], Box]) -> None:
    box = new_box()
    speaker = next(device for device in box.executor.home.devices if device.id == SPEAKER)
    object.__setattr__(speaker, "features", speaker.features - {"power"})
    assert [act.name for act in box.ask("turn off the stereo").acts] == ["media_player.stop"]
